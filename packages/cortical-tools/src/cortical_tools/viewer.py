"""Neuroglancer links, made of what the datastack's record says and nothing that is looked up.

A view's position is the one that is given, or the middle of the layers that are added. Otherwise it
is left to neuroglancer, which centres itself: finding one out would mean to open the images.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

import numpy as np
from numpy.typing import ArrayLike

from cortical_tools.connection import Connection
from cortical_tools.datastack import image_source, segmentation_source, viewer_resolution
from cortical_tools.errors import MissingExtraError
from cortical_tools.ids import Ids, int_ids
from cortical_tools.states import upload_state_json
from cortical_tools.viewer_layers import centre_nm, dimensions_of

DEFAULT_SITE = "https://spelunker.cave-explorer.org/"
# Longer addresses than this are cut by browsers.
LONGEST_URL = 1_750_000
_LAYOUT = "xy-3d"
_CROSS_SECTION_SCALE = 1.0
_PROJECTION_SCALE = 50_000.0
_SELECTED_ALPHA = 0.5
_OBJECT_ALPHA = 1.0


def viewer_state(
    connection: Connection,
    root_ids: Ids | None = None,
    sources: Sequence[str] = (),
    layers: Sequence[Mapping[str, Any]] = (),
    position: ArrayLike | None = None,
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
    layers
        Further layers, as `viewer_layers` makes them; their names must differ.
    position
        The place to look at, in units of the viewer's resolution; by default the middle of the
        first of `layers` that has points.

    Returns
    -------
    dict
        JSON of the state, with ids as text.

    Raises
    ------
    ValueError
        If two layers have one name, or `position` is not three numbers.
    """
    segments = [] if root_ids is None else [str(one) for one in int_ids(root_ids, "root ids")]
    resolution = viewer_resolution(connection)
    segmentation = [segmentation_source(connection, format_for="cave_explorer")]
    skeletons = connection.service("info").get_datastack_info().get("skeleton_source")
    if skeletons:
        segmentation.append(str(skeletons))
    if isinstance(layers, Mapping) or not all(isinstance(layer, Mapping) for layer in layers):
        raise TypeError("layers: a list of what point_layer, skeleton_layer and cell_layers make")
    place = _position(position, layers, resolution)
    names = ["imagery", "segmentation", *(str(layer.get("name")) for layer in layers)]
    if again := sorted({name for name in names if names.count(name) > 1}):
        raise ValueError(f"layers: {', '.join(again)}: a name can be that of one layer only")
    return {
        **({} if place is None else {"position": place}),
        "dimensions": dimensions_of(resolution),
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
                "selectedAlpha": _SELECTED_ALPHA,
                "notSelectedAlpha": 0.0,
                "objectAlpha": _OBJECT_ALPHA,
            },
            *(dict(layer) for layer in layers),
        ],
        "selectedLayer": {"layer": "segmentation", "visible": True},
        "layout": _LAYOUT,
        "showSlices": False,
        "crossSectionScale": _CROSS_SECTION_SCALE,
        "projectionScale": _PROJECTION_SCALE,
    }


