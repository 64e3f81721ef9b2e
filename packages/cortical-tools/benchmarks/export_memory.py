"""How much memory and time it takes to filter a great exported table to one neuron.

    python packages/cortical-tools/benchmarks/export_memory.py --rows 5000000

makes a table of synapses as CAVE exports it, in a temporary folder or in ``--folder``, where it is
kept, and then, in a process of its own, reads the synapses of one neuron out of it.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
from pyarrow import csv

NEURON = 864691135639806263
HEADER = """\
id,bigint
created,timestamp without time zone
valid,boolean
pre_pt_position,USER-DEFINED
post_pt_position,USER-DEFINED
ctr_pt_position,USER-DEFINED
size,integer
pre_pt_supervoxel_id,bigint
pre_pt_root_id,bigint
post_pt_supervoxel_id,bigint
post_pt_root_id,bigint
"""
# Of so many rows, one is of the neuron.
ONE_IN = 1000
_PART = 250_000


def make(folder: Path, rows: int) -> None:
    """Write the table, the same one every time."""
    place = folder / "v1"
    place.mkdir(parents=True, exist_ok=True)
    (place / "synapses_header.csv").write_text(HEADER)
    random = np.random.default_rng(1)
    options = csv.WriteOptions(include_header=False, quoting_style="needed")
    with (
        pa.CompressedOutputStream(str(place / "synapses.csv.gz"), "gzip") as target,
    ):
        for start in range(0, rows, _PART):
            count = min(_PART, rows - start)
            csv.write_csv(_part(random, start, count), target, options)


def _part(random: np.random.Generator, start: int, count: int) -> pa.Table:
    ids = np.arange(start, start + count)

    def roots() -> np.ndarray:
        return NEURON + 1 + random.integers(0, 100_000, count)

    pre = np.where(ids % ONE_IN == 0, NEURON, roots())
    columns = [
        ids,
        np.full(count, "2023-04-05 06:07:08.123456"),
        np.full(count, "t"),
        *(_points(random, count) for _ in range(3)),
        random.integers(100, 100_000, count),
        random.integers(2**56, 2**57, count),
        pre,
        random.integers(2**56, 2**57, count),
        roots(),
    ]
    return pa.table(columns, [line.split(",")[0] for line in HEADER.splitlines()])


def _points(random: np.random.Generator, count: int) -> list[str]:
    raw = np.zeros((count, 29), np.uint8)
    raw[:, :5] = np.frombuffer(bytes.fromhex("0101000080"), np.uint8)
    raw[:, 5:] = random.integers(0, 2**18, (count, 3)).astype("<f8").view(np.uint8)
    text = raw.tobytes().hex().upper()
    return [text[start : start + 58] for start in range(0, len(text), 58)]


def measure(folder: Path) -> None:
    """Read one neuron, and print what it took."""
    from cortical_tools import TableExportClient

    before = _peak()
    started = time.perf_counter()
    frame = TableExportClient(folder).get_table(
        "synapses", 1, filters={"pre_pt_root_id": [NEURON]}, progress=False
    )
    found = {
        "rows_found": len(frame),
        "seconds": round(time.perf_counter() - started, 2),
        "peak_mb": round(_peak()),
        "of_which_imports_mb": round(before),
        "file_mb": round((folder / "v1" / "synapses.csv.gz").stat().st_size / 1e6, 1),
    }
    print(json.dumps(found))


def _peak() -> float:
    # What getrusage says on Linux begins with what the parent process had.
    status = Path("/proc/self/status")
    if status.exists():
        lines = dict(line.split(":", 1) for line in status.read_text().splitlines())
        return int(lines["VmHWM"].split()[0]) / 1e3
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6


def main() -> None:
    """Make and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=5_000_000)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--read", action="store_true", help="only read what is in the folder")
    arguments = parser.parse_args()
    if arguments.read:
        measure(arguments.folder)
        return
    with tempfile.TemporaryDirectory() as temporary:
        folder = arguments.folder or Path(temporary)
        make(folder, arguments.rows)
        # What made the table counts towards no memory but its own.
        command = [sys.executable, __file__, "--read", "--folder", str(folder)]
        found = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
    print(json.dumps({"rows": arguments.rows, **found}))


if __name__ == "__main__":
    main()
