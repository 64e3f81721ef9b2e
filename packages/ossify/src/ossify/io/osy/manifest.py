"""What ``index.json`` says: everything that describes a cell without its arrays.

The first line of the file holds the checksum of all that follows it, so that the index vouches for
itself as it vouches for the members.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, TypeVar

import xxhash

from ossify.errors import OsyFormatError
from ossify.io.osy import layout

Value = TypeVar("Value")

_HEAD = '{{"osy": "{version}", "' + layout.CHECKSUM + '": "{checksum}",\n'
_HEAD_LINE = re.compile(
    rb'\{"osy": "(?P<major>\d{1,9})\.(?P<minor>\d{1,9})", "'
    + layout.CHECKSUM.encode()
    + rb'": "(?P<checksum>[0-9a-f]{16})",'
)
_LAYER_TYPES = ("skeleton", "graph", "mesh", "points")
_GROUPS = (layout.LAYERS, layout.ANNOTATIONS)
_WIDEST_OFFSET = 10**15


@dataclass(frozen=True)
class Piece:
    """A part of a member that can be read alone: how many bytes it has, and their checksum."""

    size: int
    checksum: str


@dataclass(frozen=True)
class Member:
    """Where the content of a member is, in bytes from the start of the file, and its checksum.

    The checksum is None in files older than 3.0.

    Attributes
    ----------
    pieces
        Of a table, from which columns can be read alone: what comes before the first column, each
        column, and what comes after the last. Together they are the member.
    """

    name: str
    offset: int
    size: int
    checksum: str | None = None
    pieces: tuple[Piece, ...] = ()


@dataclass(frozen=True)
class Feature:
    """A feature column: its name and how it was held in memory."""

    name: str
    holding: Mapping[str, Any]

    @property
    def dtype(self) -> str:
        """The dtype as pandas or numpy writes it."""
        return str(self.holding.get("dtype"))


@dataclass(frozen=True)
class LayerEntry:
    """A layer or annotation.

    Attributes
    ----------
    group
        ``"layers"`` or ``"annotations"``.
    n_edges, n_faces, n_whole
        The number of edges, of faces, and of vertices before any mask; None where the type of
        layer has none, or no mask lies between.
    bbox
        Smallest and largest coordinates; None without vertices.
    root, base_root
        Row of the root among the vertices, and among those before any mask.
    parts
        Member name of each part, such as ``"vertices"``.
    """

    name: str
    group: str
    layer_type: str
    n_vertices: int
    units: str | None
    space: str | None
    spatial_columns: tuple[str, str, str]
    index_name: str | None
    features: tuple[Feature, ...]
    bbox: tuple[tuple[float, ...], ...] | None = None
    n_edges: int | None = None
    n_faces: int | None = None
    n_whole: int | None = None
    root: int | None = None
    root_id: int | None = None
    base_root: int | None = None
    parts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class LinkEntry:
    """A link: its ends, the fraction of the source that is mapped, and the member of its rows."""

    source: str
    target: str
    coverage: float
    member: str = ""


@dataclass(frozen=True)
class Manifest:
    """The index of a file, of any version.

    Attributes
    ----------
    version
        The version of the format, such as ``(3, 0)``.
    writer
        The version of ossify that wrote it; None where the file does not say.
    meta
        The metadata; as tagged JSON while it is in the file.
    outside
        How many bytes lie outside of the members, the index among them, and their checksum:
        headers, padding and the end, in order. None in files older than 3.0.
    """

    version: tuple[int, int]
    writer: str | None
    name: str | int | None
    meta: Any
    units: str | None
    space: str | None
    left_out: Mapping[str, int]
    layers: tuple[LayerEntry, ...]
    links: tuple[LinkEntry, ...]
    members: tuple[Member, ...] = ()
    outside: Piece | None = None

    def to_json(self) -> bytes:
        """The content of ``index.json``."""
        body = json.dumps(asdict(self), allow_nan=False, separators=(",", ":"))
        # The first line opens the object.
        return _sealed(body[1:].encode() + b"\n", self.version)

    def room(self) -> int:
        """How many bytes `to_json` may take, whatever the offsets will be."""
        members = tuple(replace(member, offset=_WIDEST_OFFSET) for member in self.members)
        outside = Piece(_WIDEST_OFFSET, xxhash.xxh3_64_hexdigest(b""))
        return len(replace(self, members=members, outside=outside).to_json())

    @classmethod
    def from_json(cls, text: bytes, label: str) -> Manifest:
        """The manifest that `to_json` wrote.

        Raises
        ------
        OsyFormatError
            If it is damaged, or wrong; with everything that is wrong and where.
        """
        head, _, body = text.partition(b"\n")
        # What fills the room that was kept for offsets is not part of what was sealed.
        body = body.rstrip(b" ")
        sealed = _HEAD_LINE.fullmatch(head)
        if sealed is None or sealed["checksum"].decode() != xxhash.xxh3_64_hexdigest(body):
            raise OsyFormatError(f"{label}: {layout.INDEX} is damaged; get the file anew")
        version = int(sealed["major"]), int(sealed["minor"])
        check_version(version, label)
        try:
            content = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise OsyFormatError(f"{label}: {layout.INDEX} is no JSON ({error})") from None
        checker = _Checker(content)
        manifest = checker.manifest()
        if not checker.problems and manifest.version != version:
            # The first line is all that its checksum does not cover.
            checker.problems.append(f"{layout.INDEX} is damaged: it states two versions")
        if checker.problems:
            raise format_error(label, checker.problems)
        return manifest


def format_error(label: str, problems: Iterable[str]) -> OsyFormatError:
    """One error for everything that is wrong with a file."""
    found = list(problems)
    if len(found) == 1:
        return OsyFormatError(f"{label}: {found[0]}")
    listed = "\n".join(f"- {problem}" for problem in found)
    return OsyFormatError(f"{label}: {len(found)} problems\n{listed}")


def check_version(version: tuple[int, int], label: str) -> None:
    """Raise if a file is of a version that this reader was not made for.

    Raises
    ------
    OsyFormatError
        If the major version is greater. A greater minor version only adds.
    """
    if version[0] > layout.VERSION[0]:
        raise OsyFormatError(
            f"{label} is written in .osy format {layout.version_text(version)}; this ossify reads "
            f"up to {layout.VERSION[0]}.x. Upgrade ossify to open it."
        )


def _sealed(body: bytes, version: tuple[int, int]) -> bytes:
    checksum = xxhash.xxh3_64_hexdigest(body)
    return _HEAD.format(version=layout.version_text(version), checksum=checksum).encode() + body


class _Checker:
    """Takes JSON apart and notes what is not as it should be."""

    def __init__(self, content: Any) -> None:
        self.content = content
        self.problems: list[str] = []

    def manifest(self) -> Manifest:
        content, where = self.content, layout.INDEX
        members = tuple(self._each(content, "members", where, self._member))
        self._sizes = {member.name for member in members}
        if len(self._sizes) < len(members):
            self.problems.append(f"{where}: members: a name is there twice")
        layers = tuple(self._each(content, "layers", where, self._layer))
        self._names = {layer.name: layer for layer in layers}
        if len(self._names) < len(layers):
            self.problems.append(f"{where}: layers: a name is there twice")
        links = tuple(self._each(content, "links", where, self._link))
        left_out: dict[str, int] = self._get(content, "left_out", dict, where, {})
        for name, count in left_out.items():
            if not _is_count(count):
                self.problems.append(f"{where}: left_out[{name!r}] is {count!r}, not a count")
        return Manifest(
            version=self._version(content, where),
            writer=self._get(content, "writer", (str, type(None)), where, None),
            name=self._get(content, "name", (str, int, type(None)), where, None),
            meta=self._get(content, "meta", dict, where, {}),
            units=self._get(content, "units", (str, type(None)), where, None),
            space=self._get(content, "space", (str, type(None)), where, None),
            left_out=left_out,
            layers=layers,
            links=links,
            members=members,
            outside=self._piece(
                self._get(content, "outside", dict, where, {}), f"{where}: outside"
            ),
        )

    def _get(self, content: Any, key: str, kind: Any, where: str, default: Value) -> Value:
        if not isinstance(content, dict) or key not in content:
            self.problems.append(f"{where}: {key} is missing")
            return default
        value: Value = content[key]
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            self.problems.append(f"{where}: {key} is {value!r:.80}")
            return default
        return value

    def _version(self, content: Any, where: str) -> tuple[int, int]:
        version: list[Any] = self._get(content, "version", list, where, [0, 0])
        if len(version) != 2 or not all(map(_is_count, version)):
            self.problems.append(f"{where}: version is {version!r:.80}")
            return (0, 0)
        return (version[0], version[1])

    def _count(self, content: Any, key: str, where: str, optional: bool = False) -> Any:
        value = content.get(key) if isinstance(content, dict) else None
        if _is_count(value) or (optional and value is None):
            return value
        self.problems.append(f"{where}: {key} is {value!r:.80}, where a count was expected")
        return None if optional else 0

    def _each(
        self, content: Any, key: str, where: str, parse: Callable[[Any, str], Value]
    ) -> list[Value]:
        items: list[Any] = self._get(content, key, list, where, [])
        return [parse(item, f"{where}: {key}[{place}]") for place, item in enumerate(items)]

    def _member(self, content: Any, where: str) -> Member:
        member = Member(
            self._get(content, "name", str, where, ""),
            self._count(content, "offset", where),
            self._count(content, "size", where),
            self._get(content, "checksum", str, where, ""),
            tuple(self._each(content, "pieces", where, self._piece)),
        )
        if member.pieces and sum(piece.size for piece in member.pieces) != member.size:
            self.problems.append(f"{where}: the pieces are not the member")
        return member

    def _piece(self, content: Any, where: str) -> Piece:
        return Piece(
            self._count(content, "size", where),
            self._get(content, "checksum", str, where, ""),
        )

    def _feature(self, content: Any, where: str) -> Feature:
        return Feature(
            self._get(content, "name", str, where, ""),
            self._get(content, "holding", dict, where, {}),
        )

    def _layer(self, content: Any, where: str) -> LayerEntry:
        spatial = self._get(content, "spatial_columns", list, where, ["x", "y", "z"])
        if len(spatial) != 3 or not all(isinstance(name, str) for name in spatial):
            self.problems.append(f"{where}: spatial_columns is {spatial!r:.80}")
            spatial = ["x", "y", "z"]
        layer = LayerEntry(
            name=self._get(content, "name", str, where, ""),
            group=self._one_of(content, "group", _GROUPS, where),
            layer_type=self._one_of(content, "layer_type", _LAYER_TYPES, where),
            n_vertices=self._count(content, "n_vertices", where),
            units=self._get(content, "units", (str, type(None)), where, None),
            space=self._get(content, "space", (str, type(None)), where, None),
            spatial_columns=(spatial[0], spatial[1], spatial[2]),
            index_name=self._get(content, "index_name", (str, type(None)), where, None),
            features=tuple(self._each(content, "features", where, self._feature)),
            bbox=self._get(content, "bbox", (list, type(None)), where, None),
            n_edges=self._count(content, "n_edges", where, optional=True),
            n_faces=self._count(content, "n_faces", where, optional=True),
            n_whole=self._count(content, "n_whole", where, optional=True),
            root=self._count(content, "root", where, optional=True),
            root_id=self._count(content, "root_id", where, optional=True),
            base_root=self._count(content, "base_root", where, optional=True),
            parts=self._parts(content, where),
        )
        if not layer.name or layer.units == "":
            self.problems.append(f"{where}: the name or the unit is empty")
        self._check_parts(layer, where)
        return layer

    def _parts(self, content: Any, where: str) -> dict[str, str]:
        parts: dict[Any, Any] = self._get(content, "parts", dict, where, {})
        return {key: name for key, name in parts.items() if isinstance(name, str)}

    def _one_of(self, content: Any, key: str, known: tuple[str, ...], where: str) -> str:
        value = self._get(content, key, str, where, known[0])
        if value not in known:
            self.problems.append(f"{where}: {key} is {value!r}, which is none of {known}")
            return known[0]
        return value

    def _check_parts(self, layer: LayerEntry, where: str) -> None:
        needed = {
            "skeleton": [layout.VERTICES, layout.TREE],
            "graph": [layout.VERTICES, layout.EDGES],
            "mesh": [layout.VERTICES, layout.FACES],
            "points": [layout.VERTICES],
        }[layer.layer_type]
        if layer.n_whole is not None:
            needed.append(layout.WHOLE_TREE)
        for part in needed:
            if layer.parts.get(part) not in self._sizes:
                self.problems.append(f"{where}: there is no member for its {part}")
        for root, count in ((layer.root, layer.n_vertices), (layer.base_root, layer.n_whole)):
            if root is not None and count is not None and root >= count:
                self.problems.append(f"{where}: the root is row {root} of {count:,}")
        counts = {"graph": layer.n_edges, "mesh": layer.n_faces}
        if counts.get(layer.layer_type, 0) is None:
            self.problems.append(f"{where}: the number of its edges or faces is missing")

    def _link(self, content: Any, where: str) -> LinkEntry:
        link = LinkEntry(
            self._get(content, "source", str, where, ""),
            self._get(content, "target", str, where, ""),
            float(self._get(content, "coverage", (int, float), where, 0.0)),
            self._get(content, "member", str, where, ""),
        )
        for name in (link.source, link.target):
            if name not in self._names:
                self.problems.append(f"{where}: there is no layer {name!r}")
        if link.member not in self._sizes:
            self.problems.append(f"{where}: there is no member for its rows")
        return link


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**63
