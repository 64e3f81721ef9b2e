"""From skeletons to SWC files."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TextIO, cast

import numpy as np
import pandas as pd
import pyarrow as pa
from pyarrow import csv

from ossify._typing import IntArray
from ossify.algorithms.subject import skeleton_of
from ossify.cell.cell import Cell
from ossify.io import storage
from ossify.io.report import ConversionReport, NotCarried
from ossify.io.storage import Location, Writable
from ossify.io.swc.header import CONVENTION, Facts, header_lines
from ossify.io.swc.reader import HEADER
from ossify.io.swc.scale import Scale
from ossify.io.swc.streams import is_text_file
from ossify.io.swc.vertex_values import Codes, Names, Radii
from ossify.layers.skeleton import SkeletonLayer
from ossify.topology.rooted_tree import RootedTree
from ossify.units import canonical_units


def export_swc(
    cell: Cell | SkeletonLayer,
    file: Location | Writable | TextIO | None = None,
    resample_distance: float | None = None,
    compartment: Names = None,
    compartment_mapping: Mapping[Any, int] | None = None,
    radius: Names = None,
    rescale: float | None = None,
    rescale_radius: bool = True,
    default_compartment_label: int = 0,
    default_radius: float = 1.0,
    header: str | Sequence[str] | None = None,
    *,
    units: str | None = None,
    allow_overwrite: bool = False,
    strict: bool = False,
) -> ConversionReport:
    """Write the skeleton of a cell as an SWC file.

    Every number reads back as the float that was written. Above the vertices, comments give the
    name, the units and the space. A path is written all or not at all.

    Parameters
    ----------
    cell
        A cell with a skeleton, or a skeleton.
    file
        A path, an address as for `save_cell`, or a file to write to, in binary or text mode. None:
        ``<cell.name>.swc`` in the working directory.
    resample_distance
        Spread the vertices evenly first, with steps near this distance, in the units of the
        skeleton; see `SkeletonLayer.resample`.
    compartment, compartment_mapping, radius, rescale, rescale_radius, \
