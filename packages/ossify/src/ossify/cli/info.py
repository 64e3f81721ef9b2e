"""The index of a file, for a reader and for a program."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

import numpy as np

from ossify import units as units_of_length
from ossify.cli.tables import size_text
from ossify.io.osy.manifest import LayerEntry, Manifest

# How much is shown of one piece of metadata; --json has all of it.
_WIDTH = 90


def info_text(manifest: Manifest) -> str:
    """What a file holds, a line for each thing."""
    writer = f", written by ossify {manifest.writer}" if manifest.writer else ""
    total = size_text(sum(member.size for member in manifest.members))
    lines = [
        f"Cell: {'unnamed' if manifest.name is None else manifest.name}",
        f"  format: .osy {_version(manifest)}{writer}",
        f"  members: {len(manifest.members)}, of {total} together",
        f"  units: {units_of_length.label(manifest.units)}"
        + (f", space: {manifest.space}" if manifest.space else ""),
    ]
    lines += [f"  {key}: {_one_line(value)}" for key, value in dict(manifest.meta or {}).items()]
    for title, entries in _groups(manifest):
        lines.append(f"{title} ({len(entries)})")
        for entry in entries:
            lines += _entry_lines(entry, manifest)
    lines.append(f"Links ({len(manifest.links)})")
    lines += [
        f"  {link.source} → {link.target}: {_percent(link.coverage)} mapped"
        for link in manifest.links
    ]
    lines += [
        f"  left out by masks: {count:,} vertices of {name}"
        for name, count in manifest.left_out.items()
    ]
    return "\n".join(lines)


def info_json(manifest: Manifest) -> str:
    """The same as JSON. Ids are text, as no reader of JSON has to keep numbers above 2**53."""
    content = {
        "name": None if manifest.name is None else str(manifest.name),
        "version": _version(manifest),
        "writer": manifest.writer,
        "units": manifest.units,
        "space": manifest.space,
        "meta": _plain(manifest.meta),
        "layers": [_entry_json(entry, manifest) for entry in _in(manifest, "layers")],
        "annotations": [_entry_json(entry, manifest) for entry in _in(manifest, "annotations")],
        "links": [
            {"source": link.source, "target": link.target, "coverage": link.coverage}
            for link in manifest.links
        ],
        "left_out": dict(manifest.left_out),
        "members": [asdict(member) for member in manifest.members],
    }
    return json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False)


def _plain(value: Any) -> Any:
    """The nearest that JSON has."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_plain(item) for item in value]
    if isinstance(value, (np.ndarray, np.generic)):
        return _plain(value.tolist())
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value if isinstance(value, (str, int, float, type(None))) else str(value)


def _one_line(value: Any) -> str:
    """The beginning of what may be a table of thousands."""
    text = " ".join(str(value).split())
    return text if len(text) <= _WIDTH else f"{text[:_WIDTH]} …"


def _version(manifest: Manifest) -> str:
    return ".".join(map(str, manifest.version))


def _groups(manifest: Manifest) -> Iterator[tuple[str, list[LayerEntry]]]:
    yield "Layers", _in(manifest, "layers")
    yield "Annotations", _in(manifest, "annotations")


def _in(manifest: Manifest, group: str) -> list[LayerEntry]:
    return [entry for entry in manifest.layers if entry.group == group]


def _entry_lines(entry: LayerEntry, manifest: Manifest) -> Iterator[str]:
    kind = "" if entry.layer_type in (entry.name, "points") else f" ({entry.layer_type})"
    counts = ", ".join(f"{count:,} {what}" for what, count in _counts(entry).items())
    size = _size(entry, manifest)
    yield f"  {entry.name}{kind}: {counts}" + (f", {size_text(size)}" if size else "")
    if entry.root_id is not None:
        yield f"      root: {entry.root_id}"
    if entry.features:
        features = ", ".join(f"{feature.name} ({feature.dtype})" for feature in entry.features)
        yield f"      features: {features}"


def _entry_json(entry: LayerEntry, manifest: Manifest) -> dict[str, Any]:
    return {
        "name": entry.name,
        "type": entry.layer_type,
        **{f"n_{what}": count for what, count in _counts(entry).items()},
        "root": None if entry.root_id is None else str(entry.root_id),
        "units": entry.units,
        "space": entry.space,
        "spatial_columns": list(entry.spatial_columns),
        "index_name": entry.index_name,
        "features": {feature.name: feature.dtype for feature in entry.features},
        "bbox": entry.bbox,
        "size": _size(entry, manifest),
    }


def _counts(entry: LayerEntry) -> dict[str, int]:
    counts = {"vertices": entry.n_vertices, "edges": entry.n_edges, "faces": entry.n_faces}
    return {what: count for what, count in counts.items() if count is not None}


def _size(entry: LayerEntry, manifest: Manifest) -> int:
    """The bytes of the members that a layer is read from."""
    parts = set(entry.parts.values())
    return sum(member.size for member in manifest.members if member.name in parts)


def _percent(share: float) -> str:
    return f"{100 * share:.0f}%" if share in (0, 1) else f"{min(max(100 * share, 0.1), 99.9):.1f}%"
