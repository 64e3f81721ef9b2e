"""Releases: what has to agree before one is published, and how the next one is prepared.

A release is a tag, ``<package>-v<version>``. The version stands in the package's ``_version.py``,
and what is new in the first entry of its changelog; where these are is read from its
``pyproject.toml``.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from dataclasses import dataclass
from email.parser import HeaderParser
from functools import cached_property
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.version import Version

ROOT = Path(__file__).resolve().parents[1]


class ReleaseError(ValueError):
    """A release that must not be made: all that is wrong with it, and what to do."""

    def __init__(self, release: str, problems: list[str]) -> None:
        super().__init__("\n- ".join([f"{release} cannot be released:", *problems]))


@dataclass(frozen=True)
class Entry:
    """What the changelog says of one release, without its heading."""

    version: Version
    text: str


@dataclass(frozen=True)
class Package:
    """A package of the workspace, as its folder describes it."""

    folder: Path

    @cached_property
    def metadata(self) -> dict[str, Any]:
        """What its pyproject.toml says."""
        return tomllib.loads((self.folder / "pyproject.toml").read_text("utf-8"))

    @property
    def name(self) -> str:
        """The name on the package index."""
        return str(self.metadata["project"]["name"])

    @property
    def version_file(self) -> Path:
        """The file that holds the version."""
        return self.folder / str(self.metadata["tool"]["hatch"]["version"]["path"])

    @property
    def changelog(self) -> Path:
        """The file that says what is new in each release, the newest first."""
        return self.folder / str(self.metadata["tool"]["towncrier"]["filename"])

    @property
    def version(self) -> Version:
        """The version in the tree: of the last release, or of the first while there is none."""
        return Version(self._version_line()[1])

    @property
    def fragments(self) -> list[Path]:
        """What is new since the last release, one file per change."""
        folder = self.folder / str(self.metadata["tool"]["towncrier"]["directory"])
        return sorted(path for path in folder.glob("*.md") if path.name != "README.md")

    @property
    def entries(self) -> list[Entry]:
        """What the changelog says of each release, the newest first."""
        heading = re.compile(rf"^## {re.escape(self.name)} (\S+) \(.*\)\n", re.MULTILINE)
        _, *parts = heading.split(self.changelog.read_text("utf-8"))
        pairs = zip(parts[::2], parts[1::2], strict=True)
        return [Entry(Version(version), text.strip() + "\n") for version, text in pairs]

    def tag(self, version: Version) -> str:
        """The tag of a release."""
        return f"{self.name}-v{version}"

    def write_release(self, version: Version) -> None:
        """Write the version, and make the fragments an entry of the changelog."""
        line = self._version_line()
        self.version_file.write_text(
            f"{line.string[: line.start(1)]}{version}{line.string[line.end(1) :]}", "utf-8"
        )
        command = [sys.executable, "-m", "towncrier", "build", "--yes", f"--version={version}"]
        done = subprocess.run(command, cwd=self.folder, capture_output=True, text=True)
        if done.returncode:
            said = (done.stderr + done.stdout).strip()
            raise ReleaseError(self.tag(version), [f"towncrier said: {said}"])

    def _version_line(self) -> re.Match[str]:
        """Where the version is written."""
        line = r'^__version__ = "(.+)"$'
        if found := re.search(line, self.version_file.read_text("utf-8"), re.MULTILINE):
            return found
        raise ReleaseError(self.name, [f"{self.version_file} has no line __version__ = ..."])


@dataclass(frozen=True)
class Workspace:
    """The checkout, with its packages."""

    root: Path = ROOT

    @property
    def packages(self) -> dict[str, Package]:
        """Every package by its name."""
        files = sorted(self.root.glob("packages/*/pyproject.toml"))
        return {package.name: package for package in map(Package, (f.parent for f in files))}

    def package(self, name: str) -> Package:
        """The package of a name."""
        if found := self.packages.get(name):
            return found
        raise ReleaseError(name, [f"there is no package {name!r}, only {', '.join(self.packages)}"])

    def release(self, tag: str) -> tuple[Package, Version]:
        """The package and the version that a tag names."""
        name, found, version = tag.rpartition("-v")
        if not found:
            example = " or ".join(f"{package}-v1.2.3" for package in self.packages)
            raise ReleaseError(tag, [f"a tag is written as {example}"])
        return self.package(name), parse_version(version)

    def prepare(self, name: str, text: str) -> str:
        """Write the version and the changelog of a package's next release; say what comes next.

        Nothing is committed. Where it fails, every file is as it was.
        """
        package, version = self.package(name), parse_version(text)
        tag = package.tag(version)
        if problems := [
            *self._unclean(),
            *_not_next(package, version),
            *self._needs_unreleased(package),
            *self._tagged(tag),
        ]:
            raise ReleaseError(tag, problems)
        try:
            package.write_release(version)
            if problems := _disagreements(package, version):
                raise ReleaseError(tag, problems)
        except BaseException:
            # There was nothing but what is committed.
            self._git("reset", "--quiet", "--hard")
            raise
        return _next_steps(package, version)

    def check(self, tag: str) -> None:
        """Stop unless a tag, the version in the tree and the changelog agree."""
        package, version = self.release(tag)
        if problems := [
            *self._unclean(),
            *_disagreements(package, version),
            *self._needs_unreleased(package),
            *self._elsewhere(tag),
        ]:
            raise ReleaseError(tag, problems)

    def check_files(self, tag: str, folder: Path) -> None:
        """Stop unless a folder holds the sdist and the wheel of a release and nothing else."""
        package, version = self.release(tag)
        wanted = (package.name, str(version))
        stem = f"{package.name.replace('-', '_')}-{version}"
        names = {f"{stem}.tar.gz", f"{stem}-py3-none-any.whl"}
        # Hidden files are not published: `uv build` leaves one for git.
        there = {path.name for path in folder.glob("[!.]*")}
        problems = [f"{folder} lacks {name}: build it" for name in sorted(names - there)]
        problems += [
            f"{folder / name} would be published too: remove it" for name in sorted(there - names)
        ]
        for name in sorted(names & there):
            if (said := _name_and_version(folder / name)) != wanted:
                problems.append(f"{name} says inside that it is {' '.join(said)}: build it again")
        if problems:
            raise ReleaseError(tag, problems)

    def notes(self, tag: str) -> str:
        """What the changelog says of a release."""
        package, version = self.release(tag)
        for entry in package.entries:
            if entry.version == version:
                return entry.text
        there = ", ".join(str(entry.version) for entry in package.entries) or "no release at all"
        raise ReleaseError(tag, [f"{package.changelog} says nothing of it, only of {there}"])

    def _unclean(self) -> list[str]:
        changed = self._git("status", "--porcelain").splitlines()
        if not changed:
            return []
        named = ", ".join(line[3:] for line in changed[:5])
        return [f"{len(changed)} files are not committed ({named}): commit or remove them"]

    def _needs_unreleased(self, package: Package) -> list[str]:
        """Why others could not install a package: it asks for what no release can give."""
        project = package.metadata["project"]
        lists = [project["dependencies"], *project.get("optional-dependencies", {}).values()]
        wanted = {Requirement(line) for requirements in lists for line in requirements}
        problems = []
        for requirement in sorted(wanted, key=str):
            other = self.packages.get(requirement.name)
            if other is None or other.name == package.name:
                continue
            released = [entry.version for entry in other.entries]
            lowest = min(_versions(requirement), default=None)
            if lowest is not None and lowest not in released:
                problems.append(
                    f"{package.name} asks for {requirement}, and {other.changelog} has no "
                    f"{other.name} {lowest}: release that first, or ask for one that is there"
                )
        return problems

    def _tagged(self, tag: str) -> list[str]:
        there = self._git("tag", "--list", tag)
        return ["the tag is there already: choose a greater version"] if there else []

    def _elsewhere(self, tag: str) -> list[str]:
        """Why the checkout is not what a tag names, if the tag is there."""
        if not self._git("tag", "--list", tag):
            return []
        tagged, here = self._git("rev-parse", f"{tag}^{{commit}}", "HEAD").split()
        if tagged == here:
            return []
        return [f"the tag is at {tagged[:9]} and the checkout at {here[:9]}: git checkout {tag}"]

    def _git(self, *arguments: str) -> str:
        command = ["git", "-C", str(self.root), *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.rstrip()


def parse_version(text: str) -> Version:
    """A version as releases have it: three numbers."""
    if not re.fullmatch(r"(0|[1-9]\d*)(\.(0|[1-9]\d*)){2}", text):
        raise ReleaseError(text or "an empty version", ["a version is three numbers, as in 1.2.3"])
    return Version(text)


def _not_next(package: Package, version: Version) -> list[str]:
    """Why a version cannot be the next of a package."""
    problems = []
    if package.entries and version <= (last := package.entries[0].version):
        problems.append(f"{package.name} {last} is released already: choose a greater version")
    elif version < package.version:
        problems.append(f"{package.version_file} says {package.version}: choose that or a greater")
    if not package.fragments:
        problems.append(f"{package.folder / 'changes'} has no fragment: say what is new")
    return problems


def _disagreements(package: Package, version: Version) -> list[str]:
    """Where the tree does not say that it is a version of a package."""
    prepare = f"nox -s prepare_release -- {package.name} {version}"
    problems = []
    if package.version != version:
        problems.append(f"{package.version_file} says {package.version}: {prepare}")
    entries = package.entries
    if not entries:
        problems.append(f"{package.changelog} has no entry: {prepare}")
    elif entries[0].version != version:
        problems.append(f"{package.changelog} begins with {entries[0].version}: {prepare}")
    if package.fragments:
        names = [path.name for path in package.fragments]
        named = ", ".join(names[:3]) + (", ..." if names[3:] else "")
        problems.append(f"{package.changelog} lacks what {named} tell: {prepare}")
    return problems


def _versions(requirement: Requirement) -> list[Version]:
    """The versions from which a requirement counts."""
    return [Version(s.version) for s in requirement.specifier if s.operator in (">=", "==", "~=")]


def _name_and_version(path: Path) -> tuple[str, str]:
    """What a wheel or an sdist says inside that it is."""
    if path.suffix == ".whl":
        with zipfile.ZipFile(path) as wheel:
            member = next(n for n in wheel.namelist() if n.endswith(".dist-info/METADATA"))
            text = wheel.read(member).decode()
    else:
        with tarfile.open(path) as sdist:
            member = path.name.removesuffix(".tar.gz") + "/PKG-INFO"
            text = sdist.extractfile(member).read().decode()  # type: ignore[union-attr]
    headers = HeaderParser().parsestr(text, headersonly=True)
    return headers["Name"], headers["Version"]


def _next_steps(package: Package, version: Version) -> str:
    tag = package.tag(version)
    return f"""\
{package.name} {version} is written into {package.version_file} and {package.changelog}.
What is left to do:
1. Read the new entry, and mend its words:  git diff HEAD
2. Commit, and bring the commit into main:  git commit --all --message "Release {tag}"
3. In a checkout of main, see what CI will: nox -s release_check -- {tag}
                                            nox -s test_wheel -- {package.name}
