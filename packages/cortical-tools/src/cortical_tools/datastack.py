"""What CAVE says about a datastack: its record, its sources, its resolution."""

from __future__ import annotations

import copy
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cortical_tools.connection import Connection
from cortical_tools.errors import MissingExtraError


def get_datastack_info(
    connection: Connection, *, use_stored: bool = True, image_mirror: str | None = None
) -> dict[str, Any]:
    """The whole record of the datastack.

    Parameters
    ----------
    connection
        Whom to ask.
    use_stored
        Whether the record of the first request will do.
    image_mirror
        With the images of this mirror; the record that is stored keeps its own.

    Returns
    -------
    dict
        A copy: changing it changes nothing else.
    """
    info = connection.service("info")
    if image_mirror is None:
        return copy.deepcopy(info.get_datastack_info(use_stored=use_stored))
    stored = info.info_cache[connection.datastack_name]
    try:
        return copy.deepcopy(info.get_datastack_info(image_mirror=image_mirror))
    finally:
        info.info_cache[connection.datastack_name] = stored


def image_source(
    connection: Connection,
    *,
    use_stored: bool = True,
    format_for: str = "raw",
    image_mirror: str | None = None,
) -> str:
    """Where the images are.

    Parameters
    ----------
    connection
        Whom to ask.
    use_stored
        Whether the record of the first request will do.
    format_for
        As in `segmentation_source`.
    image_mirror
        A mirror of the images, instead of those of the datastack.

    Returns
    -------
    str
        An address.

    Raises
    ------
    ValueError
        If `format_for` is another word.
    """
    ask = partial(
        connection.service("info").image_source, use_stored=use_stored, image_mirror=image_mirror
    )
    return _in_format(ask, format_for)


def segmentation_source(
    connection: Connection, *, use_stored: bool = True, format_for: str = "raw"
) -> str:
    """Where the segmentation is.

    Parameters
    ----------
    connection
        Whom to ask.
    use_stored
        Whether the record of the first request will do.
    format_for
        ``"raw"``, ``"cloudvolume"``, ``"neuroglancer"``, ``"cave_explorer"`` or
        ``"cave-explorer"``: the form in which each of them wants it.

    Returns
    -------
    str
        An address.

    Raises
    ------
    ValueError
        If `format_for` is another word.
    """
    ask = partial(connection.service("info").segmentation_source, use_stored=use_stored)
    return _in_format(ask, format_for)


def viewer_resolution(connection: Connection, *, use_stored: bool = True) -> NDArray[np.float64]:
    """Nanometres per unit of a viewer's coordinates.

    Parameters
    ----------
    connection
        Whom to ask.
    use_stored
        Whether the record of the first request will do.

    Returns
    -------
    (3,) float64 array
        Along x, y and z.
    """
    return np.asarray(connection.service("info").viewer_resolution(use_stored=use_stored), float)


def cloudvolume(connection: Connection, which: str, **options: Any) -> Any:
    """The images or the segmentation as a CloudVolume, with the client's own token.

    Parameters
    ----------
    connection
        Whom to ask.
    which
        ``"image"`` or ``"segmentation"``.
    **options
        As for ``cloudvolume.CloudVolume``, and those of caveclient's method of this name.

    Raises
    ------
    MissingExtraError
        If cloud-volume is not installed. An ImportError.
    """
    try:
        import cloudvolume as installed  # noqa: F401
    except ImportError as error:
        raise MissingExtraError(f"{which}_cloudvolume", "mesh") from error
    info = connection.service("info")
    make = info.image_cloudvolume if which == "image" else info.segmentation_cloudvolume
    if which == "segmentation" and "Authorization" not in info.session.headers:
        # There is no token to hand on, and looking for its second word would fail.
        options["use_client_secret"] = False
    return make(**options)


_KINDS = ("precomputed://", "graphene://")
_FORMATS = ("raw", "cloudvolume", "neuroglancer", "cave_explorer", "cave-explorer")


def _in_format(ask: Callable[..., str | None], format_for: str) -> str:
    """An address as `format_for` wants it."""
    if format_for not in _FORMATS:
        raise ValueError(f"format_for: {format_for!r} is none of {', '.join(_FORMATS)}")
    found = ask(format_for=format_for)
    if found is not None:
        return str(found)
    # For an address that says its own kind, precomputed://https://..., which all of them read as it
    # is, caveclient has no form.
    raw = str(ask(format_for="raw"))
    return raw if raw.startswith(_KINDS) else f"precomputed://{raw}"
