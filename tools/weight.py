"""What each package brings along, measured in environments that have it and nothing else.

``weight.py PACKAGE PYTHON ...`` writes ``docs/weight.md``.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

PAGE = Path(__file__).resolve().parents[1] / "docs" / "weight.md"
REPEATS = 5
WORK = {
    "ossify": {"import ossify": "import ossify"},
    "cortical-tools": {
        "import cortical_tools": "import cortical_tools",
        # It has moved since it was first published.
        "its DatasetClient": """
try:
    from cortical_tools import DatasetClient
except ImportError:
    from cortical_tools.common import DatasetClient
""",
    },
}
"""What is imported of each package, by what the page calls it."""
COUNT = """
import json, pathlib, sysconfig
from importlib import metadata
home = pathlib.Path(sysconfig.get_path("purelib"))
files = [path for path in home.rglob("*") if path.is_file() and path.suffix != ".pyc"]
print(json.dumps([
    len({found.name for found in metadata.distributions(path=[str(home)])}),
    sum(path.stat().st_size for path in files) / 1e6,
]))
"""
TEXT = """\
# What comes along

What `pip install` of one package alone puts into an empty environment, and what importing it
costs a fresh process: processor seconds (the least of {repeats} runs) and the most memory it
has, both with what Python itself takes, and the modules that are loaded afterwards. Beside each
is the release that was published before. `nox -s weight` measures this and writes this page;
here, with Python {python}.

| package | distributions | MB installed | what is imported | seconds | memory, MB | modules |
|---|--:|--:|---|--:|--:|--:|
{rows}
| Python alone | | | nothing | {nothing} |
"""


def run(python: str, code: str) -> tuple[float, float]:
    """Processor seconds, and the most memory in MB, of a fresh process that runs some code."""
    # Nothing but what is installed is imported, and what warns does so in silence.
    command = [python, "-I", "-W", "ignore", "-c", code]
    started = os.posix_spawn(python, command, os.environ)
    _, status, used = os.wait4(started, 0)
    if status:
        raise SystemExit(f"{command} failed")
    # Linux counts in KiB, macOS in bytes.
    unit = 1 if sys.platform == "darwin" else 1024
    return used.ru_utime + used.ru_stime, used.ru_maxrss * unit / 1e6


def answer(python: str, code: str) -> str:
    """What a fresh process prints."""
    command = [python, "-I", "-W", "ignore", "-c", code]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def cost(python: str, code: str) -> str:
    """The cells of the table that say what running some code costs."""
    # The first run compiles what it imports.
    run(python, code)
    runs = [run(python, code) for _ in range(REPEATS)]
    seconds, memory = min(run[0] for run in runs), max(run[1] for run in runs)
    n_modules = int(answer(python, f"{code}\nimport sys; print(len(sys.modules))"))
    return f"{seconds:.2f} | {memory:,.0f} | {n_modules:,}"


def rows(package: str, python: str) -> list[str]:
    """The rows of a package as it is installed for one Python."""
    version = answer(
        python, f"from importlib import metadata; print(metadata.version({package!r}))"
    )
    n_distributions, size = json.loads(answer(python, COUNT))
    first = f"| {package} {version.strip()} | {n_distributions} | {size:,.0f} |"
    starts = [first, *["| | | |"] * (len(WORK[package]) - 1)]
    return [
        f"{start} {name} | {cost(python, code)} |"
        for start, (name, code) in zip(starts, WORK[package].items(), strict=True)
    ]


if __name__ == "__main__":
    installed = list(zip(sys.argv[1::2], sys.argv[2::2], strict=True))
    found = [row for package, python in installed for row in rows(package, python)]
    text = TEXT.format(
        repeats=REPEATS,
        python=".".join(map(str, sys.version_info[:2])),
        rows="\n".join(found),
        nothing=cost(installed[0][1], "pass"),
    )
    PAGE.write_text(text, encoding="utf-8")
    print(text)
