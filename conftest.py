"""What the tests of both packages share: whose code is tested, and where the real data is."""

import importlib.util
import json
import os
from importlib import metadata
from pathlib import Path
from urllib.parse import unquote, urlparse

import pytest

ROOT = Path(__file__).resolve().parent
# Import name to distribution name.
PACKAGES = {"ossify": "ossify", "cortical_tools": "cortical-tools"}


def pytest_report_header() -> list[str]:
    """Say of each package which code is tested; stop if it is not this checkout's."""
    return [f"{module}: {_origin(module)}" for module in PACKAGES]


def _origin(module: str) -> str:
    """Where `module` comes from: the tree, a wheel built from it, or nowhere."""
    spec = importlib.util.find_spec(module)
    if spec is None:
        return "absent"
    if spec.origin is None:
        raise pytest.UsageError(f"{module} is a folder without a package in it: {spec}")
    path = Path(spec.origin).resolve()
    if path.is_relative_to(ROOT / "packages"):
        return f"the tree ({path.parent.relative_to(ROOT)})"
    source = _installed_from(PACKAGES[module], path)
    if source is None or not source.is_relative_to(ROOT):
        raise pytest.UsageError(
            f"the tests would run on {module} from {path.parent}, which is not of this checkout, "
            f"but of {source or 'elsewhere'}. Run `nox`, or set PYTHONPATH to "
            f"packages/{PACKAGES[module]}/src."
        )
    kind = "the wheel" if source.suffix == ".whl" else "an installation of"
    return f"{kind} {source.relative_to(ROOT)}"


def _installed_from(distribution: str, path: Path) -> Path | None:
    """The local wheel or folder from which an installer put `path` where it is, if it did."""
    try:
        found = metadata.distribution(distribution)
    except metadata.PackageNotFoundError:
        return None
    note = found.read_text("direct_url.json")
    installed = {Path(str(found.locate_file(file))).resolve() for file in found.files or ()}
    if note is None or path not in installed:
        return None
    url = urlparse(json.loads(note)["url"])
    return Path(unquote(url.path)).resolve() if url.scheme == "file" else None


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder with real neurons that OSSIFY_TEST_DATA names.

    Without it the test is skipped, except in continuous integration (``CI=true``), where a test
    that did not run must not look like one that passed.
    """
    named = os.environ.get("OSSIFY_TEST_DATA", "")
    if named and Path(named).is_dir():
        return Path(named)
    problem = f"OSSIFY_TEST_DATA names {named or 'nothing'}, not the folder with the real data"
    if os.environ.get("CI", "").lower() == "true":
        pytest.fail(problem)
    pytest.skip(problem)
