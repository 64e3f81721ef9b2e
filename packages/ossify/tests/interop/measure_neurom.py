"""What NeuroM and navis measure of SWC files, as JSON: run in an environment of theirs.

``python measure_neurom.py RADII one.swc two.swc`` takes a JSON list of radii for the Sholl profile
and prints one object, with another for each file.
"""

import json
import sys
import warnings
from pathlib import Path

import navis
import neurom
import numpy as np

NUMBERS = [
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
    "section_strahler_orders",
    "section_branch_orders",
]


def of_neurom(path, radii):
    morphology = neurom.load_morphology(path)
    measures = {name: float(neurom.get(name, morphology)) for name in NUMBERS}
    for name in LISTS:
        measures[name] = [float(value) for value in neurom.get(name, morphology)]
    uneven = neurom.get("partition_asymmetry", morphology, method="uylings")
    measures["partition_asymmetry"] = [float(value) for value in uneven]
    points = [section.points[:, :3] for section in neurom.iter_sections(morphology)]
    measures["extents"] = np.ptp(np.concatenate(points).astype(float), axis=0).tolist()
    crossings = neurom.get("sholl_crossings", morphology, radii=radii)
    measures["sholl_crossings"] = [int(count) for count in crossings]
    return measures


def of_navis(path):
    neuron = navis.read_swc(path)
    bars = navis.persistence_points(neuron)
    return {
        "cable_length": float(neuron.cable_length),
        "n_branches": int(neuron.n_branches),
        "n_leafs": int(neuron.n_leafs),
        "max_strahler": int(navis.strahler_index(neuron).nodes["strahler_index"].max()),
        "bars": bars[["birth", "death"]].to_numpy(float).tolist(),
    }


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    measured = {
        Path(path).stem: {
            "neurom": of_neurom(path, json.loads(sys.argv[1])),
            "navis": of_navis(path),
        }
        for path in sys.argv[2:]
    }
    print(json.dumps(measured))
