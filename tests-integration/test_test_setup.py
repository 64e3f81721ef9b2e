"""The tests' own setup: whose code they run on, and what becomes of them without real data."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


def run_pytest(folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the tests in `folder` with the repository's conftest, in a process of its own."""
    inherited = {
        name: value
        for name, value in os.environ.items()
        if name not in {"CI", "OSSIFY_TEST_DATA", "PYTHONPATH"}
    }
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "conftest", f"--rootdir={folder}", "-rs", folder],
        cwd=folder,
        env=inherited | environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def needs_data(tmp_path):
    """A folder with one test that asks for the real data."""
    text = "def test_there_is_data(real_data):\n    assert any(real_data.iterdir())\n"
    (tmp_path / "test_data.py").write_text(text)
    return tmp_path


def test_with_real_data_the_test_runs(needs_data):
    finished = run_pytest(needs_data, PYTHONPATH=str(ROOT), OSSIFY_TEST_DATA=str(needs_data))
    assert "1 passed" in finished.stdout


def test_without_real_data_the_test_is_skipped_and_says_so(needs_data):
    finished = run_pytest(needs_data, PYTHONPATH=str(ROOT))
    assert finished.returncode == 0, finished.stdout
    assert "1 skipped" in finished.stdout
    assert "OSSIFY_TEST_DATA names nothing" in finished.stdout


def test_without_real_data_the_test_fails_in_continuous_integration(needs_data):
    nowhere = str(needs_data / "nowhere")
    finished = run_pytest(needs_data, PYTHONPATH=str(ROOT), OSSIFY_TEST_DATA=nowhere, CI="true")
    assert finished.returncode == 1
    assert f"OSSIFY_TEST_DATA names {nowhere}" in finished.stdout


def test_an_ossify_from_elsewhere_is_refused(tmp_path):
    foreign = tmp_path / "elsewhere" / "ossify"
    foreign.mkdir(parents=True)
    (foreign / "__init__.py").touch()
    paths = os.pathsep.join([str(foreign.parent), str(ROOT)])
    finished = run_pytest(tmp_path, PYTHONPATH=paths)
    assert finished.returncode == pytest.ExitCode.USAGE_ERROR
    assert f"{foreign}, which is not of this checkout" in finished.stdout + finished.stderr
