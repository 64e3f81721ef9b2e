"""Figures as tables, for the terminal and for the documentation, and as a plot."""

from __future__ import annotations

from math import isfinite
from pathlib import Path

from measure import BOUND, US
from peers import PATIENCE, Peer
from targets import COMPILED, best_times, geometric_mean, growth, ratio, tree_sums
from tasks import TASKS

Times = dict[str, dict[str, float]]


def markdown(head: list[str], rows: list[list[str]]) -> str:
    """A table, the first column to the left."""
    lines = [head, ["---"] + ["--:"] * (len(head) - 1), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def milliseconds(seconds: float) -> str:
    """A time with three digits."""
    value = 1e3 * seconds
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def times_as_long(value: float | None) -> str:
    """A ratio with two digits, or what is known of it."""
    if value is None:
        return "–"
    if not isfinite(value):
        return f"> {PATIENCE:.0f} s"
    return f"{value:,.0f}" if value >= 10 else f"{value:.2g}"


def ratios(times: Times) -> str:
    """Our milliseconds, and how many times as long everybody else takes."""
    peers = [US, *dict.fromkeys(peer for of in times.values() for peer in of if peer != US)]
    rows = []
    for task, taken in times.items():
        others = [times_as_long(ratio(times, task, peer)) for peer in peers[1:]]
        rows.append([TASKS[task].title, milliseconds(taken[US]), *others])
    means = [times_as_long(geometric_mean(times, peer)) for peer in peers[1:]]
    rows.append(["*geometric mean*", "", *means])
    return markdown(["task", "ossify (ms)", *(f"{peer} (×)" for peer in peers[1:])], rows)


def costs(cells: dict[str, dict]) -> str:
    """Growth of time from the second greatest cell to the greatest, and memory of the greatest."""
    *_, small, large = cells.values()
    rows = []
    for task in large["cold"]:
        exponent, against = growth(small, large, task, "cold")
        peak = large["peak"][task] / large["sizes"]["bytes"]
        rows.append([TASKS[task].title, f"{exponent:.2f}", times_as_long(against), f"{peak:.2f}"])
    head = ["task", "exponent of time", "growth, of the bound's", "peak memory, of the arrays"]
    return markdown(head, rows)


def sections(results: dict) -> dict[str, str]:
    """Titles and tables."""
    found = {}
    for name, figures in results["cells"].items():
        title = "a real cell" if name == "real" else f"{name} skeleton vertices"
        found[f"A fresh object, {title}"] = ratios(figures["cold"])
        found[f"An object asked before, {title}"] = ratios(best_times(figures))
    examples = {name: of for name, of in results["cells"].items() if name != "real"}
    if len(examples) > 1:
        found["Growth and memory"] = costs(examples)
    seconds = results["imports"]
    rows = [[name, f"{value:.2f}"] for name, value in seconds.items()]
    found["Importing"] = markdown(["a fresh process with", "CPU (s)"], rows)
    return found


def print_report(results: dict) -> None:
    """Everything, to the terminal."""
    for title, table in sections(results).items():
        print(f"\n{title}\n\n{table}")
    for name, figures in results["cells"].items():
        ours, theirs = tree_sums(figures["cold"], COMPILED)
        print(
            f"\n{name}: tree tasks once, fresh: {1e3 * ours:.1f} ms, {COMPILED} {1e3 * theirs:.1f}"
        )
        for line in figures["failed"]:
            print(f"{name}: failed: {line}")


INTRODUCTION = """\
# Benchmarks

How long ossify takes for what users do, beside other packages that do the same. All are measured
on identical arrays, taking turns, each in an environment and a process of its own; a
figure is the median of up to five turns, and a turn the best of up to three runs. Answers are
compared before they are timed.

*Fresh* is an object that nothing was asked of before. *Asked before* is one that has its index, or
whatever a package keeps, but not the answer: stored answers are not compared, and of a peer the
better of both times counts. *bound* is not a package: it is the memory traffic that a task cannot
do without, in bare numpy, or its tables in bare pyarrow. A dash stands for what a peer does not do.

Numbers with × say how many times as long as ossify others take: above 1, ossify is faster.
Measured on one core of an x86-64 machine, with

```
nox -s benchmarks -- --sizes {sizes} --page docs/benchmarks.md
```

Times are of the machine, ratios hold better from one to another.

![How many times as long others take](_static/benchmarks.svg)
"""


def write_page(results: dict, peers: list[Peer], page: Path) -> None:
    """The page of the documentation, and the plot that it shows."""
    sizes = [name.replace(",", "") for name in results["cells"] if name != "real"]
    parts = [INTRODUCTION.format(sizes=" ".join(sizes))]
    parts += [f"## {title}\n\n{table}\n" for title, table in sections(results).items()]
    notes = [
        f"- {peer.name}, {TASKS[task].title}: {why}."
        for peer in peers
        for task, why in peer.differs.items()
    ]
    parts.append("## Where answers are not the same\n\n" + "\n".join(notes) + "\n")
    failed = [
        f"- {name} skeleton vertices: {line}.\n"
        for name, figures in results["cells"].items()
        for line in figures["failed"]
    ]
    if failed:
        parts.append("## Where there was none\n\n" + "".join(failed))
    page.write_text("\n".join(parts))
    plot(results, page.parent / "_static" / "benchmarks.svg")


def plot(results: dict, file: Path) -> None:
    """Ratios of the greatest cell, one line per task and one mark per peer."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    mpl.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "benchmarks", "font.size": 8})
    times = list(results["cells"].values())[-1]["cold"]
    peers = dict.fromkeys(peer for of in times.values() for peer in of)
    figure = Figure(figsize=(7, 7), layout="constrained")
    axes = figure.subplots()
    names = list(times)
    axes.axvline(1, color="black", linewidth=1)
    for peer in [peer for peer in peers if peer not in (US, BOUND)]:
        known = [(ratio(times, task, peer), row) for row, task in enumerate(names)]
        known = [(value, row) for value, row in known if value is not None and isfinite(value)]
        axes.plot(*zip(*known, strict=True), "o", markersize=4, label=peer)
    axes.set(xscale="log", xlabel="times as long as ossify", ylim=(len(names) - 0.5, -0.5))
    axes.set_yticks(range(len(names)), [TASKS[task].title for task in names])
    axes.grid(axis="both", linewidth=0.3)
    axes.legend(loc="lower right")
    file.parent.mkdir(exist_ok=True)
    figure.savefig(file, metadata={"Date": None})
