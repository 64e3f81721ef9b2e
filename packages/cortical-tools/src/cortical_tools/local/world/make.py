"""The world as a snapshot folder."""

from __future__ import annotations

import importlib.util
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from cortical_tools.errors import MissingExtraError, SnapshotError
from cortical_tools.local.world import edits, plan, schemas, tables
from cortical_tools.local.world.ids import IdMint
from cortical_tools.local.world.neurons import Neuron, make_neuron
from cortical_tools.local.world.synapses import make_synapses
from cortical_tools.snapshot_folder import Facts, SnapshotWriter, layout

FEWEST_CELLS = len(edits.ROLES)
_WITHOUT_ATTRIBUTES, _WITHOUT_PCA = 5, 6
"""Rows of the neuron with the nucleus off its segmentation, which are odd in the cache."""


def make_world(
    folder: str | os.PathLike[str],
    n_cells: int = 20,
    seed: int = 0,
    *,
    n_vertices: int = 2_000,
    datastack_name: str = plan.DATASTACK,
) -> Path:
    """Make a snapshot folder of synthetic neurons that were proofread.

    There are three materialization versions, of which the first has expired; a table of synapses,
    some between these neurons, some of them autapses, and most with fragments; nuclei, cell types
    and tags of synapses. The first neurons have histories: what each has been is under ``neurons``
    in the provenance.

    Parameters
    ----------
    folder
        Where it is to be; must not exist.
    n_cells
        How many neurons; at least 8, one for each history.
    seed
        The same seed makes the same world.
    n_vertices
        How many skeleton vertices each neuron has; at least 50.
    datastack_name
        What the datastack is to be called.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    SnapshotError
        If the folder exists, or there are too few cells.
    MissingExtraError
        If ossify is not installed.
    """
    if n_cells < FEWEST_CELLS:
        raise SnapshotError(
            f"a world has {FEWEST_CELLS} cells or more, one for each history; got {n_cells}"
        )
    _check_ossify()
    writer = SnapshotWriter(folder)
    rng = np.random.default_rng(seed)
    mint = IdMint(rng)
    neurons = [make_neuron(n_vertices, 1_000 * seed + k, mint, rng) for k in range(n_cells)]
    synapses = make_synapses(neurons, mint, rng)
    story = edits.tell(neurons, synapses.fragments, mint)
    _write_ids(writer, story)
    _write_level2(writer, neurons, story)
    _write_tables(writer, neurons, synapses.table, rng)
    writer.add_bytes(f"{plan.IMAGE_FILES}/info", json.dumps(plan.image_info()).encode())
    for neuron, history in zip(neurons, story.neurons, strict=True):
        writer.add_mesh(history[-1], neuron.mesh)
        for root_id in history:
            arrays = neuron.skeleton_of(story.objects.level2[root_id])
            if arrays is not None:
                meta = _skeleton_meta(neuron, root_id, datastack_name)
                writer.add_skeleton(root_id, {"meta": meta, **arrays})
    facts = Facts(
        datastack_name=datastack_name,
        record=plan.datastack_record(),
        versions=plan.VERSIONS,
        tables=tables.records(datastack_name),
        views=tables.view_records(datastack_name),
        schemas=schemas.schemas(),
        graphene=plan.graphene_info(),
        graphene_table=plan.GRAPHENE_TABLE,
        provenance=_provenance(n_cells, seed, n_vertices, story),
    )
    return writer.finish(facts)


def _check_ossify() -> None:
    if importlib.util.find_spec("ossify") is None:
        raise MissingExtraError("making a world", "local")


def _write_ids(writer: SnapshotWriter, story: edits.Story) -> None:
    writer.add_frame(layout.ROOTS, story.objects.roots_frame())
    writer.add_frame(layout.LINEAGE, story.objects.lineage_frame())
    writer.add_frame(layout.MEMBERS, story.objects.members_frame())
    writer.add_frame(layout.SUPERVOXELS, story.supervoxels)


def _write_level2(writer: SnapshotWriter, neurons: list[Neuron], story: edits.Story) -> None:
    columns: list[pd.DataFrame] = []
    for number, neuron in enumerate(neurons):
        known = neuron.attributes.assign(l2_id=neuron.l2_ids)
        if number == edits.OFF_SEGMENTATION:
            pca = [name for name in known.columns if name.startswith("pca")]
            known.loc[_WITHOUT_PCA, pca] = np.nan
            known = known.drop(index=_WITHOUT_ATTRIBUTES)
        columns.append(known)
    writer.add_frame(layout.ATTRIBUTES, pd.concat(columns).sort_values("l2_id"))
    edges = np.concatenate([*(neuron.edges for neuron in neurons), story.bridge])
    writer.add_frame(layout.EDGES, pd.DataFrame(edges, columns=layout.COLUMNS[layout.EDGES]))


def _write_tables(
    writer: SnapshotWriter,
    neurons: list[Neuron],
    synapses: pd.DataFrame,
    rng: np.random.Generator,
) -> None:
    nuclei, alternatives = tables.nuclei(neurons, rng), tables.alternatives(neurons)
    writer.add_table(tables.SYNAPSES, synapses)
    writer.add_table(tables.NUCLEI, nuclei)
    writer.add_table(tables.ALTERNATIVES, alternatives)
    writer.add_table(tables.CELL_TYPES, tables.cell_types(neurons))
    writer.add_table(tables.PROOFREADING, tables.proofreading(neurons))
    writer.add_table(tables.TAGS, tables.tags(synapses, rng))
    for name in tables.LOOKUP_VIEWS:
        writer.add_view(name, tables.lookup(nuclei, alternatives))


def _skeleton_meta(neuron: Neuron, root_id: int, datastack_name: str) -> dict[str, Any]:
    return {
        "root_id": root_id,
        **{f"soma_pt_{axis}": float(at) for axis, at in zip("xyz", neuron.soma, strict=True)},
        "skeleton_type": "pcg_skel",
        "skeleton_version": 4,
        "timestamp": plan.LAST.timestamp(),
        "meta": {"datastack": datastack_name, "space": "l2cache"},
    }


def _provenance(n_cells: int, seed: int, n_vertices: int, story: edits.Story) -> dict[str, Any]:
    cell_ids = tables.cell_ids(n_cells).tolist()
    roles = [*edits.ROLES, *["never touched"] * (n_cells - len(edits.ROLES))]
    return {
        "made_by": "cortical_tools.local.make_world",
        "synthetic": True,
        "n_cells": n_cells,
        "n_vertices": n_vertices,
        "seed": seed,
        "neurons": [
            {"cell_id": cell_id, "history": role, "root_ids": roots}
            for cell_id, role, roots in zip(cell_ids, roles, story.neurons, strict=True)
        ],
    }
