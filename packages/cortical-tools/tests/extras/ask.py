"""Everything that a client can be asked, and what came of each: run with the Python of another
environment. Arguments: the address of a service, a snapshot folder, where to make a world, and the
folder of an export that is a Delta Lake.

Prints JSON: by call, the extra that is named where one is missing, otherwise null.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Any

import cortical_tools
from cortical_tools import DatasetClient, TableExportClient
from cortical_tools.errors import MissingExtraError
from cortical_tools.local import make_world, serve


def served(folder: str) -> None:
    with serve(folder):
        pass


def all_calls(address: str, folder: str, world: str, lake: str) -> dict[str, Callable[[], Any]]:
    client = DatasetClient(
        "local_world",
        address,
        auth_token="0",
        cell_id_lookup_view="nucleus_detection_lookup_v1",
        root_id_lookup_main_table="nucleus_detection_v0",
        dataset_transform="minnie_ds",
    )
    cells = client.tables.nucleus_detection_v0().query()["id"]
    roots = client.cell_id_to_root_id(cells, timestamp=client.now(), filter_empty=True)["root_id"]
    root = int(roots.iloc[-1])
    return {
        "tables": lambda: client.tables.cell_type_manual().query(),
        "views": lambda: client.views.nucleus_detection_lookup_v1().query(),
        "cells": lambda: client.root_id_to_cell_id(roots),
        "synapses": lambda: client.query_synapses(
            roots, True, True, ["synapse_target_structure"], live=True
        ),
        "level 2": lambda: client.get_l2data(client.get_l2_ids(root)),
        "roots over time": lambda: client.suggest_latest_roots(root),
        "ready skeletons": lambda: client.skeletons_exist(root_ids=roots),
        "states": lambda: client.get_state_json(client.upload_state_json({"layers": []})),
        "links": lambda: client.neuroglancer_url(root_ids=roots, shorten=True, clipboard=True),
        "pictures of the client": lambda: client._repr_html_() + client.tables._repr_html_(),
        "cortical space": lambda: client.space.transform("nm"),
        "annotations": lambda: client.stage_annotations("cell_type_manual"),
        "datastack": lambda: (client.get_datastack_info(), client.viewer_resolution()),
        "skeleton": lambda: client.get_skeleton(root),
        "skeletons": lambda: client.get_skeletons([root]),
        "skeleton in cortical space": lambda: client.get_skeleton(root, transform="streamline"),
        "viewer": lambda: client.neuroglancer_viewer(root_ids=roots),
        "lake": lambda: TableExportClient(lake).get_lake_table("cells", 7),
        "mesh": lambda: client.mesh.get_mesh(root),
        "images": lambda: client.image_cloudvolume(),
        "segmentation": lambda: client.segmentation_cloudvolume(),
        "service": lambda: served(folder),
        "client of a folder": lambda: cortical_tools.load_client(folder),
        "world": lambda: make_world(world, n_cells=8, n_vertices=50),
    }


def missing(call: Callable[[], Any]) -> str | None:
    try:
        call()
    except MissingExtraError as error:
        return str(error).partition("cortical-tools[")[2].rstrip('"]')
    return None


if __name__ == "__main__":
    calls = all_calls(*sys.argv[1:])
    print(json.dumps({name: missing(call) for name, call in calls.items()}))
