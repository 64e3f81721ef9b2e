"""The text of an SWC file as columns, checked line by line where something is wrong."""

from __future__ import annotations

import io
import math
import re
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from ossify._typing import AnyArray, FloatArray, IntArray
from ossify.errors import SWCFormatError, TopologyError
from ossify.topology.rooted_tree import RootedTree
from ossify.vertex_ids import NO_VERTEX, VertexIds

N_COLUMNS = 7

_COLUMNS: list[tuple[str, type[np.generic]]] = [
    ("id", np.int64),
    ("type", np.int64),
    ("x", np.float64),
    ("y", np.float64),
    ("z", np.float64),
    ("radius", np.float64),
    ("parent", np.int64),
]
_WHOLE = re.compile(rb"[+-]?\d+(\.0*)?")
_NUMBER = re.compile(rb"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_MOST_PROBLEMS_SHOWN = 5


@dataclass(frozen=True, eq=False)
class SWCTable:
    """The vertices of an SWC file of V lines, in the order of the file.

    Attributes
    ----------
    label
        What errors call the file.
    header
        The comments that have a line of their own, without their ``#``.
    ids, types
        (V,) int64.
    points
        (V, 3) float64, finite.
    radius
        (V,) float64; NaN where the file says so.
    tree
        The parents, by row.
    extra
        The columns after the seventh: (V,) float64 each, or text where one holds other than
        numbers.
    assumed_roots
        How many vertices have parent 0, which no vertex is called, or no parent field.
    """

    label: str
    header: tuple[str, ...]
    ids: IntArray
    types: IntArray
    points: FloatArray
    radius: FloatArray
    tree: RootedTree
    extra: tuple[AnyArray, ...]
    assumed_roots: int


def parse(data: bytes, label: str) -> SWCTable:
    r"""The vertices that a file lists.

    Parameters
    ----------
    data
        The whole file. Lines end in ``\n``, ``\r\n`` or ``\r``; fields are separated by spaces and
        tabs; what follows a ``#`` is a comment.
    label
        What errors call the file.

    Raises
    ------
    SWCFormatError
        If there are no vertices, a line is malformed, an id is repeated, a parent is not there or
        is the vertex itself, or parents go in a circle; with the numbers of the lines.
    """
    if b"\r" in data:
        data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    header, body = _without_comments(data.removeprefix(b"\xef\xbb\xbf"))
    columns = _quick(body)
    if columns is None:
        columns = _careful(body, label)
    if not len(columns.ids):
        raise SWCFormatError(f"{label} has no vertices; expected lines of {N_COLUMNS} numbers")
    tree, assumed = _tree(columns, body, label)
    return SWCTable(
        label,
        header,
        columns.ids,
        columns.types,
        columns.points,
        columns.radius,
        tree,
        columns.extra,
        assumed,
    )


@dataclass(frozen=True, eq=False)
class _Columns:
    ids: IntArray
    types: IntArray
    points: FloatArray
    radius: FloatArray
    parent: IntArray
    """(V,) ids, -1 where it says so, -2 where there is no such field."""
    extra: tuple[AnyArray, ...] = ()


_NO_FIELD = -2


def _without_comments(data: bytes) -> tuple[tuple[str, ...], bytes]:
    """The comments with a line of their own, and the data with as many lines and no comments."""
    if b"#" not in data:
        return (), data
    comments = re.findall(rb"(?m)^[ \t]*#([^\n]*)", data)
    return tuple(_text(comment).strip() for comment in comments), re.sub(rb"#[^\n]*", b"", data)


def _text(line: bytes) -> str:
    try:
        return line.decode()
    except UnicodeDecodeError:
        return line.decode("latin-1")


def _quick(body: bytes) -> _Columns | None:
    """The columns of a body without fault, None where there may be one."""
    first = re.search(rb"\S[^\n]*", body)
    n_extra = len(first[0].split()) - N_COLUMNS if first else 0
    if n_extra < 0 or first is None:
        return None
    extra = [f"extra {place}" for place in range(n_extra)]
    dtype = np.dtype([*_COLUMNS, *((name, np.float64) for name in extra)])
    try:
        with warnings.catch_warnings():
            # Some versions of numpy take 1.0 for an integer, by way of a float, and say so.
            warnings.simplefilter("error")
            rows = np.loadtxt(
                io.BytesIO(body), dtype=dtype, comments=None, ndmin=1, encoding="latin-1"
            )
    except (ValueError, DeprecationWarning):
        return None
    columns = _Columns(
        rows["id"].copy(),
        rows["type"].copy(),
        np.stack([rows[axis] for axis in "xyz"], axis=1),
        rows["radius"].copy(),
        rows["parent"].copy(),
        tuple(rows[name].copy() for name in extra),
    )
    return columns if _is_sound(columns) else None


def _is_sound(columns: _Columns) -> bool:
    whole = (columns.ids.min() >= 0) & (columns.types.min() >= 0) & (columns.parent.min() >= -1)
    return bool(whole and np.isfinite(columns.points).all() and not np.isinf(columns.radius).any())


def _careful(body: bytes, label: str) -> _Columns:
    """The columns, line by line: slow, and knows where it is."""
    rows: list[tuple[int | float, ...]] = []
    extra: list[list[bytes]] = []
    problems: list[str] = []
    for number, line in enumerate(body.split(b"\n"), 1):
        fields = line.split()
        if not fields:
            continue
        try:
            rows.append(_row(fields))
            extra.append(fields[N_COLUMNS:])
        except ValueError as error:
            problems.append(f"line {number}: {error}")
    if problems:
        raise _problems(label, problems)
    by_column = list(zip(*rows, strict=True)) or [()] * N_COLUMNS
    ids, types, x, y, z, radius, parent = (
        np.array(values, dtype=dtype)
        for values, (_, dtype) in zip(by_column, _COLUMNS, strict=True)
    )
    points = np.stack([x, y, z], axis=1)
    return _Columns(ids, types, points, radius, parent, _extra_columns(extra))


def _row(fields: Sequence[bytes]) -> tuple[int | float, ...]:
    # Vaa3D leaves out the parent of a root.
    if len(fields) < N_COLUMNS - 1:
        hint = "; separate them by spaces, not commas" if b"," in b"".join(fields) else ""
        raise ValueError(f"expected {N_COLUMNS} fields, found {len(fields)}{hint}")
    return (
        _whole(fields[0], "the id", 0),
        _whole(fields[1], "the type", 0),
        *(_number(field, axis) for field, axis in zip(fields[2:5], "xyz", strict=True)),
        float("nan") if fields[5].lower() == b"nan" else _number(fields[5], "the radius"),
        _whole(fields[6], "the parent", -1) if len(fields) > 6 else _NO_FIELD,
    )


def _whole(field: bytes, what: str, least: int) -> int:
    if not _WHOLE.fullmatch(field):
        raise ValueError(f"{what} must be a whole number, not {_shown(field)}")
    # Not by way of a float, which would round long ids.
    digits = field.partition(b".")[0]
    # No number of 20 digits fits, and Python refuses to read some thousands.
    value = int(digits) if len(digits.lstrip(b"+-0")) < 20 else 2**63
    if not least <= value < 2**63:
        raise ValueError(f"{what} must be from {least} to 2**63 - 1, not {_shown(field)}")
    return value


def _number(field: bytes, what: str) -> float:
    if not _NUMBER.fullmatch(field) or not math.isfinite(value := float(field)):
        raise ValueError(f"{what} must be a finite number, not {_shown(field)}")
    return value


def _shown(field: bytes) -> str:
    text = _text(field)
    return repr(text if len(text) <= 40 else f"{text[:40]}…")


def _extra_columns(rows: list[list[bytes]]) -> tuple[AnyArray, ...]:
    width = max(map(len, rows), default=0)
    columns = []
    for place in range(width):
        fields = [row[place] if place < len(row) else b"" for row in rows]
        try:
            columns.append(np.array([float(field or b"nan") for field in fields]))
        except ValueError:
            columns.append(np.array([_text(field) for field in fields], dtype=object))
    return tuple(columns)


def _tree(columns: _Columns, body: bytes, label: str) -> tuple[RootedTree, int]:
    _check_unique(columns.ids, body, label)
    ids = VertexIds(columns.ids)
    assumed = columns.parent == _NO_FIELD
    if not (columns.ids == 0).any():
        assumed |= columns.parent == 0
    is_root = assumed | (columns.parent == NO_VERTEX)
    rows = np.where(is_root, NO_VERTEX, ids.find(columns.parent))
    lost = np.flatnonzero(~is_root & (rows == NO_VERTEX))
    if len(lost):
        raise _at(
            lost, body, label, lambda row: f"parent {columns.parent[row]} is not among the ids"
        )
    own = np.flatnonzero(rows == np.arange(len(rows)))
    if len(own):
        raise _at(own, body, label, lambda row: f"vertex {columns.ids[row]} is its own parent")
    try:
        return RootedTree.from_parents(rows), int(assumed.sum())
    except TopologyError as error:
        circle = np.array(error.rows[:1], dtype=np.int64)
        raise _at(
            circle,
            body,
            label,
            lambda row: (
                f"from vertex {columns.ids[row]} the parents lead back to it, not to a root"
            ),
        ) from None


def _check_unique(ids: IntArray, body: bytes, label: str) -> None:
    order = np.argsort(ids, kind="stable")
    again = np.sort(order[1:][ids[order[1:]] == ids[order[:-1]]])
    if len(again):
        raise _at(again, body, label, lambda row: f"id {ids[row]} is taken by an earlier line")


def _at(rows: IntArray, body: bytes, label: str, what: Callable[[int], str]) -> SWCFormatError:
    lines = [number for number, line in enumerate(body.split(b"\n"), 1) if line.strip()]
    return _problems(label, [f"line {lines[row]}: {what(int(row))}" for row in rows.tolist()])


def _problems(label: str, problems: list[str]) -> SWCFormatError:
    shown = "\n  ".join(problems[:_MOST_PROBLEMS_SHOWN])
    more = len(problems) - _MOST_PROBLEMS_SHOWN
    rest = f"\n  and {more:,} more" if more > 0 else ""
    return SWCFormatError(
        f"{label} is not a sound SWC file; correct its lines of id, type, x, y, z, radius and "
        f"parent:\n  {shown}{rest}"
    )
