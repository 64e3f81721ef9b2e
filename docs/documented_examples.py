"""A pytest plugin that runs the ``python`` blocks of Markdown pages, each page from top to bottom.

The blocks of a page share their names and a working directory of their own. A block that starts
with ``>>>`` is a doctest, whose output is checked; any other only has to run.

A picture that a page draws under the name of one in ``_static`` has to look like that one. With
``RENEW_PICTURES=1`` it takes its place.
"""

import os
import shutil
from doctest import ELLIPSIS, NORMALIZE_WHITESPACE
from pathlib import Path
from tempfile import TemporaryDirectory

from sybil import Sybil
from sybil.parsers.myst import PythonCodeBlockParser, SkipParser

PICTURES = Path(__file__).resolve().parent / "_static"
# Root mean square of the differences of pixels, 0 to 255: other versions of fonts stay below it,
# another neuron does not.
TOLERANCE = 12


def _enter_own_folder(namespace: dict[str, object]) -> None:
    """Work where what a page writes lies in nobody's way."""
    folder = TemporaryDirectory()
    namespace["__documentation__"] = (folder, Path.cwd())
    os.chdir(folder.name)


def _leave_own_folder(namespace: dict[str, object]) -> None:
    folder, previous = namespace.pop("__documentation__")  # type: ignore[misc]
    try:
        for drawn in sorted(Path(folder.name).glob("*.png")):
            _hold_against_kept(drawn, PICTURES / drawn.name)
    finally:
        os.chdir(previous)
        folder.cleanup()


def _hold_against_kept(drawn: Path, kept: Path) -> None:
    """Stop if a picture of the documentation is no longer what its page draws."""
    if os.environ.get("RENEW_PICTURES") == "1" and kept.is_file():
        shutil.copy(drawn, kept)
    elif kept.is_file():
        from matplotlib.testing.compare import compare_images

        # It writes what it finds beside the first of the two.
        beside = shutil.copy(kept, drawn.with_stem(f"{drawn.stem}-kept"))
        if difference := compare_images(str(beside), str(drawn), TOLERANCE):
            raise AssertionError(
                f"{kept} is not what its page draws; with RENEW_PICTURES=1 it is put in its place."
                f"\n{difference}"
            )


pytest_collect_file = Sybil(
    parsers=[
        PythonCodeBlockParser(doctest_optionflags=ELLIPSIS | NORMALIZE_WHITESPACE),
        SkipParser(),
    ],
    path=str(Path(__file__).resolve().parents[1]),
    patterns=["docs/*.md", "docs/*/*.md", "README.md", "packages/*/README.md"],
    setup=_enter_own_folder,
    teardown=_leave_own_folder,
).pytest()
