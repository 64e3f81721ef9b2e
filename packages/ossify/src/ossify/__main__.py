"""``python -m ossify``."""

from ossify.cli import main

if __name__ == "__main__":
    main()
