"""The MICrONS and V1DD cortical datasets in CAVE: tables, ids, synapses, meshes and neurons.

Importing this package makes no network call and loads little: the clients come when asked for.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from cortical_tools._version import __version__
from cortical_tools.dataset_spec import DatasetSpec, list_datasets

if TYPE_CHECKING:
    from cortical_tools.client import (
        DatasetClient,
        MicronsProdClient,
        MinniePublicClient,
        V1ddClient,
        V1ddPublicClient,
    )
    from cortical_tools.datasets import load_client
    from cortical_tools.exports import CloudFileViewExport, TableExportClient
    from cortical_tools.mesh_labels import VertexAssigner
    from cortical_tools.meshes import MeshClient
    from cortical_tools.viewer_layers import cell_layers, point_layer, skeleton_layer
    from cortical_tools.viewer_tables import ViewerTables, read_state
    from cortical_tools.web import Patience

__all__ = [
    "CloudFileViewExport",
    "DatasetClient",
    "DatasetSpec",
    "MeshClient",
    "MicronsProdClient",
    "MinniePublicClient",
    "Patience",
    "TableExportClient",
    "V1ddClient",
    "V1ddPublicClient",
    "VertexAssigner",
    "ViewerTables",
    "__version__",
    "cell_layers",
    "list_datasets",
    "load_client",
    "point_layer",
    "read_state",
    "skeleton_layer",
]

# What brings pandas along comes when it is first asked for, from these modules.
_LAZY = {
    "CloudFileViewExport": "exports",
    "DatasetClient": "client",
    "MeshClient": "meshes",
    "MicronsProdClient": "client",
    "MinniePublicClient": "client",
    "Patience": "web",
    "TableExportClient": "exports",
    "V1ddClient": "client",
    "V1ddPublicClient": "client",
    "ViewerTables": "viewer_tables",
    "cell_layers": "viewer_layers",
    "VertexAssigner": "mesh_labels",
    "load_client": "datasets",
    "point_layer": "viewer_layers",
    "read_state": "viewer_tables",
    "skeleton_layer": "viewer_layers",
}


def __getattr__(name: str) -> Any:
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_LAZY[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_LAZY})
