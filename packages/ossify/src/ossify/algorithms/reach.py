"""How far the vertices of a skeleton are from their roots."""

from __future__ import annotations

import numpy as np

from ossify._typing import FloatArray
from ossify.layers.skeleton import SkeletonLayer
from ossify.topology.spatial import norms


def path_lengths(skeleton: SkeletonLayer) -> FloatArray:
    """(V,) path length to the root of each vertex's tree, measured before any mask."""
    return np.asarray(skeleton.distance_to_root())


def radial_distances(skeleton: SkeletonLayer) -> FloatArray:
    """(V,) straight distance to the root of each vertex's tree, as it was before any mask.

    NaN where the file of a masked skeleton has not kept where the root was.
    """
    whole = skeleton._whole
    rows = whole.ids.find(skeleton.vertex_index)
    roots = np.take(whole.points, whole.tree.component_root[rows], axis=0)
    offset = skeleton.vertices - roots
    return norms(offset)
