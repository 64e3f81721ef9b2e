"""A cell in words and in HTML, from what is there already: nothing is computed for it."""

from __future__ import annotations

import html
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, TypeAlias

from ossify import units as units_of_length
from ossify.layers.siblings import Siblings
from ossify.layers.summary import counts_text, coverage_text, features_text

if TYPE_CHECKING:
    from ossify.links import LinkTable

Where: TypeAlias = tuple[str | None, str | None]
"""Units and space of a cell."""

_CORE = ("skeleton", "graph", "mesh")


def cell_text(name: Any, siblings: Siblings, where: Where, coverage: bool = True) -> str:
    """The cell, its layers, annotations and links, a line each, as a tree."""
    lines = [f"# Cell: {'unnamed' if name is None else name}"]
    for title, items in _sections(siblings, where, coverage):
        lines.append(f"{title}")
        for place, (head, details) in enumerate(items):
            last = place == len(items) - 1
            lines.append(f"{'└──' if last else '├──'} {head}")
            lines += [f"{'   ' if last else '│  '}     {detail}" for detail in details]
    return "\n".join(lines)


def cell_html(name: Any, siblings: Siblings, where: Where, coverage: bool = True) -> str:
    """The same as HTML that folds."""
    parts = [f"<div><strong>Cell: {html.escape('unnamed' if name is None else str(name))}</strong>"]
    for title, items in _sections(siblings, where, coverage):
        rows = "".join(
            f"<li>{html.escape(head)}"
            + "".join(f"<br><small>{html.escape(detail)}</small>" for detail in details)
            + "</li>"
            for head, details in items
        )
        parts.append(
            f"<details open><summary>{html.escape(title)}</summary><ul>{rows}</ul></details>"
        )
    return "".join([*parts, "</div>"])


Items = list[tuple[str, list[str]]]


def _sections(siblings: Siblings, where: Where, coverage: bool) -> Iterator[tuple[str, Items]]:
    yield "Space", [(_space_text(siblings, where), [])]
    yield f"Layers ({len(siblings.layers)})", list(_layer_items(siblings))
    yield (
        f"Annotations ({len(siblings.annotations)})",
        [_item(member) for member in siblings.annotations.values()],
    )
    tables = siblings.linkage.tables
    yield (
        f"Linkage ({len(tables)} connections)",
        [(_link_text(pair, table, coverage), []) for pair, table in tables.items()],
    )
    if siblings.left_out:
        yield (
            "Left out by masks, because they map to nothing",
            [(f"{name}: {count:,} vertices", []) for name, count in siblings.left_out.items()],
        )


def _space_text(siblings: Siblings, where: Where) -> str:
    members = list(siblings)
    if len({(member.units, member.space) for member in members}) <= 1:
        units, space = where
        return f"units: {units_of_length.label(units)}{_in(space)}"
    each = [f"{m.name} {units_of_length.label(m.units)}{_in(m.space)}" for m in members]
    return f"units differ: {', '.join(each)}"


def _in(space: str | None) -> str:
    return "" if space is None else f", space: {space}"


def _layer_items(siblings: Siblings) -> Iterator[tuple[str, list[str]]]:
    for layer_type in _CORE:
        layer = siblings.of_type(layer_type)
        yield (f"{layer_type}: not present", []) if layer is None else _item(layer)
    for layer in siblings.layers.values():
        if layer.layer_type not in _CORE:
            yield _item(layer)


def _item(member: Any) -> tuple[str, list[str]]:
    counts, dtypes = member._outline()
    details = [f"features: {features_text(dtypes)}"] if dtypes else []
    return f"{member.name}: {counts_text(counts)}", details


def _link_text(pair: tuple[str, str], table: LinkTable, coverage: bool) -> str:
    source, target = pair
    text = f"{source} <-> {target}"
    if not coverage:
        return text
    shares = [(source, table.coverage)]
    if table.is_there:
        shares.append((target, table.inverse_coverage))
    notes = [f"{name} {coverage_text(share)} mapped" for name, share in shares if share < 1]
    return f"{text} ({', '.join(notes)})" if notes else text
