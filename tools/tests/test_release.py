"""A release is made of things that agree; where they do not, each is named with what to do."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from packaging.version import Version
from release import ReleaseError, Workspace, main, parse_version
from small_workspace import commit, git, make, write


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    root = tmp_path / "workspace"
    make(root)
    return Workspace(root)


def released(workspace: Workspace, name: str, version: str) -> None:
    """Release a package as its developers do."""
    workspace.prepare(name, version)
    commit(workspace.root, f"Release {name} {version}")
    git(workspace.root, "tag", f"{name}-v{version}")


def build(workspace: Workspace, name: str) -> Path:
    """Build a package; the folder with its files."""
    folder = workspace.root / "dist"
    command = [sys.executable, "-m", "hatchling", "build", "--directory", str(folder)]
    package = workspace.package(name).folder
    subprocess.run(command, cwd=package, check=True, capture_output=True)
    return folder


def tell_something_new(workspace: Workspace, name: str) -> None:
    """Change a package and say so."""
    write(workspace.package(name).folder / "changes" / "2.feature.md", "Boutons are counted.\n")
    commit(workspace.root)


# --- what a release is ------------------------------------------------------------------------


def test_a_release_is_prepared_checked_built_and_announced(workspace: Workspace) -> None:
    released(workspace, "axons", "1.0.0")
    workspace.check("axons-v1.0.0")
    workspace.check_files("axons-v1.0.0", build(workspace, "axons"))
    assert workspace.notes("axons-v1.0.0") == "### New\n\n- axons measures axons. (#1)\n"


def test_the_next_release_begins_the_changelog_and_the_last_one_follows(
    workspace: Workspace,
) -> None:
    released(workspace, "axons", "1.0.0")
    tell_something_new(workspace, "axons")
    released(workspace, "axons", "1.1.0")
    workspace.check("axons-v1.1.0")
    package = workspace.package("axons")
    assert package.version == Version("1.1.0")
    assert [str(entry.version) for entry in package.entries] == ["1.1.0", "1.0.0"]
    assert package.fragments == []
    assert workspace.notes("axons-v1.1.0") == "### New\n\n- Boutons are counted. (#2)\n"
    assert workspace.notes("axons-v1.0.0") == "### New\n\n- axons measures axons. (#1)\n"


def test_a_release_leaves_the_other_package_as_it_was(workspace: Workspace) -> None:
    released(workspace, "axons", "1.5.0")
    changed = git(workspace.root, "diff", "--name-only", "HEAD~1").split()
    assert all(name.startswith("packages/axons/") for name in changed), changed


def test_preparing_commits_nothing_and_says_what_comes_next(workspace: Workspace) -> None:
    before = git(workspace.root, "rev-parse", "HEAD")
    said = workspace.prepare("axons", "1.0.0")
    assert git(workspace.root, "rev-parse", "HEAD") == before
    assert git(workspace.root, "tag", "--list") == ""
    assert "git tag axons-v1.0.0 && git push origin axons-v1.0.0" in said


# --- what is refused --------------------------------------------------------------------------


def refused(workspace: Workspace, name: str, version: str, reason: str) -> None:
    """Preparing fails for a reason, and every file is as it was."""
    before = git(workspace.root, "status", "--porcelain")
    with pytest.raises(ReleaseError, match=reason):
        workspace.prepare(name, version)
    assert git(workspace.root, "status", "--porcelain") == before


@pytest.mark.parametrize("text", ["1.0", "v1.0.0", "1.0.0rc1", "01.0.0", "1.0.0 ", "", "1.0.0\n"])
def test_a_version_is_three_numbers(text: str) -> None:
    with pytest.raises(ReleaseError, match=r"three numbers, as in 1\.2\.3"):
        parse_version(text)


def test_a_package_that_is_not_there_is_refused(workspace: Workspace) -> None:
    refused(workspace, "dendrites", "1.0.0", "no package 'dendrites', only axons, bouton-tools")


def test_a_version_that_is_released_is_refused(workspace: Workspace) -> None:
    released(workspace, "axons", "1.2.0")
    tell_something_new(workspace, "axons")
    for version in ("1.2.0", "1.1.9"):
        refused(workspace, "axons", version, "axons 1.2.0 is released already: choose a greater")


def test_a_version_below_the_one_in_the_tree_is_refused(workspace: Workspace) -> None:
    refused(workspace, "axons", "0.9.0", r"_version.py says 1\.0\.0: choose that or a greater")


def test_files_that_are_not_committed_are_refused(workspace: Workspace) -> None:
    write(workspace.root / "packages" / "axons" / "notes.txt", "?")
    reason = r"1 files are not committed \(packages/axons/notes.txt\): commit or remove"
    refused(workspace, "axons", "1.0.0", reason)


def test_a_release_with_nothing_new_is_refused(workspace: Workspace) -> None:
    released(workspace, "axons", "1.0.0")
    refused(workspace, "axons", "1.0.1", "changes has no fragment: say what is new")


def test_a_tag_that_is_there_is_refused(workspace: Workspace) -> None:
    git(workspace.root, "tag", "axons-v1.0.0")
    refused(workspace, "axons", "1.0.0", "the tag is there already: choose a greater version")


def test_a_package_that_needs_an_unreleased_one_waits_for_it(workspace: Workspace) -> None:
    reason = r"bouton-tools asks for axons>=1\.0\.0, and .* has no axons 1\.0\.0: release that"
    refused(workspace, "bouton-tools", "2.0.0", reason)
    released(workspace, "axons", "1.0.0")
    released(workspace, "bouton-tools", "2.0.0")
    workspace.check("bouton-tools-v2.0.0")


def test_everything_that_is_wrong_is_said_at_once(workspace: Workspace) -> None:
    write(workspace.root / "stray", "?")
    with pytest.raises(ReleaseError) as caught:
        workspace.prepare("bouton-tools", "1.0.0")
    assert str(caught.value).startswith("bouton-tools-v1.0.0 cannot be released:\n- ")
    assert str(caught.value).count("\n- ") == 3


def test_a_fragment_of_an_unknown_kind_leaves_everything_as_it_was(workspace: Workspace) -> None:
    write(workspace.package("axons").folder / "changes" / "3.novelty.md", "New.\n")
    commit(workspace.root)
    refused(workspace, "axons", "1.1.0", "towncrier said: .*3.novelty.md")
    assert workspace.package("axons").version == Version("1.0.0")


# --- what does not agree ----------------------------------------------------------------------


def test_a_tag_without_an_entry_in_the_changelog_is_no_release(workspace: Workspace) -> None:
    git(workspace.root, "tag", "axons-v1.0.0")
    with pytest.raises(ReleaseError, match="has no entry: nox -s prepare_release"):
        workspace.check("axons-v1.0.0")


def test_a_tag_of_another_version_is_no_release(workspace: Workspace) -> None:
    released(workspace, "axons", "1.0.0")
    with pytest.raises(ReleaseError) as caught:
        workspace.check("axons-v1.1.0")
    assert re.search(r"_version.py says 1\.0\.0: nox -s prepare_release", str(caught.value))
    assert "CHANGELOG.md begins with 1.0.0: nox -s prepare_release" in str(caught.value)


def test_a_changelog_ahead_of_the_version_is_no_release(workspace: Workspace) -> None:
    released(workspace, "axons", "1.1.0")
    version = workspace.package("axons").version_file
    write(version, version.read_text().replace("1.1.0", "1.0.0"))
    commit(workspace.root)
    git(workspace.root, "tag", "--force", "axons-v1.1.0")
    with pytest.raises(ReleaseError, match=r"says 1\.0\.0") as caught:
        workspace.check("axons-v1.1.0")
    assert str(caught.value).count("\n- ") == 1


def test_the_tag_of_the_other_package_is_no_release_of_this_one(workspace: Workspace) -> None:
    released(workspace, "axons", "1.0.0")
    git(workspace.root, "tag", "bouton-tools-v1.0.0")
    with pytest.raises(ReleaseError, match=r"bouton_tools/_version.py says 2\.0\.0"):
        workspace.check("bouton-tools-v1.0.0")


@pytest.mark.parametrize("tag", ["v1.0.0", "1.0.0", "axons-1.0.0", "axons"])
def test_a_tag_that_names_no_package_says_how_tags_are_written(
    workspace: Workspace, tag: str
) -> None:
    reason = r"written as axons-v1\.2\.3 or bouton-tools-v1\.2\.3|no package ''"
    with pytest.raises(ReleaseError, match=reason):
        workspace.check(tag)


def test_a_tag_of_an_unknown_package_is_no_release(workspace: Workspace) -> None:
    with pytest.raises(ReleaseError, match="no package 'dendrites'"):
        workspace.check("dendrites-v1.0.0")


def test_a_fragment_after_the_entry_is_no_release(workspace: Workspace) -> None:
    released(workspace, "axons", "1.0.0")
    tell_something_new(workspace, "axons")
    git(workspace.root, "tag", "--force", "axons-v1.0.0")
    with pytest.raises(ReleaseError, match=r"CHANGELOG.md lacks what 2\.feature\.md tell: nox"):
        workspace.check("axons-v1.0.0")


def test_a_checkout_that_is_not_the_tag_is_no_release(workspace: Workspace) -> None:
    released(workspace, "axons", "1.0.0")
    write(workspace.root / "more", "later")
    commit(workspace.root)
    with pytest.raises(ReleaseError, match=r"the tag is at \w{9} and the checkout at \w{9}: git"):
        workspace.check("axons-v1.0.0")


def test_a_tree_with_changes_is_no_release(workspace: Workspace) -> None:
    released(workspace, "axons", "1.0.0")
    write(workspace.root / "stray", "?")
    with pytest.raises(ReleaseError, match=r"1 files are not committed \(stray\)"):
        workspace.check("axons-v1.0.0")


def test_a_release_needs_both_its_files(workspace: Workspace) -> None:
    released(workspace, "axons", "1.0.0")
    with pytest.raises(ReleaseError) as caught:
        workspace.check_files("axons-v1.0.0", workspace.root / "dist")
    assert "lacks axons-1.0.0.tar.gz: build it" in str(caught.value)
    assert "lacks axons-1.0.0-py3-none-any.whl: build it" in str(caught.value)


def test_files_of_another_version_are_not_published_along(workspace: Workspace) -> None:
    build(workspace, "axons")
    released(workspace, "axons", "1.1.0")
    folder = build(workspace, "axons")
    with pytest.raises(ReleaseError, match=r"axons-1\.0\.0\.tar\.gz would be published too"):
        workspace.check_files("axons-v1.1.0", folder)


def test_a_file_that_was_only_renamed_is_found_out(workspace: Workspace) -> None:
    folder = build(workspace, "axons")
    wheel = folder / "axons-1.0.0-py3-none-any.whl"
    released(workspace, "axons", "1.1.0")
    wheel.rename(folder / "axons-1.1.0-py3-none-any.whl")
    (folder / "axons-1.0.0.tar.gz").unlink()
    reason = r"whl says inside that it is axons 1\.0\.0: build it again"
    with pytest.raises(ReleaseError, match=reason):
        workspace.check_files("axons-v1.1.0", folder)


def test_notes_of_a_version_that_is_not_there_name_those_that_are(workspace: Workspace) -> None:
    with pytest.raises(ReleaseError, match="says nothing of it, only of no release at all"):
        workspace.notes("axons-v1.0.0")
    released(workspace, "axons", "1.0.0")
    with pytest.raises(ReleaseError, match=r"says nothing of it, only of 1\.0\.0"):
        workspace.notes("axons-v3.0.0")


def test_a_command_says_what_is_wrong_without_a_traceback(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["check", "dendrites-v1.0.0"]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("dendrites cannot be released:\n- there is no package")