def neuroglancer_url(
    connection: Connection,
    target_url: str | None = None,
    clipboard: bool = False,
    shorten: bool | str = False,
    root_ids: Ids | None = None,
    seg_prop: Mapping[str, Any] | None = None,
    *,
    layers: Sequence[Mapping[str, Any]] = (),
    position: ArrayLike | None = None,
) -> str:
    """A link that opens the datastack in neuroglancer.

    Parameters
    ----------
    connection
        Whom to ask for the datastack's record.
    target_url
        The neuroglancer to open; by default spelunker.cave-explorer.org.
    clipboard
        Whether to copy the link, too. A machine without a clipboard gets the link and a warning.
    shorten
        Whether to store the state and link to it; ``"if_long"`` only where the link would
        otherwise be too long for browsers.
    root_ids
        The objects to select: one or any number.
    seg_prop
        Properties of the objects, as neuroglancer describes them; they are stored.
    layers
        Further layers: of `point_layer`, `skeleton_layer` and `cell_layers`.
    position
        The place to look at, in units of `viewer_resolution`; by default the middle of the first
        of `layers` that has points, or else neuroglancer's choice.

    Returns
    -------
    str
        The link, also where it was copied.

    Raises
    ------
    TypeError
        If `target_url` is no text, such as root ids that were given without their name.
    ValueError
        If `shorten` is none of these, two layers have one name, or `position` is not three numbers.
    """
    if target_url is not None and not isinstance(target_url, str):
        raise TypeError(
            f"target_url: the address of a neuroglancer, not {target_url!r}; objects to select are "
            "given as root_ids"
        )
    if shorten not in (True, False, "if_long"):
        raise ValueError(f"shorten: True, False or 'if_long', not {shorten!r}")
    sources = [] if seg_prop is None else [_stored_properties(connection, seg_prop)]
    state = viewer_state(connection, root_ids, sources, layers, position)
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
    *,
    layers: Sequence[Mapping[str, Any]] = (),
    position: ArrayLike | None = None,
) -> Any:
    """The view of `neuroglancer_url` as nglui's ``ViewerState``, to which layers can be added.

    It looks nothing up: nglui's own search for a position, which opens the images, is off.

    Parameters
    ----------
    connection
        Whom to ask for the datastack's record.
    root_ids, seg_prop, layers, position
        As for `neuroglancer_url`.

    Returns
    -------
    nglui.statebuilder.ViewerState

    Raises
    ------
    MissingExtraError
        If nglui is not installed: it comes with ``cortical-tools[viewer]``. An ImportError.
    ValueError
        If two layers have one name, or `position` is not three numbers.
    """
    try:
        from nglui import statebuilder
    except ImportError as error:
        raise MissingExtraError("neuroglancer_viewer", "viewer") from error
    sources = [] if seg_prop is None else [_stored_properties(connection, seg_prop)]
    state = viewer_state(connection, root_ids, sources, layers, position)
    images, segmentation, *others = state["layers"]
    view = (
        statebuilder.ViewerState(
            dimensions=viewer_resolution(connection).tolist(),
            position=state.get("position"),
            scale_imagery=_CROSS_SECTION_SCALE,
            scale_3d=_PROJECTION_SCALE,
            layout=_LAYOUT,
            infer_coordinates=False,
        )
        .add_image_layer(source=images["source"], name=images["name"])
        .add_segmentation_layer(
            source=[source["url"] for source in segmentation["source"]],
            name=segmentation["name"],
            segments=[int(one) for one in segmentation["segments"]],
            selected_alpha=_SELECTED_ALPHA,
            alpha_3d=_OBJECT_ALPHA,
        )
        .set_selected_layer(segmentation["name"])
    )
    for layer in others:
        view = view.add_raw_layer(layer)
    return view


def _position(
    position: ArrayLike | None,
    layers: Sequence[Mapping[str, Any]],
    resolution: ArrayLike,
) -> list[float] | None:
    if position is None:
        middle = centre_nm(layers)
        return None if middle is None else (middle / np.asarray(resolution)).round(3).tolist()
    place = np.asarray(position, dtype=float)
    if place.shape != (3,) or not np.isfinite(place).all():
        raise ValueError(f"position: expected three numbers, not {position!r}")
    return [float(one) for one in place]


def _stored_properties(connection: Connection, seg_prop: Mapping[str, Any]) -> str:
    """The address under which the state server keeps properties of objects."""
    number = connection.service("state").upload_property_json(dict(seg_prop))
    base = connection.server_address
    return f"precomputed://middleauth+{base}/nglstate/api/v1/property/{int(number)}"


def _copy(url: str) -> None:
    try:
        import pyperclip

        pyperclip.copy(url)
    except ImportError:
        _say_not_copied(MissingExtraError("clipboard=True", "viewer"))
    # PyperclipException, where a machine has no clipboard.
    except RuntimeError as error:
        _say_not_copied(error)


def _say_not_copied(error: Exception) -> None:
    reason = " ".join(str(error).split())
    warnings.warn(f"the link was not copied, but is returned: {reason}", stacklevel=5)
