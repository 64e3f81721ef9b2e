"""Neuroglancer links, made of what the datastack's record says and nothing that is looked up.

A view's position is left to neuroglancer, which centres itself: finding one out would mean to open
the images.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from cortical_tools.connection import Connection
from cortical_tools.datastack import image_source, segmentation_source, viewer_resolution
from cortical_tools.errors import MissingExtraError
from cortical_tools.ids import Ids, int_ids
from cortical_tools.states import upload_state_json

logger = logging.getLogger(__name__)

DEFAULT_SITE = "https://spelunker.cave-explorer.org/"
# Longer addresses than this are cut by browsers.
LONGEST_URL = 1_750_000


def viewer_state(
    connection: Connection,
    root_ids: Ids | None = None,
    sources: Sequence[str] = (),
) -> dict[str, Any]:
    """The state that neuroglancer opens: images, segmentation, and the objects selected in it.

    Parameters
    ----------
    connection
        Whom to ask for the datastack's record.
    root_ids
        The objects to select.
    sources
        Further sources of the segmentation, such as properties of its objects.
    """
    segments = [] if root_ids is None else [str(one) for one in int_ids(root_ids, "root ids")]
    resolution = viewer_resolution(connection)
    segmentation = [segmentation_source(connection, format_for="cave_explorer")]
    skeletons = connection.service("info").get_datastack_info().get("skeleton_source")
    if skeletons:
        segmentation.append(str(skeletons))
    return {
        "dimensions": {
            axis: [float(size) * 1e-9, "m"]
            for axis, size in zip(("x", "y", "z"), resolution, strict=True)
        },
        "layers": [
            {
                "type": "image",
                "source": image_source(connection, format_for="cave_explorer"),
                "name": "imagery",
            },
            {
                "type": "segmentation",
                "source": [{"url": url} for url in (*segmentation, *sources)],
                "name": "segmentation",
                "segments": segments,
                "selectedAlpha": 0.5,
                "notSelectedAlpha": 0.0,
                "objectAlpha": 1.0,
            },
        ],
        "selectedLayer": {"layer": "segmentation", "visible": True},
        "layout": "xy-3d",
        "showSlices": False,
        "crossSectionScale": 1.0,
        "projectionScale": 50000.0,
    }


def neuroglancer_url(
    connection: Connection,
    target_url: str | None = None,
    clipboard: bool = False,
    shorten: bool | str = False,
    root_ids: Ids | None = None,
    seg_prop: Mapping[str, Any] | None = None,
) -> str:
    """A link that opens the datastack in neuroglancer.

    Parameters
    ----------
    connection
        Whom to ask for the datastack's record.
    target_url
        The neuroglancer to open; by default spelunker.cave-explorer.org.
    clipboard
        Whether to copy the link, too, where the machine has a clipboard.
    shorten
        Whether to store the state and link to it; ``"if_long"`` only where the link would
        otherwise be too long for browsers.
    root_ids
        The objects to select: one or any number.
    seg_prop
        Properties of the objects, as neuroglancer describes them; they are stored.

    Returns
    -------
    str
        The link, also where it was copied.
    """
    if shorten not in (True, False, "if_long"):
        raise ValueError(f"shorten: True, False or 'if_long', not {shorten!r}")
    sources = [] if seg_prop is None else [_stored_properties(connection, seg_prop)]
    state = viewer_state(connection, root_ids, sources)
    site = f"{(target_url or DEFAULT_SITE).rstrip('/')}/"
    url = f"{site}#!{quote(json.dumps(state, separators=(',', ':')))}"
    if shorten is True or (shorten == "if_long" and len(url) > LONGEST_URL):
        number = upload_state_json(connection, state)
        url = f"{site}#!middleauth+{connection.server_address}/nglstate/api/v1/{number}"
    if clipboard:
        _copy(url)
    return url


def neuroglancer_viewer(
    connection: Connection,
    root_ids: Ids | None = None,
    seg_prop: Mapping[str, Any] | None = None,
) -> Any:
    """The same view as nglui's ``ViewerState``, to which layers can be added.

    Needs ``cortical-tools[viewer]``.
    """
    try:
        from nglui import statebuilder
    except ImportError as error:
        raise MissingExtraError("neuroglancer_viewer", "viewer") from error
    sources = [] if seg_prop is None else [_stored_properties(connection, seg_prop)]
    state = viewer_state(connection, root_ids, sources)
    images, segmentation = state["layers"]
    return (
        statebuilder.ViewerState(
            dimensions=viewer_resolution(connection).tolist(), infer_coordinates=False
        )
        .add_image_layer(source=images["source"], name=images["name"])
        .add_segmentation_layer(
            source=[source["url"] for source in segmentation["source"]],
            name=segmentation["name"],
            segments=[int(one) for one in segmentation["segments"]],
        )
    )


def _stored_properties(connection: Connection, seg_prop: Mapping[str, Any]) -> str:
    """The address under which the state server keeps properties of objects."""
    number = connection.service("state").upload_property_json(dict(seg_prop))
    base = re.sub(r"/+$", "", str(connection.server_address))
    return f"precomputed://middleauth+{base}/nglstate/api/v1/property/{int(number)}"


def _copy(url: str) -> None:
    try:
        import pyperclip

        pyperclip.copy(url)
    except ImportError:
        missing = MissingExtraError("clipboard=True", "viewer")
        logger.warning("the link was not copied, but is returned: %s", missing)
    # PyperclipException, where a machine has no clipboard.
    except RuntimeError as error:
        logger.warning("the link was not copied, but is returned: %s", error)