4. Tag that commit and push the tag:        git tag {tag} && git push origin {tag}
"""


def main(arguments: list[str] | None = None) -> int:
    """Run one command; 0 where all is well."""
    parser = argparse.ArgumentParser(description=__doc__, prog="release")
    commands = parser.add_subparsers(dest="command", required=True)
    prepare = commands.add_parser("prepare", help="write a release's version and changelog")
    prepare.add_argument("package")
    prepare.add_argument("version")
    check = commands.add_parser("check", help="tag, version, changelog and built files agree")
    check.add_argument("tag")
    check.add_argument("folder", type=Path, nargs="?", help="with the built files")
    notes = commands.add_parser("notes", help="what the changelog says of a release")
    notes.add_argument("tag")
    notes.add_argument("file", type=Path, nargs="?", help="to write it to")
    given = parser.parse_args(arguments)
    try:
        _run(Workspace(), given)
    except ReleaseError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _run(workspace: Workspace, given: argparse.Namespace) -> None:
    if given.command == "prepare":
        print(workspace.prepare(given.package, given.version))
    elif given.command == "notes":
        text = workspace.notes(given.tag)
        print(text, end="") if given.file is None else given.file.write_text(text, "utf-8")
    elif given.folder is None:
        workspace.check(given.tag)
        print(f"tag, version and changelog agree on {given.tag}")
    else:
        workspace.check_files(given.tag, given.folder)
        print(f"the files in {given.folder} are {given.tag}")


if __name__ == "__main__":
    sys.exit(main())
