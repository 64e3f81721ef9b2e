"""The table of `nox -s mapping`: `mapping.py PYTHON_OF_PUBLISHED [NUMBER_OF_VERTICES ...]`."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from cortical_tools.local import serve
from cortical_tools.local.world.plan import chunks
from cortical_tools.local.world.tubes import tube_mesh
from cortical_tools.snapshot_folder import Snapshot

HERE = Path(__file__).parent
SMALL_WORLD = HERE.parent / "tests" / "data" / "small_world"


def variants(mesh):
    """Name, faces, and which level-2 ids are given."""
    rng = np.random.default_rng(0)
    every = np.ones(len(mesh.l2_ids), dtype=bool)
    chunk = chunks().place(mesh.l2_ids, 2) @ [1 << 40, 1 << 20, 1]
    distinct, counts = np.unique(chunk, return_counts=True)
    yield "as it is", mesh.faces, every
    yield "faces flipped", np.ascontiguousarray(mesh.faces[:, ::-1]), every
    gone = rng.choice(distinct, len(distinct) // 5, replace=False)
    yield "whole chunks missing", mesh.faces, ~np.isin(chunk, gone)
    one = [rng.choice(np.flatnonzero(chunk == several)) for several in distinct[counts > 1]]
    yield "one of several missing", mesh.faces, ~np.isin(np.arange(len(chunk)), one)


def run(python, who, path, service, root_id):
    """Figures and labels of one of both."""
    arguments = [who, path, str(service), service.datastack, str(root_id)]
    environment = {**os.environ, "HOME": str(Path(path).parent)}
    if who == "published":
        environment.pop("PYTHONPATH", None)
    done = subprocess.run(
        [python, str(HERE / "map_mesh.py"), *arguments],
        env=environment,
        cwd=Path(path).parent,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise RuntimeError(f"{who} failed: {done.stderr[-2000:]}")
    return json.loads(done.stdout.splitlines()[-1]), np.load(f"{path}.{who}.npy")


def main():
    published, *sizes = sys.argv[1:]
    root_id = Snapshot(SMALL_WORLD).facts.provenance["neurons"][-1]["root_ids"][-1]
    print(f"{'vertices':>9} {'mesh':24}{'who':11}{'s':>8}{'MB':>7}{'right':>8}{'false':>8}")
    with serve(SMALL_WORLD) as service, tempfile.TemporaryDirectory() as folder:
        for size in map(int, sizes or [200_000]):
            mesh = tube_mesh(chunks(), size)
            true = mesh.l2_ids[mesh.truth]
            for name, faces, kept in variants(mesh):
                path = f"{folder}/mesh.npz"
                given = {"lvl2_ids": mesh.l2_ids[kept], "lvl2_pts": mesh.l2_points[kept]}
                np.savez(path, vertices=mesh.vertices, faces=faces, **given)
                for who, python in (("ours", sys.executable), ("published", published)):
                    found, labels = run(python, who, path, service, root_id)
                    right = (labels == true)[kept[mesh.truth]].mean()
                    false = ((labels != true) & (labels != 0)).mean()
                    print(
                        f"{len(true):9} {name:24}{who:11}{found['seconds']:8.2f}"
                        f"{found['megabytes']:7.0f}{right:8.4f}{false:8.4f}",
                        flush=True,
                    )


if __name__ == "__main__":
    main()
