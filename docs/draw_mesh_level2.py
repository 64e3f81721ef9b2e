"""Draws _static/mesh-level-2.png: a mesh of tubes, every level-2 id in a colour of its own."""

from pathlib import Path

import numpy as np

from cortical_tools import VertexAssigner
from cortical_tools.local.world.plan import chunks
from cortical_tools.local.world.tubes import tube_mesh

LENGTH_NM = 14_000
COLORS = np.array(
    [[31, 119, 180], [255, 127, 14], [44, 160, 44], [214, 39, 40], [148, 103, 189], [140, 86, 75]]
)


def main() -> None:
    """Write the picture to its place."""
    from matplotlib.collections import PolyCollection
    from matplotlib.figure import Figure

    made = tube_mesh(chunks(), n_vertices=40_000, twins=1.0, seed=4)
    found = VertexAssigner(
        864691135639806263, made.vertices, made.faces, made.l2_ids, made.l2_points, chunks()
    ).mesh_label_index
    y = made.vertices[:, 1]
    shown = made.faces[(y[made.faces] < y.min() + LENGTH_NM).all(axis=1)]
    corners = made.vertices[shown].astype(float)
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    # Seen along z: what is far away is drawn first, what turns its back not at all.
    front = np.flatnonzero(normals[:, 2] > 0)
    front = front[np.argsort(corners[front, :, 2].mean(axis=1))]
    ids, color = np.unique(found[shown[front, 0]], return_inverse=True)
    colors = COLORS[color % len(COLORS)] / 255 * (0.45 + 0.55 * normals[front, 2])[:, None]
    flat = corners[front][:, :, [1, 0]] / 1000
    low = flat.min(axis=(0, 1))
    figure = Figure(figsize=(7, 2.4), dpi=110, layout="constrained")
    axes = figure.add_subplot()
    for axis, line in ((1, axes.axvline), (0, axes.axhline)):
        places = chunks().places_around(axis, y.min() if axis else corners[..., 0].min(), 1e6)[:9]
        for begin in chunks().begins(axis, places) / 1000 - low[1 - axis]:
            line(begin, color="0.8", linewidth=0.8, zorder=0)
    axes.add_collection(PolyCollection(flat - low, facecolors=colors, edgecolors="face"))
    reach = flat.max(axis=(0, 1)) - low
    axes.set(xlim=(-0.3, reach[0] + 0.3), ylim=(-0.3, reach[1] + 0.3), aspect="equal")
    axes.set(xlabel="µm", title=f"{len(ids)} level-2 ids; the grid are chunks")
    figure.savefig(Path(__file__).parent / "_static" / "mesh-level-2.png")


if __name__ == "__main__":
    main()
