"""The annotation schemas of the world's tables, as CAVE's schema service describes them."""

from __future__ import annotations

from typing import Any

_SPATIAL_POINT = {
    "additionalProperties": False,
    "properties": {
        "position": {
            "description": "spatial position in voxels of x,y,z of annotation",
            "format": "integer",
            "items": {"format": "integer", "type": "number"},
            "type": "array",
        }
    },
    "required": ["position"],
    "type": "object",
}
_BOUND_SPATIAL_POINT = {
    "additionalProperties": False,
    "properties": {
        "position": _SPATIAL_POINT["properties"]["position"],  # type: ignore[index]
        "root_id": {"format": "integer", "type": "number"},
        "supervoxel_id": {"format": "integer", "type": "number"},
    },
    "required": ["position"],
    "type": "object",
}
_POINTS = {"BoundSpatialPoint": _BOUND_SPATIAL_POINT, "SpatialPoint": _SPATIAL_POINT}
_KINDS: dict[str, dict[str, Any]] = {
    "bound": {"$ref": "#/definitions/BoundSpatialPoint"},
    "point": {"$ref": "#/definitions/SpatialPoint"},
    "float": {"format": "float", "type": "number"},
    "integer": {"format": "integer", "type": "number"},
    "string": {"type": "string"},
    "boolean": {"type": "boolean"},
}
_FIELDS = {
    "synapse": {"pre_pt": "bound", "ctr_pt": "point", "post_pt": "bound", "size": "float"},
    "nucleus_detection": {"pt": "bound", "volume": "float"},
    "reference_point": {"pt": "bound", "target_id": "integer"},
    "cell_type_reference": {
        "target_id": "integer",
        "classification_system": "string",
        "cell_type": "string",
    },
    "proofreading_strategy": {
        "pt": "bound",
        "valid_id": "integer",
        "status_dendrite": "boolean",
        "status_axon": "boolean",
        "strategy_dendrite": "string",
        "strategy_axon": "string",
    },
    "reference_tag": {"target_id": "integer", "tag": "string"},
}


def schemas() -> dict[str, dict[str, Any]]:
    """The JSON schema of every annotation schema that the world's tables have."""
    return {name: _schema(name, fields) for name, fields in _FIELDS.items()}


def _schema(name: str, fields: dict[str, str]) -> dict[str, Any]:
    title = "".join(part.title() for part in name.split("_")) + "Schema"
    optional = {"valid_id"}
    own = {
        "additionalProperties": False,
        "properties": {field: _KINDS[kind] for field, kind in fields.items()},
        "required": sorted(set(fields) - optional),
        "type": "object",
    }
    used = set(fields.values())
    points = {
        point: _POINTS[point]
        for point, kind in (("BoundSpatialPoint", "bound"), ("SpatialPoint", "point"))
        if kind in used
    }
    return {
        "$ref": f"#/definitions/{title}",
        "$schema": "http://json-schema.org/draft-07/schema#",
        "definitions": {**points, title: own},
    }
