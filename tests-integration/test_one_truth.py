"""What would have to be written twice in the workspace is written once, or agrees."""

import filecmp
import re
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("ossify", "cortical-tools")
README = (ROOT / "README.md").read_text(encoding="utf-8")


def _command(which: str) -> str:
    """The one line of the README's first or second command."""
    found = re.findall(rf"^<!-- {which} command -->\n```bash\n(.+)\n```$", README, re.MULTILINE)
    assert len(found) == 1, f"README.md marks {len(found)} {which} commands"
    return found[0]


def test_the_first_command_installs_from_the_checkout_and_runs_the_demo():
    assert 'pip install "./packages/ossify[plot]"' in _command("first")
    assert _command("first").endswith("ossify demo")


def test_the_second_command_runs_every_session():
    # Arguments would narrow what runs; `nox` alone runs all.
    assert _command("second").endswith("/nox")


def test_ci_runs_the_second_command_and_knows_no_other(tmp_path):
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert "bin/nox" not in script
    assert "pip install" not in script
    # The script is run with an `eval` that shows what it was given, in place of the real one.
    harmless = tmp_path / "run"
    harmless.write_text(
        'eval() { echo "would run: $*"; }\n'
        + script.replace('cd "$(dirname "${BASH_SOURCE[0]}")/.."', f'cd "{ROOT}"')
    )
    finished = subprocess.run(["bash", harmless], capture_output=True, text=True, check=False)
    assert finished.returncode == 0, finished.stderr
    ran = finished.stdout.split("would run: ")[1].strip()
    folder = re.search(r"-m venv (\S+)", ran).group(1)
    assert ran.replace(folder, ".venv") == _command("second")


@pytest.mark.parametrize("package", PACKAGES)
def test_each_package_carries_the_licence_of_the_repository(package):
    assert filecmp.cmp(ROOT / "LICENSE", ROOT / "packages" / package / "LICENSE", shallow=False)


def test_python_versions_agree_in_packages_readme_and_workflow():
    series = {}
    for package in PACKAGES:
        project = tomllib.loads((ROOT / "packages" / package / "pyproject.toml").read_text())[
            "project"
        ]
        found = re.findall(r"Python :: (\d+\.\d+)", "\n".join(project["classifiers"]))
        assert project["requires-python"] == f">={found[0]}"
        series[package] = found
    assert series["ossify"] == series["cortical-tools"]
    *first, last = series["ossify"]
    assert f"Python {', '.join(first)} and {last}" in README
    workflow = (ROOT / ".github" / "workflows" / "ci.yml").read_text()
    listed = re.search(r"python-version: \|\n((?: +3\.\d+\n)+)", workflow).group(1).split()
    assert listed == series["ossify"]
