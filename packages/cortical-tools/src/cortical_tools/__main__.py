"""``python -m cortical_tools``."""

from cortical_tools.cli import main

if __name__ == "__main__":
    main()
