"""The example cell."""

from __future__ import annotations

import operator

import numpy as np

from ossify.cell.cell import Cell
from ossify.examples.arbor import SOMA_ROW, Arbor, grow
from ossify.examples.level2 import level2_graph
from ossify.examples.plan import plan_branches
from ossify.examples.synapses import post_synapses, pre_synapses, root_ids
from ossify.examples.tube import tube_surface
from ossify.links import Link

_FEWEST_VERTICES = 50
_ORDINARY = 5_000
_FEWEST_PER_BRANCH = 12
_ARBOR, _GRAPH, _SYNAPSES = range(3)


def example_cell(n_vertices: int = 5_000, seed: int = 0, *, mesh: bool = False) -> Cell:
    """A synthetic pyramidal cell of cortex, of about the size of a real one.

    The soma is the root. An apical dendrite with oblique branches and a tuft rises towards the
    pia (y points down, away from it), basal dendrites surround the soma, and a thin axon descends
    and sends out collaterals.

    Parameters
    ----------
    n_vertices
        The number of skeleton vertices, at least 50. More vertices draw the same kind of cell
        finer and give it more axon collaterals; few leave only its thickest branches.
    seed
        Not negative. The same seed gives the same cell.
    mesh
        Whether it has a mesh.

    Returns
    -------
    Cell
        In nanometres, with

        - ``skeleton``: vertex ids 0 … V−1, features ``radius`` (nm) and ``compartment``
          (`ossify.compartment.Compartment` codes). Neighbours are about equally far apart, except
          that the soma is one vertex and branches start at its surface;
        - ``graph``: like a level-2 graph, about two vertices per skeleton vertex, with cycles;
          ids above 2**53; features ``size_nm3``, ``area_nm2``, ``max_dt_nm``, ``mean_dt_nm``;
          linked to the skeleton;
        - annotations ``pre_syn``, on the axon, and ``post_syn``, on the dendrites but for a few on
          the axon's initial segment; each with ``size``, the partner's root id and the level-2 id
          that links it to the graph;
        - ``mesh``, if asked for: a tube around the skeleton and linked to it, six vertices per
          skeleton vertex.

        ``meta`` says that it is synthetic, and how it was made.

    Raises
    ------
    ValueError
        If `n_vertices` is below 50, or `seed` is negative.
    TypeError
        If either is not a whole number.

    Examples
    --------
    >>> cell = example_cell(1_000)
    >>> cell.skeleton.n_vertices, cell.skeleton.root, cell.units
    (1000, 0, 'nm')
    >>> cell.annotations.names
    ['pre_syn', 'post_syn']
    """
    n_vertices, seed = operator.index(n_vertices), operator.index(seed)
    if n_vertices < _FEWEST_VERTICES:
        raise ValueError(
            f"an example cell has {_FEWEST_VERTICES} vertices or more, so that it has a soma, an "
            f"axon and dendrites; got n_vertices={n_vertices}"
        )
    if seed < 0:
        raise ValueError(f"seed must be 0 or more; got {seed}")
    arbor = _arbor(n_vertices, seed)
    rng = _chance(seed, _SYNAPSES)
    cell = Cell(
        int(root_ids(rng, 1)[0]),
        {
            "synthetic": True,
            "made_by": "ossify.example_cell",
            "n_vertices": n_vertices,
            "seed": seed,
        },
    )
    _add_skeleton(cell, arbor)
    _add_graph_and_synapses(cell, arbor, seed, rng)
    if mesh:
        surface = tube_surface(arbor)
        cell.add_mesh(
            surface.points,
            surface.faces,
            linkage=Link(surface.skeleton_row, target=Cell.SKEL_LN),
        )
    return cell


def _chance(seed: int, part: int) -> np.random.Generator:
    """Each part of the cell draws from its own numbers, so that one can change alone."""
    return np.random.default_rng([seed, part])


def _arbor(n_vertices: int, seed: int) -> Arbor:
    rng = _chance(seed, _ARBOR)
    # Larger reconstructions are larger mostly because more of the axon has been followed.
    richness = (n_vertices / _ORDINARY) ** 0.35
    branches = plan_branches(rng, richness, at_most=n_vertices // _FEWEST_PER_BRANCH)
    return grow(branches, n_vertices, rng)


def _add_skeleton(cell: Cell, arbor: Arbor) -> None:
    child = np.delete(np.arange(len(arbor.parent)), SOMA_ROW)
    cell.add_skeleton(
        arbor.points,
        np.column_stack([child, arbor.parent[child]]),
        {"radius": arbor.radius, "compartment": arbor.compartment},
        root=SOMA_ROW,
    )


def _add_graph_and_synapses(cell: Cell, arbor: Arbor, seed: int, rng: np.random.Generator) -> None:
    level2 = level2_graph(arbor, _chance(seed, _GRAPH))
    cell.add_graph(
        level2.nodes,
        level2.edges,
        vertex_index="l2_id",
        spatial_columns="rep_coord_nm",
        linkage=Link(level2.skeleton_row, target=Cell.SKEL_LN),
    )
    for name, table, own in (
        ("pre_syn", pre_synapses(arbor, level2, rng), "pre_pt_l2_id"),
        ("post_syn", post_synapses(arbor, level2, rng), "post_pt_l2_id"),
    ):
        cell.add_point_annotations(
            name,
            table,
            "ctr_pt_position",
            vertex_index="id",
            linkage=Link(own, target=Cell.GRAPH_LN),
        )
