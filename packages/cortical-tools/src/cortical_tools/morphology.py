"""Skeletons and meshes as cells: the one door to ossify.

Importing it does without ossify; loading a cell does not.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from cortical_tools.connection import Connection
from cortical_tools.coordinates import Transform, cortical_mover
from cortical_tools.errors import MissingExtraError
from cortical_tools.ids import Ids, int_ids, one_id
from cortical_tools.meshes import MeshClient

if TYPE_CHECKING:
    from numpy.typing import ArrayLike
    from standard_transform.datasets import Dataset

    from ossify import Cell as Cell  # clients name it too
    from ossify import GraphLayer

ReferenceTables = str | Sequence[str] | Mapping[str, Any] | None

_DEFAULT_VERSION = 4
_SERVICES = ("skeleton", "chunkedgraph", "materialize", "l2cache")


def get_skeleton(
    connection: Connection,
    root_id: int,
    synapses: bool = True,
    restore_graph: bool = False,
    restore_properties: bool = True,
    synapse_reference_tables: ReferenceTables = None,
    skeleton_version: int | None = None,
    transform: Transform | None = None,
    *,
    reference_tables: ReferenceTables = None,
    include_partner_root_id: bool = False,
    timestamp: datetime | None = None,
    synapse_spatial_point: str = "ctr_pt_position",
    omit_self_synapses: bool = True,
    space: Callable[[], Dataset] | None = None,
) -> Cell:
    """One neuron as a cell: skeleton, level-2 graph and synapses.

    Parameters
    ----------
    connection
        Whom to ask.
    root_id
        The root id. One that is no longer current is loaded as of the last moment at which it was
        valid, with a warning.
    synapses
        Whether the cell has its synapses, as ``annotations.pre_syn`` and ``annotations.post_syn``.
        Those of the neuron onto itself are left out.
    restore_graph
        Whether the level-2 graph has its edges.
    restore_properties
        Whether the level-2 graph has all attributes of the level-2 cache, or coordinates alone.
    synapse_reference_tables, reference_tables
        Tables that say more of synapses, joined where their ``target_id`` is the synapse's id: a
        name or several; a dict with those for ``"pre"`` and those for ``"post"``; or a dict from
        name to the suffix for columns whose name is taken, which else is the table's name. The
        two arguments mean the same, and both count.
    skeleton_version
        The version of the skeleton; None for 4.
    transform
        ``"rigid"``: rotated and moved so that the pia is at y = 0 and y points to white matter.
        ``"streamline"``: bent along the streamlines of cortex as well, seen from the root of the
        skeleton. All coordinates, point features such as ``pre_pt_position_x`` and ``radius`` are
        in micrometres then; columns that end in ``_nm``, ``_nm2`` or ``_nm3`` keep their unit.
    include_partner_root_id
        Whether synapses have the root id of the other side.
    timestamp
        The time at which the root is asked about; without a zone, UTC. None: the last moment at
        which it is valid.
    synapse_spatial_point
        The point of a synapse that is its place; the others are features.
    omit_self_synapses
        Whether synapses of the neuron onto itself are left out.
    space
        Gives the transforms of the dataset, when they are needed.

    Returns
    -------
    ossify.Cell
        As `ossify.load_cell_from_client` has it, with its units and space.

    Raises
    ------
    MissingExtraError
        If ossify is not installed. An ImportError.
    ValueError
        If `transform` is another word, or the root is not valid at `timestamp`.
    """
    root = one_id(root_id, "root_id")
    load = _ossify().load_cell_from_client
    moved = cortical_mover(transform, space)
    references = _references(synapse_reference_tables, reference_tables)
    version = _DEFAULT_VERSION if skeleton_version is None else skeleton_version
    cell = load(
        root,
        _ready(connection),
        skeleton=_skeleton(connection, root, version),
        synapses=synapses,
        restore_graph=restore_graph,
        restore_properties=restore_properties,
        skeleton_version=version,
        include_partner_root_id=include_partner_root_id,
        timestamp=timestamp,
        synapse_spatial_point=synapse_spatial_point,
        omit_self_synapses=omit_self_synapses,
        **references,
    )
    return moved(cell)


def get_skeletons(
    connection: Connection,
    root_ids: Ids,
    synapses: bool = True,
    restore_graph: bool = False,
    restore_properties: bool = True,
    synapse_reference_tables: ReferenceTables = None,
    skeleton_version: int | None = None,
    transform: Transform | None = None,
    *,
    reference_tables: ReferenceTables = None,
    include_partner_root_id: bool = False,
    timestamp: datetime | None = None,
    synapse_spatial_point: str = "ctr_pt_position",
    omit_self_synapses: bool = True,
    skip_invalid: bool = False,
    method: Literal["server", "gcs"] = "server",
    max_workers: int | None = None,
    progress: bool = True,
    space: Callable[[], Dataset] | None = None,
) -> dict[int, Cell]:
    """Many neurons as cells, in fewer requests than one by one and several at a time.

    The other arguments are those of `get_skeleton`.

    Parameters
    ----------
    connection
        Whom to ask.
    root_ids
        The root ids; each is loaded once.
    timestamp
        One time for all. None: that of the materialization that the client is set to.
    skip_invalid
        Whether roots that are not valid at that time, or whose skeleton is not ready, are left
        out with a warning; otherwise they are an error.
    method
        Where skeletons come from: the ``"server"``, or its bucket, ``"gcs"``.
    max_workers
        How many requests are made at once; None for 8.
    progress
        Whether to show bars, if someone is looking: on a terminal.

    Returns
    -------
    dict of root id → ossify.Cell, in the order of `root_ids`.

    Raises
    ------
    MissingExtraError
        If ossify is not installed. An ImportError.
    ValueError
        If `transform` is another word, or a root is not valid or has no skeleton ready.
    """
    roots = int_ids(root_ids, "root_ids")
    load = _ossify().load_cell_batch_from_client
    moved = cortical_mover(transform, space)
    references = _references(synapse_reference_tables, reference_tables)
    cells = load(
        roots,
        _ready(connection),
        synapses=synapses,
        restore_graph=restore_graph,
        restore_properties=restore_properties,
        skeleton_version=skeleton_version,
        include_partner_root_id=include_partner_root_id,
        timestamp=timestamp,
        synapse_spatial_point=synapse_spatial_point,
        omit_self_synapses=omit_self_synapses,
        skip_invalid=skip_invalid,
        skeleton_download_method=method,
        max_workers=max_workers,
        progress=progress,
        **references,
    )
    return {root: moved(cell) for root, cell in cells.items()}


def add_mesh(
    cell: Cell,
    meshes: MeshClient,
    root_id: int | None = None,
    vertices: ArrayLike | None = None,
    faces: ArrayLike | None = None,
    **options: Any,
) -> Cell:
    """Give a cell its mesh, linked to its level-2 graph and so to its skeleton.

    A mask of the skeleton cuts the mesh as well then. Vertices of the mesh whose level-2 id is not
    known, or is not in the graph of the cell, are linked to nothing and go with any such mask.

    Parameters
    ----------
    cell
        A cell with a level-2 graph, such as `get_skeleton` gives, in nanometres of the dataset.
    meshes
        Where meshes come from.
    root_id
        Whose mesh it is; by default that of the cell, from its ``meta``.
    vertices, faces
        A mesh that is there already: (V, 3) nanometres, and (F, 3) rows of them.
    **options
        As for `MeshClient.compute_vertex_to_l2_mapping`.

    Returns
    -------
    ossify.Cell
        The cell itself. Its ``mesh`` has the features ``l2_id`` (int64, 0 for none), ``l2_method``
        (int8, a `cortical_tools.mesh_labels.Method`) and ``l2_confidence`` (float32, from 0 to 1).

    Raises
    ------
    MissingExtraError
        If ossify is not installed. An ImportError.
    ValueError
        If the cell has a mesh already, no graph, no root id, or other coordinates than those of
        the dataset. It is then as it was.
    """
    ossify = _ossify()
    root = _root_of(cell) if root_id is None else one_id(root_id, "root_id")
    graph = _graph_for_mesh(cell)
    _, assigner = meshes.compute_vertex_to_l2_mapping(
        root, vertices, faces, return_assigner=True, **options
    )
    l2_ids = assigner.mesh_label
    known = np.isin(l2_ids, graph.vertex_index)
    features = {
        "l2_id": l2_ids,
        "l2_method": assigner.method,
        "l2_confidence": assigner.confidence,
    }
    link = ossify.Link(np.where(known, l2_ids, -1), target=graph.name)
    return cell.add_mesh(assigner.vertices, assigner.faces, features, linkage=link)


def _root_of(cell: Cell) -> int:
    if "root_id" not in cell.meta:
        raise ValueError(
            f"cell {cell.name}: its meta has no 'root_id', so root_id has to say whose mesh it gets"
        )
    return one_id(cell.meta["root_id"], "root_id")


def _graph_for_mesh(cell: Cell) -> GraphLayer:
    """The graph that the mesh of a cell is linked to; stops where the cell cannot be given one."""
    if cell.mesh is not None:
        raise ValueError(f"cell {cell.name} has a mesh already; cell.remove_layer removes it")
    if cell.graph is None:
        raise ValueError(f"cell {cell.name} has no level-2 graph for a mesh to be linked to")
    if cell.units not in (None, "nm") or cell.space is not None:
        raise ValueError(
            f"cell {cell.name} is in {cell.units} of {cell.space or 'another space'}, its mesh "
            "would be in nm of the dataset: add it to the cell as it is loaded with "
            "transform=None, and transform both"
        )
    return cell.graph


def _ready(connection: Connection) -> Any:
    """The CAVEclient, its services made and patient before several threads ask them."""
    for name in _SERVICES:
        connection.service(name)
    return connection.cave


def _skeleton(connection: Connection, root_id: int, version: int) -> Any:
    """The skeleton of a root.

    caveclient needs cloud-volume, and further requests, only to have one made that is not ready.
    """
    from caveclient.base import ServerIncompatibilityError

    service = connection.service("skeleton")
    options: dict[str, Any] = {"skeleton_version": version, "output_format": "dict"}
    try:
        ready = service.fetch_skeletons([root_id], method="server", **options)
    except ServerIncompatibilityError:
        # An older service, which knows no other way.
        ready = {}
    if str(root_id) in ready:
        return ready[str(root_id)]
    try:
        return service.get_skeleton(root_id, **options)
    except ImportError as error:
        raise MissingExtraError("a skeleton that has to be made first", "mesh") from error


def _ossify() -> Any:
    try:
        import ossify  # noqa: PLC0415  an extra: everything else works without it
    except ImportError as error:
        raise MissingExtraError("a skeleton as a Cell", "ossify") from error
    return ossify


def _references(*given: ReferenceTables) -> dict[str, Any]:
    """Names and suffixes of the reference tables, as ossify takes them."""
    tables: dict[str, list[str]] = {"pre": [], "post": []}
    suffixes: dict[str, str] = {}
    for names in given:
        if not isinstance(names, Mapping):
            by_side: Mapping[str, Any] = dict.fromkeys(tables, names)
        elif set(names) <= set(tables):
            by_side = names
        elif set(names) & set(tables):
            raise ValueError(
                "a dict of reference tables has either the sides 'pre' and 'post' for keys, or "
                f"names of tables; got {', '.join(map(repr, names))}"
            )
        else:
            by_side = {side: list(names) for side in tables}
            suffixes.update({name: suffix for name, suffix in names.items() if suffix})
        for side, some in by_side.items():
            tables[side] += [some] if isinstance(some, str) else list(some or ())
    return {
        "reference_tables": {side: list(dict.fromkeys(tables[side])) for side in tables},
        "reference_suffixes": suffixes,
    }
