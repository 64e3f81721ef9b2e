"""What `morphometrics` measures: each quantity with its name, unit, definition and computation.

To add one, add it to `MEASURES`: the table of definitions and the answers follow.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ossify._typing import AnyArray, FloatArray, IntArray
from ossify.algorithms.parts import Parts
from ossify.algorithms.reach import path_lengths, radial_distances
from ossify.layers.skeleton import SkeletonLayer
from ossify.topology.branch_order import branch_order
from ossify.topology.branch_shape import Segments, angles, frusta, partition_asymmetry
from ossify.topology.strahler import strahler_number


@dataclass(frozen=True, eq=False)
class Measured:
    """A skeleton in parts, and what several measures share.

    Attributes
    ----------
    skeleton, parts
        What is measured.
    radius
        (V,) radii, NaN where there are none.
    """

    skeleton: SkeletonLayer
    parts: Parts
    radius: FloatArray

    @property
    def tips(self) -> IntArray:
        """Rows of the end points."""
        return self.skeleton.tree.tip_rows

    @cached_property
    def every(self) -> IntArray:
        """All rows."""
        return np.arange(self.skeleton.n_vertices)

    @cached_property
    def segments(self) -> Segments:
        """The segments; one belongs to the part that its far end is in."""
        return Segments.of(self.skeleton.tree)

    @cached_property
    def segment_lengths(self) -> FloatArray:
        """(S,) path lengths."""
        from_root = self.skeleton._embedded.from_root
        return np.asarray(from_root[self.segments.far] - from_root[self.segments.near])

    @cached_property
    def forks(self) -> tuple[IntArray, IntArray, IntArray]:
        """Rows of the vertices with two children, and the two segments that hang on each."""
        one, other = self.segments.forks()
        return self.segments.near[one], one, other

    @cached_property
    def frusta(self) -> tuple[FloatArray, FloatArray]:
        """(V,) lateral area and volume of the edge above each vertex, 0 at roots."""
        tree = self.skeleton.tree
        radius = np.where(tree.parent >= 0, self.radius, 0.0)
        above = np.where(tree.parent >= 0, np.take(self.radius, tree.parent), 0.0)
        return frusta(self.skeleton._embedded.steps, radius, above)

    def fork_angles(self, towards: IntArray) -> FloatArray:
        """(F,) angles at forks, towards a row of each of the two segments."""
        at, one, other = self.forks
        points = self.skeleton.vertices
        return angles(points[at], points[towards[one]], points[towards[other]])

    def asymmetries(self) -> FloatArray:
        """(F,) partition asymmetries of the forks."""
        ends_segment = np.zeros(self.skeleton.n_vertices, dtype=np.int64)
        ends_segment[self.segments.far] = 1
        n_segments = self.skeleton.tree.subtree_sums(ends_segment)[self.segments.first]
        _, one, other = self.forks
        return partition_asymmetry(n_segments[one], n_segments[other])

    def extent(self, axis: int) -> FloatArray:
        """(P,) largest less smallest coordinate along one axis."""
        along = np.ascontiguousarray(self.skeleton.vertices[:, axis])
        greatest = self.parts.extremes(np.fmax, along, self.every)
        return greatest - self.parts.extremes(np.fmin, along, self.every)


@dataclass(frozen=True)
class Measure:
    """One quantity.

    Attributes
    ----------
    name, unit, definition
        As users read them. The unit "length" is that of the skeleton's coordinates.
    neurom
        What NeuroM calls it, or what it is computed from there; empty if NeuroM has none.
    compute
        Gives one number for each part.
    """

    name: str
    unit: str
    definition: str
    neurom: str
    compute: Callable[[Measured], AnyArray]


def _n_roots(m: Measured) -> AnyArray:
    return m.parts.counts(m.skeleton.tree.roots)


def _path_lengths(m: Measured) -> FloatArray:
    return path_lengths(m.skeleton)[m.tips]


def _tortuosity(m: Measured) -> FloatArray:
    values = m.segments.tortuosity(m.skeleton._embedded.from_root, m.skeleton.vertices)
    return m.parts.means(values, m.segments.far)


MEASURES: tuple[Measure, ...] = (
    Measure(
        "n_vertices", "1", "Vertices.", "", lambda m: m.parts.counts(m.every)
    ),
    Measure(
        "n_roots", "1", "Vertices without a parent, one for each tree.",
        "number_of_neurites", _n_roots,
    ),
    Measure(
        "n_branch_points", "1", "Vertices with two or more children.",
        "number_of_forking_points", lambda m: m.parts.counts(m.skeleton.tree.branch_rows),
    ),
    Measure(
        "n_end_points", "1", "Vertices without children.",
        "number_of_leaves", lambda m: m.parts.counts(m.tips),
    ),
    Measure(
        "n_segments", "1",
        "Unbranched runs of at least one edge between roots, branch points and end points.",
        "number_of_sections", lambda m: m.parts.counts(m.segments.far),
    ),
    Measure(
        "cable_length", "length", "Summed length of all edges.",
        "total_length", lambda m: m.parts.sums(m.skeleton._embedded.steps),
    ),
    Measure(
        "mean_segment_length", "length", "Mean path length of the segments.",
        "section_lengths", lambda m: m.parts.means(m.segment_lengths, m.segments.far),
    ),
    Measure(
        "max_segment_length", "length", "Path length of the longest segment.",
        "section_lengths",
        lambda m: m.parts.extremes(np.fmax, m.segment_lengths, m.segments.far),
    ),
    Measure(
        "mean_path_length", "length", "Mean path length from the end points to their roots.",
        "terminal_path_lengths", lambda m: m.parts.means(_path_lengths(m), m.tips),
    ),
    Measure(
        "max_path_length", "length", "The longest path from an end point to its root.",
        "terminal_path_lengths", lambda m: m.parts.extremes(np.fmax, _path_lengths(m), m.tips),
    ),
    Measure(
        "max_radial_distance", "length",
        "Greatest straight distance between an end point and its root.",
        "max_radial_distance",
        lambda m: m.parts.extremes(np.fmax, radial_distances(m.skeleton)[m.tips], m.tips),
    ),
    Measure(
        "mean_tortuosity", "1",
        "Mean over the segments of path length over the straight distance of the ends.",
        "section_tortuosity", _tortuosity,
    ),
    Measure(
        "mean_local_angle", "rad",
        "Mean angle, where exactly two segments part, between their first edges.",
        "local_bifurcation_angles",
        lambda m: m.parts.means(m.fork_angles(m.segments.first), m.forks[0]),
    ),
    Measure(
        "mean_remote_angle", "rad",
        "Mean angle, where exactly two segments part, between the lines to their far ends.",
        "remote_bifurcation_angles",
        lambda m: m.parts.means(m.fork_angles(m.segments.far), m.forks[0]),
    ),
    Measure(
        "mean_partition_asymmetry", "1",
        "Mean of |n - m| / (n + m - 2), where exactly two segments part, for n and m segments in "
        "the two subtrees, these included; 0 for one each (Van Pelt et al. 1992).",
        "partition_asymmetry", lambda m: m.parts.means(m.asymmetries(), m.forks[0]),
    ),
    Measure(
        "max_strahler_number", "1",
        "Greatest Strahler number in the part, of the tree that it is part of.",
        "section_strahler_orders",
        lambda m: m.parts.extremes(
            np.fmax, strahler_number(m.skeleton.tree).astype(np.float64), m.every
        ),
    ),
    Measure(
        "max_branch_order", "1", "Greatest number of branch points above a vertex.",
        "section_branch_orders",
        lambda m: m.parts.extremes(
            np.fmax, branch_order(m.skeleton.tree).astype(np.float64), m.every
        ),
    ),
    Measure("extent_x", "length", "Width along x.", "total_width", lambda m: m.extent(0)),
    Measure("extent_y", "length", "Height along y.", "total_height", lambda m: m.extent(1)),
    Measure("extent_z", "length", "Depth along z.", "total_depth", lambda m: m.extent(2)),
    Measure(
        "surface_area", "length²",
        "Summed lateral area of the edges as truncated cones between the radii of their ends.",
        "total_area", lambda m: m.parts.sums(m.frusta[0]),
    ),
    Measure(
        "volume", "length³",
        "Summed volume of the edges as truncated cones between the radii of their ends.",
        "total_volume", lambda m: m.parts.sums(m.frusta[1]),
    ),
)  # fmt: skip
"""All quantities, in the order of the columns of `morphometrics`."""
