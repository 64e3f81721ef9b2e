"""A layer in words."""

from __future__ import annotations

from collections.abc import Mapping

from ossify import units as units_of_length
from ossify.layers.siblings import Member


def counts_text(counts: Mapping[str, int]) -> str:
    """``5,592 vertices, 5,591 edges``."""
    return ", ".join(f"{count:,} {what}" for what, count in counts.items())


def features_text(dtypes: Mapping[str, str]) -> str:
    """The features with their dtypes, sorted by name."""
    return ", ".join(f"{name} ({dtypes[name]})" for name in sorted(dtypes)) or "none"


def coverage_text(mapped: float) -> str:
    """How much of a layer maps to another: a whole percentage only where it is exact."""
    percent = 100 * mapped
    return f"{percent:.0f}%" if percent in (0, 100) else f"{min(max(percent, 0.1), 99.9):.1f}%"


def layer_text(layer: Member) -> str:
    """Counts, units, features and links of one layer, a line each."""
    counts, dtypes = layer._outline()
    lines = [
        f"# Layer: {layer.name}",
        f"  {counts_text(counts)}",
        f"  units: {units_of_length.label(layer.units)}",
        f"  features: {features_text(dtypes)}",
    ]
    links = [
        f"  link: {source} → {target}, {coverage_text(table.coverage)} mapped"
        for (source, target), table in layer._siblings.linkage.tables.items()
        if layer.name in (source, target)
    ]
    return "\n".join([*lines, *(links or ["  links: none"])])
