"""Both packages are released in a copy of the checkout, by the sessions that release them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.version import Version
from release import ROOT, Workspace
from small_workspace import commit, git, write

NAMES = ("ossify", "cortical-tools")

USE_OSSIFY = """
import ossify

cell = ossify.example_cell()
ossify.save_cell(cell, "cell.osy")
assert ossify.load_cell("cell.osy").skeleton.n_vertices == cell.skeleton.n_vertices
"""

USE_CORTICAL_TOOLS = """
from cortical_tools.datasets.minnie_public import client

assert client.datastack_name == "minnie65_public"
"""


class Rehearsal:
    """A copy of the checkout in which releases can be made, and the files of each."""

    def __init__(self, home: Path) -> None:
        self.root = home / "checkout"
        self.dist = home / "dist"
        # As it is, with what is not committed.
        listed = subprocess.run(
            ["git", "-C", str(ROOT), "ls-files", "-z", "-co", "--exclude-standard"],
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        for name in filter(None, listed.split("\0")):
            if (ROOT / name).is_file():
                (self.root / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, self.root / name)
        git(home, "init", "--quiet", str(self.root))
        commit(self.root)
        self.workspace = Workspace(self.root)

    def nox(self, session: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a session in the copy."""
        # As it is called by hand, and not from a session of this checkout.
        environment = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("NOX", "PYTEST")) and name not in ("VIRTUAL_ENV", "PYTHONPATH")
        }
        return subprocess.run(
            [sys.executable, "-m", "nox", "--session", session, "--", *arguments],
            cwd=self.root,
            env=environment,
            capture_output=True,
            text=True,
        )

    def release(self, name: str) -> str:
        """Release the next version of a package as docs/contributing/releasing.md says."""
        package = self.workspace.package(name)
        version = package.version
        if package.entries:
            version = Version(f"{version.major}.{version.minor + 1}.0")
        write(package.folder / "changes" / "+rehearsal.feature.md", "It is rehearsed.\n")
        commit(self.root, "Something new")
        passed(self.nox("prepare_release", name, str(version)))
        tag = package.tag(version)
        commit(self.root, f"Release {tag}")
        git(self.root, "tag", tag)
        passed(self.nox("release_check", tag, str(self.dist / tag)))
        return tag

    def environment(self, home: Path) -> Path:
        """A new environment with nothing in it."""
        uv("venv", "--python", sys.executable, str(home))
        return home

    def install(self, home: Path, *requirements: str) -> None:
        """Install from what is built here, and from the index what is not."""
        found = [f"--find-links={folder}" for folder in sorted(self.dist.iterdir())]
        # The index may have the same version, and other files.
        again = [f"--refresh-package={name}" for name in NAMES]
        uv("pip", "install", "--python", str(home), *found, *again, *requirements)
        uv("pip", "check", "--python", str(home))

    def wheel(self, tag: str) -> str:
        """The wheel of a release."""
        (wheel,) = (self.dist / tag).glob("*.whl")
        return str(wheel)


def uv(*arguments: str) -> None:
    """Run uv."""
    passed(subprocess.run(["uv", *arguments], capture_output=True, text=True))


def run(home: Path, *command: str) -> str:
    """Run a command of an environment, away from every source."""
    folder = home / "away"
    folder.mkdir(exist_ok=True)
    scripts = home / "bin" / command[0]
    done = subprocess.run([scripts, *command[1:]], cwd=folder, capture_output=True, text=True)
    return passed(done).stdout


def passed(done: subprocess.CompletedProcess[str]) -> subprocess.CompletedProcess[str]:
    """What has run, if it ended well."""
    assert done.returncode == 0, f"{done.args}\n{done.stdout}\n{done.stderr}"
    return done


