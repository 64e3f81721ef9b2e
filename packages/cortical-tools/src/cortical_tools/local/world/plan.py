"""When and where the world is: its geometry, its versions, and the day of every edit."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from cortical_tools.chunks import Chunks
from cortical_tools.snapshot_folder import Version, layout

DATASTACK = "local_world"
GRAPHENE_TABLE = "local_world_v1"
ALIGNED_VOLUME = "local_volume"
IMAGE_FILES = f"{layout.BUCKET}/em"
"""Where the image is."""

N_LAYERS = 12
RESOLUTION = (8, 8, 40)
"""Nanometres in a voxel of the segmentation."""
TABLE_RESOLUTION = (4, 4, 40)
"""Nanometres in a voxel of the tables."""
_CHUNK_SIZE = (256, 256, 512)
_FILE_SIZE = (64, 64, 64)
"""Voxels of a file of the segmentation: chunks are whole numbers of them."""
_VOXEL_OFFSET = (26_385, 30_308, 14_850)
_SIZE = (192_424, 131_051, 13_008)

BEGINNING = datetime(2020, 11, 1, tzinfo=UTC)
"""When the segmentation was made."""
SYNAPSES_MADE = datetime(2020, 11, 4, 6, 48, 59, 403833, tzinfo=UTC)
LAST_STATUS = datetime(2023, 8, 1, 12, tzinfo=UTC)
"""When a proofreading status was withdrawn and another given."""

VERSIONS = (
    Version(
        1, datetime(2023, 1, 10, 10, 10, 1, 120000, UTC), datetime(2023, 2, 1, tzinfo=UTC), False
    ),
    Version(2, datetime(2023, 6, 10, 10, 10, 1, 250500, UTC), datetime(2121, 6, 10, tzinfo=UTC)),
    Version(3, datetime(2024, 1, 10, 10, 10, 1, 370750, UTC), datetime(2121, 1, 10, tzinfo=UTC)),
)

SPLIT = datetime(2023, 3, 1, 9, 30, 0, 250000, tzinfo=UTC)
UNMERGED = datetime(2023, 3, 15, 14, 0, 0, 125000, tzinfo=UTC)
MERGED = datetime(2023, 9, 1, 11, 15, 0, 500000, tzinfo=UTC)
BRIEF = datetime(2023, 10, 1, 8, 0, 0, 0, tzinfo=UTC)
LATE = datetime(2024, 6, 1, 16, 45, 0, 750000, tzinfo=UTC)
LAST = datetime(2024, 7, 1, 10, 0, 0, 375000, tzinfo=UTC)


def graphene_info() -> dict[str, Any]:
    """The ``info`` of the chunked segmentation, with ``{server}`` for who serves it."""
    bits = {1: 10, **{layer: max(12 - layer, 1) for layer in range(2, N_LAYERS)}, N_LAYERS: 1}
    return {
        "app": {"supported_api_versions": [0, 1]},
        "chunks_start_at_voxel_offset": True,
        "data_dir": f"{{server}}/{layout.SEGMENTATION_FILES}",
        "data_type": "uint64",
        "graph": {
            "bounding_box": [2048, 2048, 512],
            "chunk_size": list(_CHUNK_SIZE),
            "cv_mip": 0,
            "n_bits_for_layer_id": 8,
            "n_layers": N_LAYERS,
            "spatial_bit_masks": {str(layer): count for layer, count in sorted(bits.items())},
        },
        "mesh": layout.MESH_FILES,
        "mesh_metadata": {"uniform_draco_grid_size": 21, "unsharded_mesh_dir": "dynamic"},
        "num_channels": 1,
        "scales": [
            {
                "chunk_sizes": [list(_FILE_SIZE)],
                "compressed_segmentation_block_size": [8, 8, 8],
                "encoding": "compressed_segmentation",
                "key": "8_8_40",
                "resolution": list(RESOLUTION),
                "size": list(_SIZE),
                "voxel_offset": list(_VOXEL_OFFSET),
            }
        ],
        "sharded_mesh": True,
        "type": "segmentation",
        "verify_mesh": False,
    }


def image_info() -> dict[str, Any]:
    """The ``info`` of the image, of which there is nothing else."""
    scale = graphene_info()["scales"][0]
    return {
        "data_type": "uint8",
        "num_channels": 1,
        "scales": [
            {
                "chunk_sizes": [[128, 128, 32]],
                "encoding": "raw",
                **{name: scale[name] for name in ("key", "resolution", "size", "voxel_offset")},
            }
        ],
        "type": "image",
    }


def chunks() -> Chunks:
    """The geometry of the chunks."""
    return Chunks.from_info(graphene_info())


def datastack_record() -> dict[str, Any]:
    """What the info service says of the world, with ``{server}`` for who serves it."""
    return {
        "aligned_volume": {
            "description": "A world made of synthetic neurons.",
            "display_name": "A synthetic world",
            "id": 1,
            "image_source": f"precomputed://{{server}}/{IMAGE_FILES}",
            "name": ALIGNED_VOLUME,
        },
        "analysis_database": None,
        "base_link": "{server}/viewer/",
        "cell_identification_table": None,
        "description": "Synthetic neurons of ossify.example_cell; no data of any animal.",
        "proofreading_review_table": None,
        "proofreading_status_table": "proofreading_status_and_strategy",
        "skeleton_source": None,
        "soma_table": "nucleus_detection_v0",
        "synapse_table": "synapses_world",
        "viewer_resolution_x": 4.0,
        "viewer_resolution_y": 4.0,
        "viewer_resolution_z": 40.0,
        "viewer_site": "{server}/viewer/",
    }


def table_record(
    number: int,
    datastack_name: str,
    schema: str,
    reference: str | None,
    description: str,
    graphene_table: str = GRAPHENE_TABLE,
) -> dict[str, Any]:
    """The record of a table in the catalogue.

    Parameters
    ----------
    number
        Its place in the catalogue.
    datastack_name
        The datastack it is in.
    schema
        Of its annotations.
    reference
        The table whose rows its ``target_id`` names, if it is a reference table.
    description
        For people.
    graphene_table
        The chunked graph that its supervoxels are in.
    """
    return {
        "id": number,
        "created": "2020-11-04T00:00:00.000000",
        "valid": True,
        "aligned_volume": ALIGNED_VOLUME,
        "schema": schema,
        "schema_type": schema,
        "reference_table": reference,
        "description": description,
        "user_id": "0",
        "notice_text": None,
        "flat_segmentation_source": None,
        "read_permission": "PUBLIC",
        "write_permission": "PRIVATE",
        "last_modified": "2020-11-04T00:00:00.000000",
        "last_updated": None,
        "segmentation_source": None,
        "pcg_table_name": graphene_table,
        "datastack_name": datastack_name,
        **table_resolution(),
    }


def table_resolution() -> dict[str, float]:
    """The voxel size of the tables, as records say it."""
    sizes = zip("xyz", TABLE_RESOLUTION, strict=True)
    return {f"voxel_resolution_{axis}": float(size) for axis, size in sizes}
