"""NeuroM's and navis' measures of SWC files, as JSON: run in an environment of theirs.

``python measure_neurom.py one.swc two.swc`` prints one object, with another for each file.
"""

import json
import sys
import warnings
from pathlib import Path

import navis
import neurom
import numpy as np

VALUES = [
    "number_of_neurites",
    "number_of_forking_points",
    "number_of_leaves",
    "number_of_sections",
    "total_length",
    "max_radial_distance",
    "total_area",
    "total_volume",
]
LISTS = [
    "section_lengths",
    "terminal_path_lengths",
    "section_tortuosity",
    "local_bifurcation_angles",
    "remote_bifurcation_angles",
    "partition_asymmetry",
    "section_strahler_orders",
    "section_branch_orders",
]


def of_neurom(path: str) -> dict:
    morphology = neurom.load_morphology(path)
    measures = {name: float(neurom.get(name, morphology)) for name in VALUES}
    for name in LISTS:
        values = np.asarray(neurom.get(name, morphology), dtype=float)
        measures[name] = {
            "n": len(values),
            "mean": float(values.mean()) if len(values) else None,
            "max": float(values.max()) if len(values) else None,
        }
    uneven = neurom.get("partition_asymmetry", morphology, method="uylings")
    measures["partition_asymmetry"]["mean"] = float(np.mean(uneven)) if len(uneven) else None
    points = np.concatenate([section.points[:, :3] for section in neurom.iter_sections(morphology)])
    measures["extents"] = np.ptp(points.astype(float), axis=0).tolist()
    return measures


def of_navis(path: str) -> dict:
    neuron = navis.read_swc(path)
    return {
        "cable_length": float(navis.morpho.cable_length(neuron)),
        "n_branches": int(neuron.n_branches),
        "n_leafs": int(neuron.n_leafs),
        "n_trees": int(neuron.n_trees),
        "max_strahler": int(navis.strahler_index(neuron).nodes["strahler_index"].max()),
    }


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    measured = {
        Path(path).stem: {"neurom": of_neurom(path), "navis": of_navis(path)}
        for path in sys.argv[1:]
    }
    print(json.dumps(measured))
