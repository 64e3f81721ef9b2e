"""Segments cut into pieces of a greatest length."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ossify._typing import FloatArray
from ossify.errors import TopologyError
from ossify.topology.ragged import Ragged
from ossify.topology.rooted_tree import RootedTree
from ossify.topology.segments import segments


def pieces(
    tree: RootedTree,
    from_root: FloatArray,
    max_length: float = np.inf,
    *,
    roots_apart: bool = False,
) -> Ragged:
    """Segments, of which those that are too long are cut into pieces of equal length.

    The length of a segment, or a piece, is the path length between its two ends. One of length L
    is cut at multiples of L / n, with the least n for which that is at most `max_length`; a piece
    has the vertices between two cuts. Edges are not divided: where they are longer than the
    cap, there are fewer pieces, some of a single vertex.

    Parameters
    ----------
    tree
        A rooted tree, or a forest, of V vertices.
    from_root
        (V,) distance of each vertex to its root.
    max_length
        The cap, in the unit of the distances; infinite for none.
    roots_apart
        Whether every root is a piece of its own.

    Returns
    -------
    Ragged
        Rows, in the order of `segments`, each from its far end towards the root. Every vertex is
        in one piece.

    Raises
    ------
    TopologyError
        If the cap is not positive.

    Examples
    --------
    >>> chain = RootedTree.from_parents([-1, 0, 1, 2, 3])
    >>> cut = pieces(chain, np.array([0.0, 1, 2, 3, 4]), max_length=2)
    >>> [rows.tolist() for rows in cut]
    [[4, 3], [2, 1, 0]]
    """
    if not max_length > 0:
        raise TopologyError(f"the greatest length must be positive, not {max_length}")
    whole = segments(tree)
    begins = np.zeros(tree.n_vertices, dtype=np.bool_)
    begins[whole.offsets[:-1]] = True
    if np.isfinite(max_length):
        number = _piece_numbers(whole, np.asarray(from_root), max_length)
        begins[1:] |= number[1:] != number[:-1]
    if roots_apart:
        begins |= tree.parent[whole.values] < 0
    return Ragged(whole.values, np.append(np.flatnonzero(begins), tree.n_vertices))


def piece_of(cut: Ragged) -> npt.NDArray[np.int64]:
    """(V,) number of the piece that each row is in."""
    number = np.empty(len(cut.values), dtype=np.int64)
    number[cut.values] = np.repeat(np.arange(len(cut)), cut.lengths)
    return number


def _piece_numbers(whole: Ragged, from_root: FloatArray, max_length: float) -> FloatArray:
    """Piece of its segment that each vertex falls into, in the order of the segments."""
    along = from_root[whole.values]
    far, near = along[whole.offsets[:-1]], along[whole.offsets[1:] - 1]
    length = far - near
    n_pieces = np.ceil(length / max_length)
    # Pieces per unit of length; a segment without length is one piece.
    density = np.divide(n_pieces, length, out=np.zeros_like(length), where=length > 0)
    passed = np.repeat(far, whole.lengths) - along
    number = np.floor(passed * np.repeat(density, whole.lengths))
    # The vertex at the near end closes the last piece.
    return np.asarray(np.minimum(number, np.repeat(n_pieces - 1, whole.lengths)))
