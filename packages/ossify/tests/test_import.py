"""What `import ossify` brings into a process, and what it does not."""

from __future__ import annotations

import subprocess
import sys

import ossify

HEAVY = {
    "boto3",
    "botocore",
    "cloudfiles",
    "google",
    "h5py",
    "matplotlib",
    "networkx",
    "requests",
    "rich",
    "scipy",
    "trimesh",
    "typer",
}


def modules_after(code: str) -> set[str]:
    """The top-level modules that a fresh process has loaded after running some code."""
    script = f"import sys\n{code}\nprint(*{{name.partition('.')[0] for name in sys.modules}})"
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", script], capture_output=True, text=True, check=True
    )
    return set(done.stdout.split())


def test_import_loads_no_heavy_guest():
    assert not modules_after("import ossify") & HEAVY


def test_cable_length_of_a_loaded_cell_needs_no_heavy_guest(tmp_path):
    path = tmp_path / "small.osy"
    ossify.save_cell(ossify.example_cell(1_000), path)
    loaded = modules_after(
        f"import ossify\nassert ossify.load_cell({str(path)!r}).skeleton.cable_length() > 0"
    )
    assert not loaded & HEAVY


def test_all_public_names_are_there():
    assert sorted(ossify.__all__) == ossify.__all__
    for name in ossify.__all__:
        assert hasattr(ossify, name), name
    assert set(ossify.__all__) <= set(dir(ossify))
