"""Many neurons asked for together, beside one by one, from a service that takes its time.

    python packages/cortical-tools/benchmarks/many_neurons.py [--delay 0.03] [--cells 100]

Needs ``cortical-tools[local]``. Makes a world of synthetic neurons, serves it from a process of its
own with a delay before every answer, and asks for the synapses of many neurons and for many
neurons as cells. Prints seconds, seconds of our own processor time, and requests of both ways;
exits with 1 if together is not four times as fast as one by one, or takes more requests.
"""

from __future__ import annotations

import argparse
import signal
import subprocess
import sys
import tempfile
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from cortical_tools import DatasetClient, load_client
from cortical_tools.local import make_world
from cortical_tools.snapshot_folder import Snapshot

WANTED = 4.0


def main() -> int:
    """Measure both, and print a line for each."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--delay", type=float, default=0.03, help="seconds before every answer")
    parser.add_argument("--synapses", type=int, default=200, help="neurons to have synapses of")
    parser.add_argument("--cells", type=int, default=100, help="neurons to have as cells")
    parser.add_argument("--vertices", type=int, default=200, help="of each skeleton")
    given = parser.parse_args()
    print(f"{given.delay * 1000:g} ms before every answer; {given.vertices} vertices each")
    with tempfile.TemporaryDirectory() as home:
        # Some of the first neurons are not what they were in the last version.
        count = max(given.synapses, given.cells) + 10
        world = make_world(Path(home) / "world", n_cells=count, n_vertices=given.vertices)
        with served(world, given.delay) as (address, log):
            client = load_client(address)
            roots = standing(world, client)
            many, cells = roots[: given.synapses], roots[: given.cells]
            then = client.version_timestamp()
            # What is asked once, and what the service reads once, is no part of either.
            client.query_synapses(roots[:2], pre=True, post=True, progress=False)
            client.get_skeleton(roots[0], timestamp=then)
            client.get_skeletons(roots[:2], progress=False)

            def synapses(some: list[int]) -> None:
                client.query_synapses(some, pre=True, post=True, progress=False)

            verdicts = [
                compared(
                    log,
                    f"query_synapses, {len(many)} neurons, pre and post",
                    lambda: [synapses([root]) for root in many],
                    lambda: synapses(many),
                ),
                compared(
                    log,
                    f"get_skeletons, {len(cells)} neurons with synapses",
                    lambda: [client.get_skeleton(root, timestamp=then) for root in cells],
                    lambda: client.get_skeletons(cells, progress=False),
                ),
            ]
    return 0 if all(verdicts) else 1


@contextmanager
def served(folder: Path, delay: float) -> Iterator[tuple[str, list[str]]]:
    """The address of a service in another process, and a line for every request so far."""
    command = [sys.executable, "-u", "-m", "cortical_tools", "serve", str(folder)]
    with subprocess.Popen(
        [*command, "--delay", str(delay)], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        address = process.stdout.readline().split()[4]
        log: list[str] = []
        reader = threading.Thread(target=log.extend, args=(process.stdout,), daemon=True)
        reader.start()
        try:
            yield address, log
        finally:
            process.send_signal(signal.SIGINT)
            reader.join()


def standing(world: Path, client: DatasetClient) -> list[int]:
    """The neurons that are now what they were in the newest version."""
    neurons = Snapshot(world).facts.provenance["neurons"]
    roots = [neuron["root_ids"][-1] for neuron in neurons]
    known = client.is_latest_roots(roots, client.version_timestamp())
    known &= client.is_latest_roots(roots)
    return [root for root, stands in zip(roots, known, strict=True) if stands]


def compared(
    log: list[str], what: str, singly: Callable[[], object], together: Callable[[], object]
) -> bool:
    """Print how long both ways take, and whether the second is as good as it has to be."""
    seconds, requests = [], []
    print(what)
    for name, way in (("one by one", singly), ("together", together)):
        settled(log)
        start, busy = time.perf_counter(), time.process_time()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            way()
        seconds.append(time.perf_counter() - start)
        busy = time.process_time() - busy
        requests.append(settled(log))
        print(f"  {name}: {seconds[-1]:.2f} s, {busy:.2f} s busy, {requests[-1]} requests")
    factor = seconds[0] / seconds[1]
    print(f"  {factor:.1f} times as fast")
    return factor >= WANTED and requests[1] <= requests[0]


def settled(log: list[str]) -> int:
    """How many requests have been told, once no more of them come; forgets them."""
    before = -1
    while before != len(log):
        before = len(log)
        time.sleep(0.5)
    log.clear()
    return before


if __name__ == "__main__":
    sys.exit(main())
