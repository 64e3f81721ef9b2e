"""Filtering a great table takes memory for what is found, not for what is read."""

from __future__ import annotations

import gzip
import subprocess
import sys

import numpy as np
import pytest

_READ = """
from cortical_tools import TableExportClient

def peak():
    lines = dict(line.split(":", 1) for line in open("/proc/self/status"))
    return int(lines["VmHWM"].split()[0]) / 1e6

exports = TableExportClient({folder!r})
wanted = {{"size": [-1]}}
assert len(exports.get_table("synapses", 3, filters=wanted, progress=False)) == 0
before = peak()
assert len(exports.get_table("synapses", 12, filters=wanted, progress=False)) == {copies}
print(peak() - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the system does not say the peak of memory")
def test_memory_does_not_follow_the_size_of_the_file(folder, ewkb):
    numbers = np.random.default_rng(1).integers(2**58, 2**59, (30_000, 3)).tolist()
    lines = [f"{a},{b},{c},{ewkb(a % 9973, b % 9973, c % 9973)},7,,t,,\n" for a, b, c in numbers]
    lines[-1] = lines[-1].replace(",7,", ",-1,")
    # What is compressed is compressed alike one after another.
    copies, text = 100, "".join(lines).encode()
    packed = gzip.compress(text, 1)
    (folder / "v12" / "synapses.csv.gz").write_bytes(packed * copies)
    run = [sys.executable, "-c", _READ.format(folder=str(folder), copies=copies)]
    grown = float(subprocess.run(run, check=True, capture_output=True, text=True).stdout)
    whole = len(text) * copies / 1e9
    assert whole > 0.35
    assert grown < 0.15
