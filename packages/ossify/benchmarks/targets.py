"""The ratios that we hold ourselves to, and where they are not reached."""

from __future__ import annotations

from collections.abc import Iterator
from math import exp, inf, isfinite, log

from measure import BOUND, US
from tasks import TREE_TASKS

COMPILED, PUBLISHED = "navis-fastcore", "ossify 0.3.0"
# The targets are of cells of at least so many skeleton vertices.
LEAST_SIZE = 100_000
# A tie: two runs of the same differ by as much.
TIE = 1.2
# How many times what our task may take of what it cannot do without.
OF_BOUND = {
    **dict.fromkeys(("save_cell", "load_cell", "copy_cell"), 2.0),
    **dict.fromkeys(("mask_cell", "transform_cell"), 3.0),
}
Times = dict[str, dict[str, float]]


def ratio(times: Times, task: str, peer: str) -> float | None:
    """How many times as long as we a peer takes, None where it does not do the task."""
    taken = times[task].get(peer)
    return None if taken is None else taken / times[task][US]


def geometric_mean(times: Times, peer: str) -> float:
    """Of the ratios of all tasks that the peer has finished."""
    ratios = [ratio(times, task, peer) for task in times]
    logs = [log(value) for value in ratios if value is not None and isfinite(value)]
    return exp(sum(logs) / len(logs)) if logs else float("nan")


def tree_sums(times: Times, peer: str) -> tuple[float, float]:
    """Seconds of all tree tasks that a peer has, ours and the peer's."""
    shared = [task for task in TREE_TASKS if task in times and isfinite(times[task].get(peer, inf))]
    return sum(times[task][US] for task in shared), sum(times[task][peer] for task in shared)


def best_times(figures: dict) -> Times:
    """Warm times, with every peer's better one: ours is the one with an index and no answer."""
    return {
        task: {
            peer: warm if peer == US else min(warm, figures["cold"][task][peer])
            for peer, warm in times.items()
        }
        for task, times in figures["warm"].items()
    }


def growth(small: dict, large: dict, task: str, which: str) -> tuple[float, float | None]:
    """Exponent of our time, and how many times more it grows than the bound."""
    first, second = small[which][task], large[which][task]
    factor = second[US] / first[US]
    exponent = log(factor) / log(large["sizes"]["skeleton"] / small["sizes"]["skeleton"])
    if BOUND not in first or BOUND not in second:
        return exponent, None
    return exponent, factor / (second[BOUND] / first[BOUND])


def missed(cells: dict[str, dict]) -> Iterator[str]:
    """One line for every target that was not reached."""
    for name, figures in cells.items():
        if figures["sizes"]["skeleton"] >= LEAST_SIZE:
            yield from (f"{name}: {line}" for line in _missed_by(figures))
    if {"100,000", "1,000,000"} <= cells.keys():
        small, large = cells["100,000"], cells["1,000,000"]
        for which in ("cold", "warm"):
            for task in large[which]:
                exponent, against = growth(small, large, task, which)
                if (exponent > 1.35) if against is None else (against > 1.5):
                    yield f"growth: {task}, {which}: exponent {exponent:.2f}, {against} of bound"


def _missed_by(figures: dict) -> Iterator[str]:
    cold = figures["cold"]
    for task, times in best_times(figures).items():
        for peer in times.keys() - {US, BOUND}:
            if times[US] > TIE * times[peer]:
                yield f"{task}, warm: {times[US] / times[peer]:.2f} × {peer}"
    for task, times in cold.items():
        if times[US] > 3 * times.get(COMPILED, inf):
            yield f"{task}, cold: {times[US] / times[COMPILED]:.2f} × {COMPILED}"
        for peer in times.keys() - {US, BOUND, COMPILED}:
            if task not in figures["warm"] and times[US] > TIE * times[peer]:
                yield f"{task}: {times[US] / times[peer]:.2f} × {peer}"
        if task in OF_BOUND and times[US] > OF_BOUND[task] * times.get(BOUND, inf):
            yield f"{task}: {times[US] / times[BOUND]:.2f} × {BOUND}"
    ours, theirs = tree_sums(cold, COMPILED)
    if ours > theirs:
        yield f"all tree tasks once, cold: {ours:.3f} s, {COMPILED} {theirs:.3f} s"
    for task, peak in figures["peak"].items():
        if peak > 10 * figures["sizes"]["bytes"] + 50e6:
            yield f"{task}: {peak / 1e6:.0f} MB at the peak"
