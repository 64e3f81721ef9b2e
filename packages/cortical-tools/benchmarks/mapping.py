"""The table of `nox -s mapping`: `mapping.py PYTHON_OF_PUBLISHED [--all] [NUMBER_OF_VERTICES ...]`.

Of large meshes, the published release is asked for the first variant alone, as each takes it
minutes, and of very large ones for none, as its time grows faster than they do; with ``--all`` for
all. After the table comes by how much our time per vertex grows from the first size to each other.
"""

import argparse
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
LARGE, VERY_LARGE = 500_000, 2_000_000
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


def growth(busy):
    """Seconds of the processor per vertex at each size, and their ratio to those at the first."""
    rates = {size: seconds / size for size, seconds in busy.items()}
    first = next(iter(rates.values()))
    for size, rate in rates.items():
        yield f"{size:9} {rate * 1e6:8.2f} µs per vertex, {rate / first:.2f}-fold"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("published")
    parser.add_argument("sizes", nargs="*", type=int, default=[200_000])
    parser.add_argument("--all", action="store_true")
    options = parser.parse_args()
    root_id = Snapshot(SMALL_WORLD).facts.provenance["neurons"][-1]["root_ids"][-1]
    columns = f"{'s':>8}{'cpu s':>8}{'MB':>7}{'right':>8}{'false':>8}"
    print(f"{'vertices':>9} {'mesh':24}{'who':11}{columns}")
    busy = {}
    with serve(SMALL_WORLD) as service, tempfile.TemporaryDirectory() as folder:
        for size in options.sizes:
            mesh = tube_mesh(chunks(), size)
            true = mesh.l2_ids[mesh.truth]
            for number, (name, faces, kept) in enumerate(variants(mesh)):
                path = f"{folder}/mesh.npz"
                given = {"lvl2_ids": mesh.l2_ids[kept], "lvl2_pts": mesh.l2_points[kept]}
                np.savez(path, vertices=mesh.vertices, faces=faces, **given)
                asked = {"ours": sys.executable, "published": options.published}
                too_long = size >= (LARGE if number else VERY_LARGE)
                if too_long and not options.all:
                    del asked["published"]
                for who, python in asked.items():
                    found, labels = run(python, who, path, service, root_id)
                    if who == "ours" and not number:
                        busy[len(true)] = found["processor"]
                    right = (labels == true)[kept[mesh.truth]].mean()
                    false = ((labels != true) & (labels != 0)).mean()
                    print(
                        f"{len(true):9} {name:24}{who:11}{found['seconds']:8.2f}"
                        f"{found['processor']:8.2f}{found['megabytes']:7.0f}{right:8.4f}{false:8.4f}",
                        flush=True,
                    )
    print(*growth(busy), sep="\n")


if __name__ == "__main__":
    main()