default_compartment_label, default_radius, units
        As for `export_swc_dataframe`.
    header
        Further comment lines, without ``#``. None: those of the file that the cell came from, in
        ``cell.meta["swc_header"]``.
    allow_overwrite
        Whether a file that is there may be replaced.
    strict
        Raise, and write nothing, if something cannot be carried.

    Returns
    -------
    ConversionReport
        What an SWC file has no place for: other layers, annotations, links, features, metadata.

    Raises
    ------
    FileExistsError
        If there is a file and `allow_overwrite` is False.
    ConversionError
        If `strict` and something cannot be carried. A ValueError.
    ValueError
        If there is no skeleton or no vertex in it, if the cell's name is no name for a file, or
        as `export_swc_dataframe` does.

    Examples
    --------
    >>> import io
    >>> file = io.StringIO()
    >>> cell = Cell("y").add_skeleton([[0, 0, 0], [1234567.25, 0, 0]], [[1, 0]])
    >>> report = export_swc(cell, file, default_radius=100)
    >>> print(file.getvalue())  # doctest: +ELLIPSIS
    # SWC written by ossify ...
    # name: y
    # units: um
    # id type x y z radius parent
    1 0 0 0 0 0.1 -1
    2 0 1234.56725 0 0 0.1 1
    >>> print(report)
    y to SWC: 2 things could not be carried
      feature 'compartment' (2): there is none, so type 0 was written
      feature 'radius' (2): there is none, so 100 was written
    """
    skeleton = skeleton_of(cell)
    target = _default_target(cell) if file is None else file
    if not is_text_file(target):
        storage.check_free(cast("Location | Writable", target), allow_overwrite)
    if resample_distance is not None:
        skeleton = skeleton.resample(resample_distance)
    plan = _Plan(
        skeleton,
        Codes.of(skeleton, compartment, compartment_mapping, default_compartment_label),
        Radii.of(skeleton, radius, default_radius, rescale_radius),
        *_scale(skeleton, rescale, units),
    )
    left = [*plan.left(), *_left_of_cell(cell, plan)]
    report = ConversionReport.of(f"{_title(cell)} to SWC", left)
    report.check(strict)
    if header is None and isinstance(cell, Cell):
        header = cell.meta.get(HEADER)
    name = None if cell.name is None else str(cell.name)
    facts = Facts(name if isinstance(cell, Cell) else None, plan.units, skeleton.space)
    comments = "".join(f"# {line}".rstrip() + "\n" for line in header_lines(facts, header))
    _write(target, [comments.encode(), _text(plan.frame())], allow_overwrite)
    return report


def export_swc_dataframe(
    skeleton: SkeletonLayer,
    compartment: Names = None,
    compartment_mapping: Mapping[Any, int] | None = None,
    radius: Names = None,
    rescale: float | None = None,
    rescale_radius: bool = True,
    default_compartment_label: int = 0,
    default_radius: float = 1.0,
    *,
    units: str | None = None,
) -> pd.DataFrame:
    """The lines of an SWC file as a table.

    Ids are 1 … V, breadth-first from the root, one tree after another, so that parents come before
    their children. The tree of the stated root comes first.

    Parameters
    ----------
    skeleton
        The skeleton, of V > 0 vertices.
    compartment
        The feature that becomes the type, or several of which the first that is there is taken.
        None: ``compartment``, if there is one. Whole numbers are taken as codes, texts as names of
        `SWCCompartment`.
    compartment_mapping
        Value of that feature → code, instead.
    radius
        The feature that holds the radii, or several of which the first that is there is taken.
        None: ``radius``, if there is one.
    rescale
        Multiply coordinates, and radii too unless `rescale_radius` is False, by exactly this.
    rescale_radius
        Whether radii are in the units of the skeleton, and so take part in its scaling.
    default_compartment_label
        The type where there is no such feature, and for values that are missing or have no code.
    default_radius
        The radius, before scaling, where there is no such feature or the value is missing.
    units
        Convert to these units. None: µm, unless `rescale` is given.

    Returns
    -------
    DataFrame
        Columns ``id``, ``type`` and ``parent`` (int64), ``x``, ``y``, ``z`` and ``radius``
        (float64). The parent of a root is -1.

    Raises
    ------
    UnknownFeatureError
        If none of the named features is there. A KeyError and a ValueError.
    UnitsError
        If the units of the skeleton are not stated, or of no known size, and neither `rescale`
        nor the same `units` are given. A ValueError.
    ValueError
        If there are no vertices, both `rescale` and `units` are given, or a value is no code, or
        a number is infinite or becomes so.

    Examples
    --------
    >>> skeleton = SkeletonLayer("skeleton", [[0, 0, 0], [500, 0, 0]], [[1, 0]])
    >>> skeleton = skeleton.add_feature(["soma", "axon"], "part")
    >>> export_swc_dataframe(skeleton, compartment="part", default_radius=50)
       id  type    x    y    z  radius  parent
    0   1     1  0.0  0.0  0.0    0.05      -1
    1   2     2  0.5  0.0  0.0    0.05       1
    """
    return _Plan(
        skeleton,
        Codes.of(skeleton, compartment, compartment_mapping, default_compartment_label),
        Radii.of(skeleton, radius, default_radius, rescale_radius),
        *_scale(skeleton, rescale, units),
    ).frame()


@dataclass(frozen=True, eq=False)
class _Plan:
    """Everything that decides what is written."""

    skeleton: SkeletonLayer
    codes: Codes
    radii: Radii
    scale: Scale
    units: str | None

    def frame(self) -> pd.DataFrame:
        order = _breadth_first(self.skeleton.tree, self.skeleton.root_positional)
        # Place len(order), which row -1 picks, is for the parents of roots.
        new_id = np.full(len(order) + 1, -1, dtype=np.int64)
        new_id[order] = np.arange(1, len(order) + 1)
        points = self.scale(self.skeleton.vertices[order])
        radii = self.radii.values[order]
        return pd.DataFrame(
            {
                "id": np.arange(1, len(order) + 1),
                "type": self.codes.values[order],
                **dict(zip("xyz", points.T, strict=True)),
                "radius": (self.scale if self.radii.scaled else Scale())(radii),
                "parent": new_id[self.skeleton.tree.parent[order]],
            }
        )

    def left(self) -> Iterator[NotCarried]:
        """What of the skeleton is left behind."""
        skeleton = self.skeleton
        count = len(skeleton)
        yield from self.codes.left()
        yield from self.radii.left()
        for name in skeleton.feature_names:
            if name not in (self.codes.feature, self.radii.feature):
                yield NotCarried("feature", name, count, "an SWC file has type and radius alone")
        if not np.array_equal(skeleton.vertex_index, np.arange(count)):
            yield NotCarried("vertex ids", skeleton.name, count, "vertices are numbered 1 … V")
        if len(skeleton.base_vertex_index) > count:
            whole = len(skeleton.base_vertex_index)
            yield NotCarried("whole tree", skeleton.name, whole, "what a mask has left is written")
        if skeleton.root is not None and len(skeleton.roots) > 1:
            reason = "of several roots an SWC file states none; it is the first"
            yield NotCarried("root", str(skeleton.root), 1, reason)


def _title(cell: Cell | SkeletonLayer) -> str:
    return "the cell" if cell.name is None else str(cell.name)


def _default_target(cell: Cell | SkeletonLayer) -> str:
    return storage.file_named(None if isinstance(cell, SkeletonLayer) else cell.name, ".swc")


def _scale(
    skeleton: SkeletonLayer, rescale: float | None, units: str | None
) -> tuple[Scale, str | None]:
    """The scale, and the units of what is written."""
    if rescale is not None and units is not None:
        raise ValueError(f"rescale={rescale!r} and units={units!r} are two ways to scale; pass one")
    if not len(skeleton):
        raise ValueError(f"{skeleton.name!r} has no vertices, and an SWC file needs one")
    if rescale is not None:
        return Scale.by(rescale), skeleton.units if rescale == 1 else None
    target = CONVENTION if units is None else units
    remedy = "pass rescale=, the factor, or write them as they are with rescale=1"
    if skeleton.units is not None:
        remedy += f" or units={skeleton.units!r}"
    return Scale.between(skeleton.units, target, remedy), canonical_units(target)


def _breadth_first(tree: RootedTree, root: int | None) -> IntArray:
    """Rows, tree by tree: by depth, and within it in the order of a walk along the branches."""
    walk = tree.index.rank
    if len(tree.roots) <= 1:
        return np.lexsort((walk, tree.depth))
    own_root = tree.component_root
    return np.lexsort((walk, tree.depth, own_root, own_root != root))


def _left_of_cell(cell: Cell | SkeletonLayer, plan: _Plan) -> Iterator[NotCarried]:
    """What of the rest of the cell is left behind."""
    if isinstance(cell, SkeletonLayer):
        return
    for kind, members in (("layer", cell.layers), ("annotation", cell.annotations)):
        for member in members:
            if member.name != plan.skeleton.name:
                yield NotCarried(kind, member.name, len(member), "an SWC file holds one skeleton")
    for (source, target), table in cell.linkage.tables.items():
        reason = "there is one layer to link"
        yield NotCarried("link", f"{source} → {target}", len(table.rows), reason)
    for key in cell.meta:
        if key != HEADER:
            yield NotCarried("meta", str(key), 1, "an SWC file has comments alone; pass header=")


def _text(frame: pd.DataFrame) -> bytes:
    # Arrow writes the shortest text that reads back as the same float.
    options = csv.WriteOptions(include_header=False, delimiter=" ", quoting_style="none")
    text = io.BytesIO()
    columns = {name: frame[name].to_numpy() for name in frame.columns}
    csv.write_csv(pa.table(columns), text, options)
    return text.getvalue()


def _write(
    target: Location | Writable | TextIO, parts: Sequence[bytes], allow_overwrite: bool
) -> None:
    if is_text_file(target):
        for part in parts:
            target.write(part.decode())
    else:
        storage.write(cast("Location | Writable", target), parts, allow_overwrite)
