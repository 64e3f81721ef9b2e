"""A workspace small enough to be made for each test, with two packages like ours."""

from __future__ import annotations

import subprocess
from pathlib import Path

PYPROJECT = """\
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[project]
name = "{name}"
dynamic = ["version"]
requires-python = ">=3.11"
dependencies = {dependencies}

[tool.hatch.version]
path = "src/{module}/_version.py"

[tool.hatch.build.targets.wheel]
packages = ["src/{module}"]

[tool.towncrier]
name = "{name}"
directory = "changes"
filename = "CHANGELOG.md"
ignore = []
start_string = "<!-- fragments start here -->\\n"
title_format = "## {{name}} {{version}} ({{project_date}})"
underlines = ["", "", ""]
issue_format = "#{{issue}}"
type = [{{ directory = "feature", name = "New", showcontent = true }}]
"""


def git(root: Path, *arguments: str) -> str:
    """What git answers in a folder, whoever runs it."""
    who = ("-c", "user.name=someone", "-c", "user.email=someone@localhost")
    command = ["git", "-C", str(root), *who, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def commit(root: Path, message: str = "as it is") -> None:
    """Commit everything."""
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--message", message)


def write(path: Path, text: str) -> None:
    """Write a file, and the folders that it is in."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def _package(folder: Path, version: str, dependencies: list[str]) -> None:
    module = folder.name.replace("-", "_")
    text = PYPROJECT.format(name=folder.name, module=module, dependencies=dependencies)
    write(folder / "pyproject.toml", text)
    write(folder / "src" / module / "__init__.py", "")
    write(
        folder / "src" / module / "_version.py",
        f'"""The version."""\n\n__version__ = "{version}"\n',
    )
    write(folder / "CHANGELOG.md", "# Changes\n\n<!-- fragments start here -->\n")
    write(folder / "changes" / "1.feature.md", f"{folder.name} measures axons.\n")


def make(root: Path) -> None:
    """A checkout of axons 1.0.0 and of bouton-tools 2.0.0, which needs axons, both unreleased."""
    _package(root / "packages" / "axons", "1.0.0", [])
    _package(root / "packages" / "bouton-tools", "2.0.0", ["axons>=1.0.0"])
    write(root / ".gitignore", "dist/\n")
    git(root.parent, "init", "--quiet", str(root))
    commit(root)
