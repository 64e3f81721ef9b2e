"""What the tests of an unpacked sdist take from the repository in the repository."""

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder with real neurons that OSSIFY_TEST_DATA names; without it the test is skipped."""
    named = os.environ.get("OSSIFY_TEST_DATA", "")
    if not named or not Path(named).is_dir():
        pytest.skip(f"OSSIFY_TEST_DATA names {named or 'nothing'}, not the folder of real data")
    return Path(named)
