"""Level-2 ids for the vertices of a mesh, and how surely each of them has its own."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from cortical_tools.chunks import Chunks
from cortical_tools.ids import Ids, one_id
from cortical_tools.mesh_labels._arrays import BoolArray, FloatArray, IntArray
from cortical_tools.mesh_labels.intake import checked_faces, checked_options, checked_vertices
from cortical_tools.mesh_labels.labelling import Chunkwise, Method, PieceLabels
from cortical_tools.mesh_labels.level2_ids import Level2Ids
from cortical_tools.mesh_labels.lookup import LookUp, label_looked_up
from cortical_tools.mesh_labels.pieces import Cutter, Pieces, chunk_corners
from cortical_tools.mesh_labels.propagation import is_rim, spread
from cortical_tools.mesh_labels.proximity import label_floating

_HOPS = 50
_AXES = ("x", "y", "z")


@dataclass(frozen=True)
class Assignment:
    """What each vertex was assigned, and how.

    Parameters
    ----------
    index
        (V,) int64, which of the level-2 ids; −1 for none.
    method
        (V,) int8, a `Method`.
    hops
        (V,) int32, edges to the vertex that the id was propagated from: 0 for an id of its own, −1
        for none.
    confidence
        (V,) float32, from 0 for none to 1.
    """

    index: IntArray
    method: NDArray[np.int8]
    hops: NDArray[np.int32]
    confidence: NDArray[np.float32]


class VertexAssigner:
    """Finds the level-2 id of every vertex of one object's mesh.

    It needs no network: a mesh, the object's level-2 ids with a point in each, and where the chunks
    of the segmentation are.

    Parameters
    ----------
    root_id
        Whose mesh it is.
    vertices
        (V, 3) nanometres.
    faces
        (F, 3) rows of `vertices`. Their orientation does not matter.
    lvl2_ids
        (N,) all level-2 ids of the object, in any order.
    lvl2_pts
        (N, 3) a point inside of each, in nanometres, such as the ``rep_coord_nm`` of the level-2
        cache; NaN where there is none. What lies outside of the id's chunk counts as none.
    chunks
        The geometry of the segmentation.

    Notes
    -----
    Vertices are sorted into chunks, and the mesh is cut into pieces where chunks end. Where a chunk
    has one id and one piece, that is that. Otherwise each id gets the piece that encloses its
    point, one to one. What is left over and ends within its chunk gets the id of what is close by.
    What the rounding of vertices put on the wrong side of a border gets its neighbour's.

    Ids do not go from chunk to chunk: a piece whose id is not among those given has none, and its
    vertices have 0. See `compute_mesh_label` for how to fill such gaps.

    Examples
    --------
    A tetrahedron in a chunk of which one level-2 id is known:

    >>> graph = {"n_layers": 12, "chunk_size": [256, 256, 512], "spatial_bit_masks": {"2": 10}}
    >>> scale = {"resolution": [8, 8, 40], "voxel_offset": [0, 0, 0]}
    >>> chunks = Chunks.from_info({"graph": graph, "scales": [scale]})
    >>> vertices = [[100, 100, 100], [400, 100, 100], [100, 400, 100], [100, 100, 400]]
    >>> faces = [[0, 2, 1], [0, 1, 3], [0, 3, 2], [1, 2, 3]]
    >>> l2_ids = [144115188075855873]
    >>> assigner = VertexAssigner(
    ...     864691135639806263, vertices, faces, l2_ids, [[180, 180, 180]], chunks
    ... )
    >>> assigner.mesh_label.tolist() == l2_ids * 4
    True
    >>> [Method(code).name for code in assigner.method.tolist()]
    ['SOLO', 'SOLO', 'SOLO', 'SOLO']
    """

    def __init__(
        self,
        root_id: Ids,
        vertices: ArrayLike,
        faces: ArrayLike,
        lvl2_ids: Ids,
        lvl2_pts: ArrayLike,
        chunks: Chunks,
    ) -> None:
        self.root_id: int = one_id(root_id, "root_id")
        self.vertices: NDArray[np.floating[Any]] = checked_vertices(vertices)
        self.faces: NDArray[np.integer[Any]] = checked_faces(faces, len(self.vertices))
        self.chunks = chunks
        self._level2 = Level2Ids.checked(lvl2_ids, lvl2_pts, chunks)
        self._assignment: Assignment | None = None

    def __repr__(self) -> str:
        return (
            f"VertexAssigner({self.root_id}, {len(self.vertices)} vertices, {len(self.faces)} "
            f"faces, {len(self.lvl2_ids)} level-2 ids)"
        )

    @property
    def lvl2_ids(self) -> IntArray:
        """(N,) int64, as given."""
        return self._level2.ids

    @property
    def lvl2_pts(self) -> FloatArray:
        """(N, 3) the points in nanometres; NaN where there is none."""
        return self._level2.points

    @property
    def chunk_dims(self) -> FloatArray:
        """(3,) nanometres of a chunk."""
        return self.chunks.size_nm

    @property
    def draco_size(self) -> int:
        """Nanometres of the grid that vertices lie on; 0 if they lie anywhere."""
        return self.chunks.grid

    def compute_mesh_label(
        self,
        max_distance: float = 500,
        ratio_better: float = 0.5,
        hop_limit: int | None = None,
        *,
        fill_unknown: bool = False,
        look_up: LookUp | None = None,
    ) -> IntArray:
        """Assign all vertices anew, with other options than by default.

        Parameters
        ----------
        max_distance
            How far a piece that floats in its chunk may be from what it gets its id from, in
            nanometres.
        ratio_better
            That has to be less than this times as far as the nearest piece of another id.
        hop_limit
            The greatest number of edges that an id is propagated along; by default 50, and 0 for
            none at all.
        fill_unknown
            Whether ids are also propagated to vertices whose own id is not known. They get the id
            of a neighbour: right for colours, wrong for measurements.
        look_up
            What says of (N, 3) points, in nanometres, which of the object's level-2 ids are there,
            0 for none. It is asked for some around pieces that nothing else tells the ids of.

        Returns
        -------
        (V,) int64 array
            Level-2 ids; 0 where there is none. The same as `mesh_label` from now on.
        """
        hops = _HOPS if hop_limit is None else hop_limit
        checked_options(max_distance, ratio_better, hops)
        self._assignment = self._assigned(
            max_distance, ratio_better, int(hops), fill_unknown, look_up
        )
        return self.mesh_label

    @property
    def assignment(self) -> Assignment:
        """What was assigned, and how; computed by default options if it was not yet."""
        if self._assignment is None:
            self.compute_mesh_label()
        assert self._assignment is not None
        return self._assignment

    @property
    def mesh_label(self) -> IntArray:
        """(V,) int64 level-2 id of each vertex; 0 for none."""
        ids = np.append(self.lvl2_ids, 0)
        # The last one, 0, is what −1 stands for.
        found: IntArray = ids[self.mesh_label_index]
        return found

    @property
    def mesh_label_index(self) -> IntArray:
        """(V,) int64, which of `lvl2_ids` each vertex has; −1 for none."""
        return self.assignment.index

    @property
    def method(self) -> NDArray[np.int8]:
        """(V,) int8 code of the `Method` by which each vertex has its id."""
        return self.assignment.method

    @property
    def hops(self) -> NDArray[np.int32]:
        """(V,) int32 edges that the id was propagated along; 0 for one of its own, −1 for none."""
        return self.assignment.hops

    @property
    def confidence(self) -> NDArray[np.float32]:
        """(V,) float32, how sure it is: from 0 for no id to 1.

        The winding number of the piece around the id's point, its share of the chunk's vertices
        where it is not the only piece of the only id, how much nearer it is than what is next, the
        share of the voxels that were looked up, or that of the neighbour, less with every edge: by
        the method.
        """
        return self.assignment.confidence

    @cached_property
    def chunk_df(self) -> pd.DataFrame:
        """A row for each level-2 id: its chunk, where that begins and ends, and its point.

        Columns ``l2id``, ``chunk_x`` …, ``bbox_start_x`` …, ``bbox_end_x`` …, ``chunk_number``
        (the same for ids of one chunk) and ``pt_x`` …; lengths in nanometres.
        """
        places = self._level2.places
        starts, ends = chunk_corners(self.chunks, places)
        numbers = np.unique(places, axis=0, return_inverse=True)[1].reshape(-1)
        columns: dict[str, Any] = {"l2id": self.lvl2_ids}
        parts = {"chunk": places, "bbox_start": starts, "bbox_end": ends}
        for name, values in parts.items():
            columns |= {f"{name}_{axis}": values[:, n] for n, axis in enumerate(_AXES)}
        columns["chunk_number"] = numbers.astype(np.int64)
        columns |= {f"pt_{axis}": self.lvl2_pts[:, n] for n, axis in enumerate(_AXES)}
        return pd.DataFrame(columns)

    @property
    def chunk_df_solo(self) -> pd.DataFrame:
        """The rows of `chunk_df` whose chunks have one level-2 id."""
        return self.chunk_df[~self.chunk_df["chunk_number"].duplicated(keep=False)]

    @property
    def chunk_df_multi(self) -> pd.DataFrame:
        """The rows of `chunk_df` whose chunks have several level-2 ids."""
        return self.chunk_df[self.chunk_df["chunk_number"].duplicated(keep=False)]

    def _assigned(
        self,
        max_distance: float,
        ratio_better: float,
        hop_limit: int,
        fill_unknown: bool,
        look_up: LookUp | None,
    ) -> Assignment:
        if len(self.vertices) == 0 or len(self.lvl2_ids) == 0:
            return _nothing(len(self.vertices))
        cutter = Cutter(self.chunks, self.vertices, self._level2.places)
        keys = cutter.keys(self._level2.places)
        pieces = cutter.cut(self.faces, np.unique(keys))
        chunkwise = Chunkwise(pieces, self._level2, keys)
        labels = chunkwise.label()
        label_floating(pieces, labels, max_distance, ratio_better)
        places = cutter.places(pieces.keys)
        if look_up is not None:
            label_looked_up(chunkwise, labels, self.chunks, places, look_up)
        found = _by_vertex(pieces, labels)
        rim = is_rim(pieces, self.chunks, places) & labels.is_free
        rim &= (chunkwise.n_ids > 0)[pieces.chunk_of_piece]
        found = _propagated(pieces, found, rim[pieces.piece], hop_limit)
        if fill_unknown:
            found = _propagated(pieces, found, found.index < 0, hop_limit)
        return _in_order_of_mesh(pieces, found)


def _nothing(n_vertices: int) -> Assignment:
    return Assignment(
        np.full(n_vertices, -1, dtype=np.int64),
        np.full(n_vertices, Method.NONE, dtype=np.int8),
        np.full(n_vertices, -1, dtype=np.int32),
        np.zeros(n_vertices, dtype=np.float32),
    )


def _by_vertex(pieces: Pieces, labels: PieceLabels) -> Assignment:
    """What the pieces have, for each vertex."""
    index = labels.row[pieces.piece]
    hops = np.where(index < 0, -1, 0).astype(np.int32)
    return Assignment(index, labels.method[pieces.piece], hops, labels.confidence[pieces.piece])


def _propagated(
    pieces: Pieces, found: Assignment, may_take: BoolArray, hop_limit: int
) -> Assignment:
    """With the ids of neighbours where vertices may take them."""
    if hop_limit == 0 or not may_take.any():
        return found
    reached = spread(pieces, found.index >= 0, may_take, hop_limit)
    new = reached.hops > 0
    source, hops = reached.source[new], reached.hops[new]
    index, method = found.index.copy(), found.method.copy()
    all_hops, confidence = found.hops.copy(), found.confidence.copy()
    index[new], method[new], all_hops[new] = index[source], Method.PROPAGATED, hops
    confidence[new] = confidence[source] / (1 + hops)
    return Assignment(index, method, all_hops, confidence)


def _in_order_of_mesh(pieces: Pieces, found: Assignment) -> Assignment:
    def ordered(values: NDArray[Any]) -> NDArray[Any]:
        out = np.empty_like(values)
        out[pieces.order] = values
        out.flags.writeable = False
        return out

    return Assignment(
        ordered(found.index),
        ordered(found.method),
        ordered(found.hops),
        ordered(found.confidence),
    )
