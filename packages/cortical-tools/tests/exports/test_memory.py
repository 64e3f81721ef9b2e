"""Filtering a great table takes memory for what is found, not for what is read."""

from __future__ import annotations

import gzip
import subprocess
import sys

import pytest

_READ = """
from cortical_tools import TableExportClient

def peak():
    lines = dict(line.split(":", 1) for line in open("/proc/self/status"))
    return int(lines["VmHWM"].split()[0]) / 1e3

exports = TableExportClient({folder!r})
found = exports.get_table("synapses", 3, filters={{"id": [1]}}, progress=False)
assert len(found) == 1
before = peak()
found = exports.get_table("synapses", 12, filters={{"id": [1]}}, progress=False)
assert len(found) == {expected}
print(peak() - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the system does not say the peak of memory")
def test_memory_does_not_follow_the_size_of_the_file(folder):
    # 400 MB of text, most of which is the same line again.
    repeats = 3_200_000
    row = gzip.decompress((folder / "v3" / "synapses.csv.gz").read_bytes())
    other = b"2" + row[1:]
    with gzip.open(folder / "v12" / "synapses.csv.gz", "wb", compresslevel=1) as file:
        for _ in range(32):
            file.write(row + other * (repeats // 32))
    text = len(row) * repeats / 1e6
    assert text > 350
    run = [sys.executable, "-c", _READ.format(folder=str(folder), expected=32)]
    grown = float(subprocess.run(run, check=True, capture_output=True, text=True).stdout)
    assert grown < 250
