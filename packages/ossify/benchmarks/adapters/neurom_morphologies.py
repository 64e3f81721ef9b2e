"""NeuroM on MorphIO: SWC files of sections.

All points are of one neurite: without a soma, no edge is left out.
"""

import neurom
import numpy as np


def _write(path, given):
    rows = np.arange(1, len(given["parent"]) + 1)
    parent = np.where(given["parent"] >= 0, given["parent"] + 1, -1)
    table = np.column_stack((rows, np.full(len(rows), 3), given["points"], given["radius"], parent))
    np.savetxt(path, table, fmt="%d %d %.3f %.3f %.3f %.3f %d")


def make(subject, given, folder):
    path = folder / "neurom.swc"
    if not path.exists():
        _write(path, given)
    return path if subject.endswith("file") else neurom.load_morphology(path)


def warm(neuron, given):
    _ = neuron.points


def load_skeleton(path, given):
    return neurom.load_morphology(path).points[:, :3]


def cable_length(neuron, given):
    return neurom.get("total_length", neuron)


def _without_repeats(points):
    # Sections begin with the last point of the one before.
    return np.unique(points, axis=0).sum()


PLAIN = {"load_skeleton": _without_repeats}
