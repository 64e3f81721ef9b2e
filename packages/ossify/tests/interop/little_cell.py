"""Arrays of a cell small enough to be known by heart, from which each release wrote a file.

``python little_cell.py ARRAYS.npz`` stores them for ``specimens.py``.

The skeleton, by id; 15 to 17 are axon, the others but the soma 10 dendrite::

      13   14   17
        \\ /      |
        12      16      19
         |       |       |
        11      15      18
          \\      |      /
           +--- 10 ---+

A graph vertex lies on every skeleton vertex, in order, and one more on 13. Synapses are on the
graph vertices of 11, 13, 16 and 17; the two faces of the mesh that share an edge on 13 and 14, and
the third on 13, 14 and 17.
"""

from __future__ import annotations

import json
import sys

import numpy as np

FIRST_GRAPH_ID = 2**60
POINTS = [
    *((0, 0, 0), (0, 3, 4), (0, 6, 8), (-2, 6, 8), (2, 6, 8)),
    *((0, 0, -1), (0, 0, -2), (0, 0, -4), (6, 0, 8), (6, 0, 9)),
]
PARENTS = {11: 10, 12: 11, 13: 12, 14: 12, 15: 10, 16: 15, 17: 16, 18: 10, 19: 18}


def arrays():
    """The arrays, by the names that ``dump.py`` uses."""
    ids = np.arange(10, 20)
    points = np.array(POINTS, float)
    graph_ids = FIRST_GRAPH_ID + np.arange(11)
    on_graph = [1, 10, 6, 7]
    return {
        "facts": np.array(json.dumps(facts())),
        "skeleton/ids": ids,
        "skeleton/points": points,
        "skeleton/edges": np.array(list(PARENTS.items())),
        "skeleton/features/radius": np.arange(10, 0, -1) / 10,
        "skeleton/features/compartment": np.array([1, 3, 3, 3, 3, 2, 2, 2, 3, 3]),
        "graph/ids": graph_ids,
        "graph/points": np.vstack([points, points[3] + 0.5]),
        "graph/edges": np.column_stack([graph_ids[1:], graph_ids[:-1]]),
        "graph/features/size_nm3": 2**40 + np.arange(11),
        "graph/features/is_axon": np.isin(np.arange(11), [5, 6, 7]),
        "links/graph/skeleton": np.append(ids, 13),
        "mesh/ids": np.arange(6),
        "mesh/points": points[[3, 3, 3, 4, 7, 7]] + np.eye(6, 3),
        "mesh/faces": np.array([[0, 1, 2], [1, 2, 3], [3, 4, 5]]),
        "links/mesh/skeleton": np.array([13, 13, 13, 14, 17, 17]),
        "syn/ids": 5_000_000_001 + np.arange(4),
        "syn/points": np.vstack([points, points[3]])[on_graph] + 0.25,
        "syn/features/size": np.array([100, 200, 300, 400]),
        "syn/features/partner": 864691135639806265 + np.arange(4),
        "syn/features/tag": np.array(["spine", "shaft", "bouton", "bouton"]),
        "links/syn/graph": graph_ids[on_graph],
    }


def facts():
    """The name, the metadata and the layers."""
    types = {"skeleton": "skeleton", "graph": "graph", "mesh": "mesh"}
    layers = {name: {"type": kind, "group": "layers"} for name, kind in types.items()}
    layers["skeleton"]["root"] = 10
    layers["syn"] = {"type": "points", "group": "annotations"}
    meta = {"purpose": "specimen", "scale": [4, 4, 40]}
    return {"name": 864691135639806263, "meta": meta, "layers": layers}


if __name__ == "__main__":
    np.savez(sys.argv[1], **arrays())
