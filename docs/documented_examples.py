"""A pytest plugin that runs the ``python`` blocks of Markdown pages, each page from top to bottom.

The blocks of a page share their names and a working directory of their own. A block that starts
with ``>>>`` is a doctest, whose output is checked; any other only has to run.
"""

import os
from doctest import ELLIPSIS, NORMALIZE_WHITESPACE
from pathlib import Path
from tempfile import TemporaryDirectory

from sybil import Sybil
from sybil.parsers.myst import PythonCodeBlockParser, SkipParser


def _enter_own_folder(namespace: dict[str, object]) -> None:
    """Work where what a page writes lies in nobody's way."""
    folder = TemporaryDirectory()
    namespace["__documentation__"] = (folder, Path.cwd())
    os.chdir(folder.name)


def _leave_own_folder(namespace: dict[str, object]) -> None:
    folder, previous = namespace.pop("__documentation__")  # type: ignore[misc]
    os.chdir(previous)
    folder.cleanup()


pytest_collect_file = Sybil(
    parsers=[
        PythonCodeBlockParser(doctest_optionflags=ELLIPSIS | NORMALIZE_WHITESPACE),
        SkipParser(),
    ],
    path=str(Path(__file__).resolve().parents[1]),
    patterns=["docs/*.md", "README.md", "packages/*/README.md"],
    setup=_enter_own_folder,
    teardown=_leave_own_folder,
).pytest()
