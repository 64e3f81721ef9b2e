"""What continuous integration runs can be run here, and what it may do is what it needs."""

from __future__ import annotations

import json
import os
import re
import ssl
import subprocess
import sys
import threading
from base64 import b64decode
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import trustme
import yaml
from release import ROOT
from small_workspace import git, make, write

FOLDER = ROOT / ".github" / "workflows"
WORKFLOWS = {path.stem: yaml.safe_load(path.read_text()) for path in sorted(FOLDER.glob("*.yml"))}
JOBS = {f"{file}/{name}": job for file, w in WORKFLOWS.items() for name, job in w["jobs"].items()}

ACTIONS = {
    "actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1",
    "actions/setup-python@5fda3b95a4ea91299a34e894583c3862153e4b97 # v7.0.0",
    "actions/upload-artifact@bbbca2ddaa5d8feaa63e36b76fdaad77386f024f # v7.0.0",
    "actions/download-artifact@3e5f45b2cfb9172054b4087a40e8e0b5a5461e7c # v8.0.1",
    "$/.github/workflows/release-files.yml",
}
# How a session gets to run, and what a job does that has rights and so runs nothing of ours.
OTHER_COMMANDS = {
    "ci/plan": {"python -m pip install nox uv", "echo"},
    "ci/gate": {"test"},
    "docs/publish": {"touch"},
    "release-cortical-tools/announce": {"gh release create"},
    "release-cortical-tools/publish": {"python -m pip install uv", "uv publish"},
    "release-ossify/announce": {"gh release create"},
    "release-ossify/publish": {"python -m pip install uv", "uv publish"},
}


def commands(job: dict[str, Any]) -> list[str]:
    """What the steps of a job run."""
    return [step["run"] for step in job.get("steps", []) if "run" in step]


def sessions(job: dict[str, Any]) -> set[str]:
    """The sessions that a job runs, unless they are those that nox lists."""
    named = {
        found[1] for run in commands(job) if (found := re.match(r'nox --session "?([\w$]+)', run))
    }
    if "$SESSION" not in named:
        return named
    matrix = job["strategy"]["matrix"]
    chosen = matrix.get("session") or [line["session"] for line in matrix["include"]]
    return named - {"$SESSION"} | ({*chosen} if isinstance(chosen, list) else set())


@pytest.mark.parametrize("job", JOBS)
def test_a_job_runs_sessions_and_what_they_need(job: str) -> None:
    others = OTHER_COMMANDS.get(job, {"python -m pip install nox uv"})
    runs = commands(JOBS[job])
    strangers = [run for run in runs if not run.startswith(("nox --session ", *others))]
    assert strangers == []
    # What has more lines than one is run below.
    assert job == "docs/publish" or not any("\n" in run.strip() for run in runs)


def test_every_session_that_a_workflow_names_is_there() -> None:
    named = sorted(set().union(*map(sessions, JOBS.values())))
    command = [sys.executable, "-m", "nox", "--list", "--json", "--session", *named]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    listed = {line["session"] for line in json.loads(done.stdout)}
    assert [name for name in named if not any(s.startswith(name) for s in listed)] == []
    assert {"ahead(ossify)", "docs", "fresh(ossify)", "pandas3", "test_wheel"} <= set(named)


def test_no_action_runs_but_these_by_their_commits() -> None:
    lines = "\n".join(path.read_text() for path in FOLDER.glob("*.yml"))
    used = set(re.findall(r"uses: (.+)", lines))
    assert used <= ACTIONS


def test_nothing_is_permitted_but_what_a_job_asks_for() -> None:
    assert [name for name, workflow in WORKFLOWS.items() if workflow["permissions"] != {}] == []
    rights = {
        name: {right for right, kind in job["permissions"].items() if kind == "write"}
        for name, job in JOBS.items()
    }
    assert {name: granted for name, granted in rights.items() if granted} == {
        "docs/publish": {"contents"},
        "release-cortical-tools/announce": {"contents"},
        "release-cortical-tools/publish": {"id-token"},
        "release-ossify/announce": {"contents"},
        "release-ossify/publish": {"id-token"},
    }


@pytest.mark.parametrize("job", OTHER_COMMANDS.keys() - {"ci/plan", "ci/gate"})
def test_what_has_rights_runs_nothing_of_the_repository(job: str) -> None:
    used = [step.get("uses", "") for step in JOBS[job]["steps"]]
    assert not any(name.startswith("actions/checkout") for name in used)


def test_the_releases_of_both_packages_differ_in_their_names_alone() -> None:
    one = (FOLDER / "release-ossify.yml").read_text()
    other = (FOLDER / "release-cortical-tools.yml").read_text()
    assert one.replace("ossify", "cortical-tools") == other


