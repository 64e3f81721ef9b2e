"""Run a script in a process where some packages cannot be imported, as if they were not installed.

Usage: python without.py PACKAGE[,PACKAGE...] SCRIPT ARGUMENT...
"""

from __future__ import annotations

import runpy
import sys
from typing import Any


class Without:
    """Finds what others find, but for some packages."""

    def __init__(self, finders: list[Any], hidden: set[str]) -> None:
        self._finders = finders
        self._hidden = hidden

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        if name.partition(".")[0] in self._hidden:
            return None
        found = (finder.find_spec(name, path, target) for finder in self._finders)
        return next((spec for spec in found if spec is not None), None)

    def find_distributions(self, context: Any) -> Any:
        for finder in self._finders:
            if hasattr(finder, "find_distributions"):
                yield from finder.find_distributions(context)


if __name__ == "__main__":
    hidden = set(sys.argv[1].split(","))
    sys.argv = sys.argv[2:]
    sys.meta_path[:] = [Without(sys.meta_path[:], hidden)]
    assert not hidden & sys.modules.keys(), "imported already"
    runpy.run_path(sys.argv[0], run_name="__main__")
