"""What is built holds the files of its package; whatever is too much or too little is named."""

from __future__ import annotations

import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import contents
import pytest
from small_workspace import commit, git, write

MODULES = ["axons/__init__.py", "axons/py.typed"]
NOTES = [f"axons-1.0.0.dist-info/{name}" for name in contents.WHEEL_NOTES]
TESTS = ["tests/test_axons.py", "conftest.py"]


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A checkout of a package with two files to install, and two tests."""
    home = tmp_path / "axons"
    git(tmp_path, "init", "--quiet", str(home))
    for name in ("src/axons/__init__.py", "src/axons/py.typed", "tests/test_axons.py"):
        write(home / name, "")
    write(home / "tests" / "sdist" / "conftest.py", "")
    commit(home)
    return home


def packed(folder: Path, in_wheel: list[str], in_sdist: list[str]) -> tuple[Path, Path]:
    """A wheel and an sdist with these files."""
    wheel, sdist = folder / "axons-1.0.0-py3-none-any.whl", folder / "axons-1.0.0.tar.gz"
    with zipfile.ZipFile(wheel, "w") as archive:
        for name in in_wheel:
            archive.writestr(name, "")
    with tarfile.open(sdist, "w:gz") as archive:
        for name in in_sdist:
            archive.addfile(tarfile.TarInfo(f"axons-1.0.0/{name}"))
    return wheel, sdist


SOURCES = [*(f"src/{name}" for name in MODULES), *TESTS, *contents.SDIST_FILES]


def test_a_wheel_and_an_sdist_with_all_files_and_no_others_are_right(
    package: Path, tmp_path: Path
) -> None:
    built = packed(tmp_path, [*MODULES, *NOTES], SOURCES)
    assert contents.problems(package, *built) == []
    command = [sys.executable, contents.__file__, package, *built]
    assert subprocess.run(command, capture_output=True, text=True).returncode == 0


def test_a_file_too_many_or_too_few_is_named_and_fails(package: Path, tmp_path: Path) -> None:
    built = packed(
        tmp_path, [*MODULES[:1], *NOTES, "axons/stray.py"], [*SOURCES[:-1], "secret.json"]
    )
    wanted = [
        "axons-1.0.0-py3-none-any.whl lacks axons/py.typed",
        "axons-1.0.0-py3-none-any.whl carries axons/stray.py",
        "axons-1.0.0.tar.gz lacks axons-1.0.0/pyproject.toml",
        "axons-1.0.0.tar.gz carries axons-1.0.0/secret.json",
    ]
    assert contents.problems(package, *built) == wanted
    command = [sys.executable, contents.__file__, package, *built]
    done = subprocess.run(command, capture_output=True, text=True)
    assert (done.returncode, done.stderr.splitlines()) == (1, wanted)


def test_what_is_no_module_is_not_installed(package: Path, tmp_path: Path) -> None:
    write(package / "src" / "axons" / "table.csv", "1,2\n")
    built = packed(
        tmp_path,
        [*MODULES, *NOTES, "axons/table.csv"],
        [*SOURCES, "src/axons/table.csv"],
    )
    assert contents.problems(package, *built) == [
        "src/axons/table.csv would be installed: nothing is that is no module"
    ]
