"""What the members of an ``.osy`` are called, and which versions there are. Written once, here.

A member is named after its layer where a reader of version 2.0 looks for it under that name. What
only version 3.0 knows is numbered, so that no layer name can get in its way.
"""

from __future__ import annotations

VERSION = (3, 0)
"""The version that is written."""

INDEX = "index.json"
METADATA = "metadata.json"

LAYERS = "layers"
ANNOTATIONS = "annotations"
LINKAGE = "linkage"

CORE_NAMES = {"skeleton": "skeleton", "graph": "graph", "mesh": "mesh"}
"""The name that the one layer of a type has in versions 1.0 and 2.0."""

CHECKSUM = "xxh3_64"

_OWN = "parts"

# The parts of a layer, by the names under which the index knows them.
VERTICES = "vertices"
EDGES = "edges"
FACES = "faces"
TREE = "tree"
WHOLE_TREE = "whole_tree"

# The arrays in them.
DATA = "data"
PARENT = "parent"
ORDER = "order"
RUN_START = "run_start"
IDS = "ids"
POINTS = "points"
STEPS = "steps"

INDEX_COLUMN = "__index_level_0__"
"""What an index without a name is called in a table."""


def version_text(version: tuple[int, int] = VERSION) -> str:
    """A version as people write it."""
    return f"{version[0]}.{version[1]}"


def is_plain(name: str) -> bool:
    """Whether a name can be a folder of the archive, or several."""
    steps = name.split("/")
    return name.isprintable() and "\\" not in name and not {"", ".", ".."} & set(steps)


def layer_meta(group: str, name: str) -> str:
    """Spatial columns and root of a layer."""
    return f"{group}/{name}/meta.json"


def nodes(group: str, name: str) -> str:
    """The vertex table of a layer."""
    return f"{group}/{name}/nodes.feather"


def edges(name: str) -> str:
    """Edges as vertex ids."""
    return f"{LAYERS}/{name}/edges.npz"


def faces(name: str) -> str:
    """Faces as vertex ids."""
    return f"{LAYERS}/{name}/faces.npz"


def base_properties(name: str) -> str:
    """Ids and parents of a skeleton before any mask."""
    return f"{LAYERS}/{name}/base_properties/properties.json"


def base_lengths(name: str) -> str:
    """Sparse lengths from child to parent before any mask."""
    return f"{LAYERS}/{name}/base_properties/properties_base_csgraph.npz"


def base_links(name: str) -> str:
    """Sparse ones from child to parent before any mask."""
    return f"{LAYERS}/{name}/base_properties/properties_base_csgraph_binary.npz"


def linkage(first: str, second: str) -> str:
    """The link between two layers as vertex ids, whichever way it points."""
    return "/".join((LINKAGE, *sorted((first, second)), "linkage.feather"))


def own_part(place: int, part: str) -> str:
    """A part of the layer at a place in the index that versions before 3.0 do not know."""
    suffix = "feather" if part == VERTICES else "npz"
    return f"{_OWN}/{place}/{part}.{suffix}"


def own_link(place: int) -> str:
    """The rows of the link at a place in the index."""
    return f"{_OWN}/links/{place}.npz"


def is_own(name: str) -> bool:
    """Whether a member is one that versions before 3.0 do not know."""
    return name.startswith(f"{_OWN}/")
