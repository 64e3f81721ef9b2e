"""How long tasks take, here and elsewhere: measured in alternation, compared, and written down."""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import imports
from inputs import write_inputs
from measure import Measurement
from peers import Peer, all_peers
from report import print_report, write_page
from targets import missed
from tasks import TASKS

import ossify
from ossify import Cell

SIZES = (10_000, 100_000, 1_000_000)


def cells(sizes: list[int]) -> Iterator[tuple[str, Cell]]:
    """Name and cell: the example in several sizes, and a real one if there is the folder."""
    if folder := os.environ.get("OSSIFY_TEST_DATA"):
        yield "real", ossify.load_cell(Path(folder) / "osy" / "864691135336055529_v1.0.osy")
    for size in sizes:
        yield f"{size:,}", ossify.example_cell(size, mesh=True)


def measure(peers: list[Peer], options: argparse.Namespace) -> dict:
    """Figures of every cell. Whoever is too slow for one is not asked about greater ones."""
    results: dict = {"imports": imports.measured(), "cells": {}}
    too_slow: set[tuple[str, str]] = set()
    for name, cell in cells(options.sizes):
        with tempfile.TemporaryDirectory() as folder:
            write_inputs(cell, Path(folder) / "inputs.npz")
            print(f"\n{name} (ms)")
            work = Measurement(peers, options.environments, Path(folder), options.tasks)
            try:
                results["cells"][name] = work.run(too_slow).as_dict()
            finally:
                work.stop()
        if options.results:
            options.results.write_text(json.dumps(results, indent=1))
    return results


def together(files: list[Path]) -> dict:
    """Figures of several runs, each of other cells, tasks or peers; of the same, the last count."""
    first, *others = (json.loads(file.read_text()) for file in files)
    for run in others:
        _take_in(first, run)
    return first


def _take_in(figures: dict, more: dict) -> None:
    for name, value in more.items():
        if isinstance(value, dict) and name in figures:
            _take_in(figures[name], value)
        elif isinstance(value, list) and name in figures:
            figures[name] = [*dict.fromkeys([*figures[name], *value])]
        else:
            figures[name] = value


def main() -> None:
    """Measure, print, and write what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--environments", type=Path, default=Path(), help="folder of the peers")
    parser.add_argument("--peers", nargs="*", help="names from peers.toml; all by default")
    parser.add_argument("--sizes", type=int, nargs="*", default=SIZES)
    parser.add_argument("--tasks", nargs="*", default=list(TASKS), choices=list(TASKS))
    parser.add_argument("--results", type=Path, help="JSON file to write the figures to")
    parser.add_argument(
        "--read", type=Path, nargs="+", help="JSON files of runs to report from, without measuring"
    )
    parser.add_argument("--page", type=Path, help="Markdown page to write, with a plot beside it")
    options = parser.parse_args()

    peers = [peer for peer in all_peers() if not options.peers or peer.name in options.peers]
    results = together(options.read) if options.read else measure(peers, options)
    print_report(results)
    for line in missed(results["cells"]):
        print(line)
    if options.page:
        write_page(results, peers, options.page)
    known = {(peer.name, task) for peer in peers for task in peer.differs}
    wrong = {
        (peer, task)
        for figures in results["cells"].values()
        for task, names in figures["differ"].items()
        for peer in names
    } - known
    if wrong:
        sys.exit(f"answers differ where they should not: {sorted(wrong)}")


if __name__ == "__main__":
    main()
