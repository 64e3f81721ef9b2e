"""Branches as bars: where each begins and where it ends.

Source: Kanari et al. 2018, "A topological representation of branching neuronal morphologies".
"""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd

from ossify.algorithms.reach import path_lengths, radial_distances
from ossify.algorithms.subject import skeleton_of
from ossify.cell.cell import Cell
from ossify.layers.skeleton import SkeletonLayer
from ossify.topology.segments import cover_paths


def persistence(
    cell: Cell | SkeletonLayer, distance: Literal["path", "radial"] = "path"
) -> pd.DataFrame:
    """Persistence barcode of a skeleton: one bar for every end point.

    Seen from the end points towards the root, a bar is born at each end point. Where branches
    meet, the one whose end point is the farthest from the root goes on and the others die (the
    elder rule); the last one dies at the root. In Kanari et al. 2018 this is the topological
    morphology descriptor.

    Parameters
    ----------
    cell
        A cell with a skeleton, or a skeleton. Every tree has bars of its own. In a masked
        skeleton they die where branches that are left meet; distances are those before the mask.
    distance
        What is meant by far: "path" is the path length to the root, "radial" the straight
        distance from it.

    Returns
    -------
    DataFrame
        The farthest end point first; without vertices no rows, and for a vertex on its own a bar
        without length. In columns

        - ``end_point``: vertex id of the end point at which the bar is born;
        - ``dies_at``: vertex id of the branch point, or the root, where it dies;
        - ``birth``, ``death``: the distances of these two, in the unit of the skeleton;
        - ``length``: birth less death. Negative where a branch has turned back, which only
          radial distances show. Those of paths add up to the cable length of what is not masked.

    Raises
    ------
    ValueError
        If there is no skeleton, or another distance is asked for.

    Examples
    --------
    Two tips, 2 and 3, meet at 1, which hangs from the root 0.

    >>> edges = [[1, 0], [2, 1], [3, 1]]
    >>> skeleton = SkeletonLayer("y", [[0, 0, 0], [1, 0, 0], [3, 0, 0], [1, 1, 0]], edges)
    >>> persistence(skeleton)
       end_point  dies_at  birth  death  length
    0          2        0    3.0    0.0     3.0
    1          3        1    2.0    1.0     1.0
    """
    skeleton = skeleton_of(cell)
    if distance not in ("path", "radial"):
        raise ValueError(f"distance must be 'path' or 'radial', not {distance!r}")
    far = path_lengths(skeleton) if distance == "path" else radial_distances(skeleton)
    tree = skeleton.tree
    # Old files of masked skeletons may not know how far it was to the root.
    ranked_by = skeleton._embedded.from_root if np.isnan(far).any() else far
    paths = cover_paths(tree, ranked_by)
    tips, last = paths.values[paths.offsets[:-1]], paths.values[paths.offsets[1:] - 1]
    above = tree.parent[last]
    dies_at = np.where(above >= 0, above, last)
    return pd.DataFrame(
        {
            "end_point": skeleton.vertex_index[tips],
            "dies_at": skeleton.vertex_index[dies_at],
            "birth": far[tips],
            "death": far[dies_at],
            "length": far[tips] - far[dies_at],
        }
    )
