"""Whether a wheel and an sdist hold the files of their package, every one of them, and no others.

``contents.py PACKAGE WHEEL SDIST``, where the package is its folder in a checkout.
"""

from __future__ import annotations

import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

# What lies beside the modules in a wheel, and beside modules and tests in an sdist.
WHEEL_NOTES = ("METADATA", "RECORD", "WHEEL", "entry_points.txt", "licenses/LICENSE")
SDIST_FILES = (".gitignore", "CHANGELOG.md", "LICENSE", "PKG-INFO", "README.md", "pyproject.toml")
# What else an installed package may have than modules.
MARKER = "py.typed"


def problems(package: Path, wheel: Path, sdist: Path) -> list[str]:
    """What is wrong with what was built of a package, a sentence each."""
    ours = files_of(package)
    modules = {name.removeprefix("src/") for name in ours if name.startswith("src/")}
    found = [
        f"src/{name} would be installed: nothing is that is no module"
        for name in sorted(modules)
        if not name.endswith((".py", f"/{MARKER}"))
    ]
    stem = "-".join(wheel.name.split("-")[:2])
    notes = {f"{stem}.dist-info/{name}" for name in WHEEL_NOTES}
    # What pytest needs to know in an sdist lies at its top.
    moved = {name.removeprefix("tests/sdist/") for name in ours}
    return [
        *found,
        *_differences(wheel, members(wheel), modules | notes),
        *_differences(sdist, members(sdist), {f"{stem}/{name}" for name in {*moved, *SDIST_FILES}}),
    ]


def files_of(package: Path) -> set[str]:
    """The modules and tests of a package, as git has them, with what is not committed."""
    command = ["git", "-C", str(package), "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(
        [*command, "src", "tests"], check=True, capture_output=True, text=True
    ).stdout
    return {name for name in listed.splitlines() if (package / name).is_file()}


def members(path: Path) -> set[str]:
    """The files in a wheel or an sdist."""
    if path.suffix == ".whl":
        with zipfile.ZipFile(path) as archive:
            return {name for name in archive.namelist() if not name.endswith("/")}
    with tarfile.open(path) as archive:
        return {member.name for member in archive if member.isfile()}


def _differences(path: Path, there: set[str], wanted: set[str]) -> list[str]:
    return [
        *(f"{path.name} lacks {name}" for name in sorted(wanted - there)),
        *(f"{path.name} carries {name}" for name in sorted(there - wanted)),
    ]


if __name__ == "__main__":
    sys.exit("\n".join(problems(*map(Path, sys.argv[1:]))) or None)