def test_the_gate_waits_for_every_session_that_nox_runs_by_itself() -> None:
    assert JOBS["ci/gate"]["needs"] == ["plan", "session"]
    assert JOBS["ci/session"]["strategy"]["matrix"]["session"].startswith("${{ fromJSON(needs.plan")


def shell(script: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a step as a hosted runner does."""
    return subprocess.run(
        ["bash", "-e", "-c", script],
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
    )


@pytest.mark.parametrize("verdict", ["failure", "cancelled", "skipped"])
def test_the_gate_is_shut_unless_everything_succeeded(tmp_path: Path, verdict: str) -> None:
    (script,) = commands(JOBS["ci/gate"])
    assert shell(script, tmp_path, RESULTS="success success").returncode == 0
    assert shell(script, tmp_path, RESULTS=f"success {verdict}").returncode == 1
    assert shell(script, tmp_path, RESULTS=f"{verdict} success").returncode == 1


def test_the_pages_are_one_commit_of_their_branch(tmp_path: Path) -> None:
    (script,) = commands(JOBS["docs/publish"])
    there = tmp_path / "someone" / "pages.git"
    git(tmp_path, "init", "--quiet", "--bare", str(there))
    for page in ("first", "second"):
        site = tmp_path / page
        write(site / "index.html", page)
        write(site / "_static" / "style.css", "")
        done = shell(
            script,
            site,
            GITHUB_SERVER_URL=tmp_path.as_uri(),
            GITHUB_REPOSITORY="someone/pages",
            GITHUB_SHA="0" * 40,
            TOKEN="secret",
        )
        assert done.returncode == 0, done.stderr
        assert git(there, "show", "gh-pages:index.html") == page
    assert git(there, "rev-list", "--count", "gh-pages").strip() == "1"
    pages = git(there, "ls-tree", "-r", "--name-only", "gh-pages").split()
    assert pages == [".nojekyll", "_static/style.css", "index.html"]


class Index(BaseHTTPRequestHandler):
    """A package index, and beside it the runner whose proof it takes."""

    published: dict[str, str]

    def do_GET(self) -> None:
        """Say for whom a proof has to be, and prove it."""
        if self.path == "/_/oidc/audience":
            self._answer({"audience": "this-index"})
        elif self.path == "/runner?job=1&audience=this-index":
            self._answer({"value": "proof"})
        else:
            self.send_error(404)

    def do_POST(self) -> None:
        """Give a token for a proof, and take files for a token."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path == "/_/oidc/mint-token" and json.loads(body) == {"token": "proof"}:
            self._answer({"success": True, "token": "for-a-while"})
            return
        name = re.search(rb'filename="([^"]+)"', body)
        assert name is not None
        scheme, given = self.headers["Authorization"].split()
        assert scheme == "Basic"
        self.published[name[1].decode()] = b64decode(given).decode()
        self._answer({})

    def log_message(self, *_: object) -> None:
        """Nothing."""

    def _answer(self, content: dict[str, object]) -> None:
        text = json.dumps(content).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)


@pytest.fixture
def index(tmp_path: Path) -> Iterator[ThreadingHTTPServer]:
    """A package index on this machine; authority.pem is whom to trust about it."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "authority.pem")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    handler = type("OwnIndex", (Index,), {"published": {}})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_what_was_built_is_published_for_the_proof_of_the_runner_alone(
    index: ThreadingHTTPServer, tmp_path: Path
) -> None:
    install, publish = commands(JOBS["release-ossify/publish"])
    assert install == "python -m pip install uv"
    make(tmp_path / "workspace")
    package = tmp_path / "workspace" / "packages" / "axons"
    build = [sys.executable, "-m", "hatchling", "build", "--directory", str(tmp_path / "dist")]
    subprocess.run(build, cwd=package, check=True, capture_output=True)
    here = f"https://127.0.0.1:{index.server_port}"
    environment = {"UV_PUBLISH_URL": f"{here}/legacy/", "SSL_CERT_FILE": "authority.pem"}
    runner = {
        "GITHUB_ACTIONS": "true",
        "ACTIONS_ID_TOKEN_REQUEST_URL": f"{here}/runner?job=1",
        "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "of the job",
    }
    done = shell(publish, tmp_path, **environment)
    assert done.returncode != 0
    assert index.RequestHandlerClass.published == {}  # type: ignore[attr-defined]
    done = shell(publish, tmp_path, **environment, **runner)
    assert done.returncode == 0, done.stderr
    assert index.RequestHandlerClass.published == {  # type: ignore[attr-defined]
        "axons-1.0.0-py3-none-any.whl": "__token__:for-a-while",
        "axons-1.0.0.tar.gz": "__token__:for-a-while",
    }
