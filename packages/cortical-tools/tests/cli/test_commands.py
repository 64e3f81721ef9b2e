"""The command line: what it says, and how it ends."""

from __future__ import annotations

import contextlib
import shutil
import signal
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest
import requests
from typer.testing import CliRunner

from cortical_tools import __version__
from cortical_tools.cli import app
from cortical_tools.cli.demo import run_demo
from cortical_tools.local import serve

SMALL_WORLD = Path(__file__).parents[1] / "data" / "small_world"


def test_the_version_is_printed():
    assert CliRunner().invoke(app, ["--version"]).output == f"cortical-tools {__version__}\n"


def test_a_folder_that_is_no_snapshot_is_one_line_and_exit_1(tmp_path):
    done = CliRunner().invoke(app, ["serve", str(tmp_path)])
    assert done.exit_code == 1
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    assert "is not a snapshot folder" in done.stderr


def test_a_port_that_is_none_is_wrongly_typed():
    assert CliRunner().invoke(app, ["serve", str(SMALL_WORLD), "--port", "-1"]).exit_code == 2


@pytest.fixture
def serving():
    """Starts ``cortical-tools serve`` in a process of its own, which does not outlive the test."""
    with contextlib.ExitStack() as started:

        def start(folder: Path, *options: str) -> subprocess.Popen[str]:
            # What a shell runs in the background is deaf to interrupts, and so is what it starts.
            listening = (
                "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); "
                "from cortical_tools.cli import main; main()"
            )
            command = [sys.executable, "-u", "-c", listening, "serve", str(folder), *options]
            process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
            started.enter_context(process)
            started.callback(process.kill)
            return process

        yield start


def test_a_folder_is_served_until_interrupted(serving):
    process = serving(SMALL_WORLD, "--row-cap", "3", "--delay", "0.01", "--token", "f00")
    first = process.stdout.readline()
    url = first.split()[4]
    assert first.startswith(f"local_world is served at {url}")
    token = {"Authorization": "Bearer f00"}
    assert requests.get(f"{url}/info/version", headers=token, timeout=9).json() == "4.6.1"
    assert requests.get(f"{url}/info/version", timeout=9).status_code == 401
    query = "/materialize/api/v3/datastack/local_world/version/3/table/synapses_world/query"
    answer = requests.post(f"{url}{query}", json={}, headers=token, timeout=9)
    assert answer.headers["Warning"] == '201 - "Limited query to 3 rows'
    shown = [process.stdout.readline() for _ in range(3)]
    process.send_signal(signal.SIGINT)
    rest, _ = process.communicate(timeout=20)
    assert shown[0].startswith("200")
    assert shown[0].endswith("GET    /info/version\n")
    assert shown[1].startswith("401")
    assert rest.endswith("stopped\n")
    assert process.returncode == 0


def test_serving_a_known_datastack_says_how_its_client_gets_there(serving, tmp_path):
    shutil.copytree(SMALL_WORLD, tmp_path / "world")
    facts = tmp_path / "world" / "snapshot.json"
    facts.write_text(facts.read_text().replace("local_world", "v1dd_public"))
    process = serving(tmp_path / "world")
    url = process.stdout.readline().split()[4]
    second = process.stdout.readline()
    assert second == f"for clients: CORTICAL_TOOLS_SERVER_V1DD_PUBLIC={url}\n"


def test_a_demo_without_ossify_names_the_extra(monkeypatch):
    # As if it were not installed, also where it is; `nox -s extras` asks where it really is not.
    monkeypatch.setitem(sys.modules, "ossify", None)
    done = CliRunner().invoke(app, ["demo"])
    assert done.exit_code == 1
    assert 'pip install "cortical-tools[local]"' in done.stderr


# The documents write it as it was named first.
@pytest.mark.filterwarnings("ignore:Dataset.transform_nm is deprecated:DeprecationWarning")
def test_a_demo_goes_on_without_what_could_not_be_had(monkeypatch):
    # What nglui does not find when it is first imported is missing for it ever after.
    import_module("nglui.statebuilder")
    for name in ("cloudvolume", "ossify"):
        monkeypatch.setitem(sys.modules, name, None)
    said = []
    with serve(SMALL_WORLD) as service:
        run_demo(service, said.append)
    shown = "".join(said)
    assert 'pip install "cortical-tools[mesh]"' in shown
    assert "\n>>> nrn.skeleton\n    There is no nrn, as was said above." in shown
    assert "faces=mesh.faces)\n    There is no mesh, as was said above." in shown
    assert said[-1].startswith("\nThat took ")