def versions(home: Path) -> dict[str, str]:
    """The versions of both packages in an environment, by their metadata and by their modules."""
    code = (
        "from importlib import import_module, metadata\n"
        f"for name in {NAMES}:\n"
        "    module = import_module(name.replace('-', '_'))\n"
        "    assert module.__version__ == metadata.version(name)\n"
        "    print(name, module.__version__)\n"
    )
    return dict(line.split() for line in run(home, "python", "-I", "-c", code).splitlines())


@pytest.fixture(scope="module")
def rehearsal(tmp_path_factory: pytest.TempPathFactory) -> Rehearsal:
    return Rehearsal(tmp_path_factory.mktemp("rehearsal"))


@pytest.fixture(scope="module")
def releases(rehearsal: Rehearsal) -> list[str]:
    """The tags of two releases of each package, the older ones first."""
    return [rehearsal.release(name) for _ in range(2) for name in NAMES]


@pytest.mark.parametrize("first", NAMES)
def test_both_wheels_install_and_work_in_either_order(
    rehearsal: Rehearsal, releases: list[str], tmp_path: Path, first: str
) -> None:
    home = rehearsal.environment(tmp_path / "environment")
    newest = dict(tag.rsplit("-v", 1) for tag in releases)
    for name in sorted(NAMES, key=lambda name: name != first):
        rehearsal.install(home, rehearsal.wheel(f"{name}-v{newest[name]}"))
    assert versions(home) == newest
    run(home, "python", "-I", "-c", USE_OSSIFY)
    run(home, "ossify", "info", "cell.osy")
    run(home, "python", "-I", "-c", USE_CORTICAL_TOOLS)


def test_cortical_tools_works_with_the_oldest_ossify_it_declares(
    rehearsal: Rehearsal, releases: list[str], tmp_path: Path
) -> None:
    home = rehearsal.environment(tmp_path / "environment")
    project = rehearsal.workspace.package("cortical-tools").metadata["project"]
    (declared,) = map(Requirement, project["optional-dependencies"]["ossify"])
    (lowest,) = (limit.version for limit in declared.specifier if limit.operator == ">=")
    wheel = rehearsal.wheel(releases[-1])
    rehearsal.install(home, f"{wheel}[local,ossify]", f"ossify=={lowest}")
    assert versions(home)["ossify"] == lowest
    # Its neurons are made and read by ossify.
    run(home, "cortical-tools", "demo", "--n-cells=8", "--n-vertices=100")


@pytest.mark.parametrize(
    ("name", "some"),
    [("ossify", "tests/test_vertex_ids.py"), ("cortical-tools", "tests/test_ids.py")],
    ids=NAMES,
)
def test_a_wheel_is_tested_with_its_source_gone(
    rehearsal: Rehearsal, releases: list[str], name: str, some: str
) -> None:
    tag = next(tag for tag in reversed(releases) if tag.startswith(name))
    folder = str(rehearsal.dist / tag)
    session = f"test_wheel-{sys.version_info.major}.{sys.version_info.minor}"
    done = passed(rehearsal.nox(session, name, folder, some))
    assert " passed" in done.stdout


def test_the_notes_of_a_release_are_printed_alone_and_written(
    rehearsal: Rehearsal, releases: list[str], tmp_path: Path
) -> None:
    said = passed(rehearsal.nox("release_notes", releases[-1])).stdout
    assert said == "### New\n\n- It is rehearsed.\n"
    passed(rehearsal.nox("release_notes", releases[-1], str(tmp_path / "notes.md")))
    assert (tmp_path / "notes.md").read_text() == said


def test_the_tag_of_the_other_package_fails_the_session(
    rehearsal: Rehearsal, releases: list[str]
) -> None:
    names = dict(tag.rsplit("-v", 1) for tag in releases)
    wrong = f"ossify-v{names['cortical-tools']}"
    done = rehearsal.nox("release_check", wrong)
    assert done.returncode == 1
    assert f"{wrong} cannot be released:" in done.stdout
    assert f"_version.py says {names['ossify']}" in done.stdout
