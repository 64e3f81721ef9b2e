"""Processes that are asked for tasks, each in the environment of its peer."""

from __future__ import annotations

import json
import os
import selectors
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
# Longer than this nobody waits for an answer.
PATIENCE = 60.0


class TooSlowError(Exception):
    """A peer that has not answered in time; its process has been ended."""


class FailedError(Exception):
    """A peer that answered with an error."""


@dataclass(frozen=True)
class Peer:
    """One line of peers.toml."""

    name: str
    adapter: str
    requirements: tuple[str, ...]
    differs: dict[str, str]

    def python(self, environments: Path) -> str:
        """The interpreter of its environment."""
        if not self.requirements:
            return sys.executable
        return str(environments / self.name / "bin" / "python")


def all_peers() -> list[Peer]:
    """Those of peers.toml."""
    listed = tomllib.loads((HERE / "peers.toml").read_text())
    return [
        Peer(name, entry["adapter"], tuple(entry.get("requirements", ())), entry.get("differs", {}))
        for name, entry in listed.items()
    ]


class Process:
    """A peer at work on one input."""

    def __init__(self, peer: Peer, environments: Path, folder: Path, **env: str) -> None:
        self.peer = peer
        self.folder = folder / peer.name
        self.folder.mkdir(exist_ok=True)
        self._command = [peer.python(environments), str(HERE / "worker.py"), peer.adapter]
        self._command += [str(folder / "inputs.npz"), str(self.folder)]
        self._env = os.environ | {"PYTHONDONTWRITEBYTECODE": "1"} | env
        if peer.requirements:
            # What is found there must not be this package.
            self._env.pop("PYTHONPATH", None)
        self._start()

    def _start(self) -> None:
        self._process = subprocess.Popen(
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=self._env,
        )
        self.tasks: list[str] = self._answer(10 * PATIENCE)

    def run(self, task: str, warm: bool, answer: Path | None = None) -> dict[str, float]:
        """What `worker.Worker.run` answers."""
        question: dict[str, Any] = {"task": task, "warm": warm}
        if answer is not None:
            question["answer"] = str(answer)
        self._process.stdin.write(f"{json.dumps(question)}\n".encode())
        self._process.stdin.flush()
        result = self._answer(1.5 * PATIENCE)
        if "error" in result:
            raise FailedError(f"{self.peer.name}, {task}: {result['error']}")
        if result["seconds"] > PATIENCE:
            raise TooSlowError
        return result

    def _answer(self, patience: float) -> Any:
        """The next line, which must come in time; the subject has to be made before the task."""
        with selectors.DefaultSelector() as selector:
            selector.register(self._process.stdout, selectors.EVENT_READ)
            if not selector.select(patience):
                self.stop()
                self._start()
                raise TooSlowError
        line = self._process.stdout.readline()
        if not line:
            # One who runs out of memory is ended by the system, and the others go on.
            code = self._process.wait()
            self.stop()
            self._start()
            raise FailedError(f"{self.peer.name} has ended without an answer, with code {code}")
        return json.loads(line)

    def stop(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            pipe.close()
