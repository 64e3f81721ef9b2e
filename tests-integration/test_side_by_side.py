"""The two packages in one environment: both there, neither in the other's way."""

import re
import subprocess
import sys
from importlib import metadata

import pytest

import cortical_tools
import ossify


@pytest.mark.parametrize(
    ("package", "distribution"), [(ossify, "ossify"), (cortical_tools, "cortical-tools")]
)
def test_the_imported_version_is_the_installed_one(package, distribution):
    assert package.__version__ == metadata.version(distribution)


@pytest.mark.parametrize(
    ("distribution", "published"), [("ossify", (0, 3, 0)), ("cortical-tools", (1, 1, 0))]
)
def test_no_installer_prefers_the_published_release(distribution, published):
    ours = tuple(int(part) for part in metadata.version(distribution).split(".")[:3])
    assert ours > published


@pytest.mark.parametrize(
    ("imported", "other"), [("ossify", "cortical_tools"), ("cortical_tools", "ossify")]
)
def test_importing_one_does_not_load_the_other(imported, other):
    finished = subprocess.run(
        [sys.executable, "-c", f"import sys, {imported}; sys.exit({other!r} in sys.modules)"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr


def _required(distribution: str) -> dict[str, str]:
    """Requirement by the name of what is required."""
    requirements = metadata.requires(distribution) or []
    return {re.split(r"[^\w.-]", text, maxsplit=1)[0]: text for text in requirements}


def test_ossify_requires_cortical_tools_in_no_case():
    assert "cortical-tools" not in _required("ossify")


def test_cortical_tools_requires_ossify_only_where_it_is_asked_for():
    requirement = _required("cortical-tools")["ossify"]
    assert "extra ==" in requirement
    assert ">=1.0.0" in requirement
