"""Units of coordinates: what they are called and how they convert."""

from __future__ import annotations

from ossify.errors import UnitsError

DEFAULT_UNITS = "nm"

_NANOMETRES = {"nm": 1.0, "um": 1e3, "mm": 1e6, "cm": 1e7, "m": 1e9}

_SPELLINGS = {
    "nanometer": "nm",
    "nanometers": "nm",
    "nanometre": "nm",
    "nanometres": "nm",
    "µm": "um",
    "μm": "um",
    "micron": "um",
    "microns": "um",
    "micrometer": "um",
    "micrometers": "um",
    "micrometre": "um",
    "micrometres": "um",
    "millimeter": "mm",
    "millimeters": "mm",
    "millimetre": "mm",
    "millimetres": "mm",
}

NOT_STATED = "not stated"


def canonical_units(units: object) -> str | None:
    """The short spelling of a unit of length; other names, such as ``"voxel"``, stay as they are.

    Parameters
    ----------
    units
        A unit of length, or None for "not stated".

    Raises
    ------
    UnitsError
        If it is empty or not a string.

    Examples
    --------
    >>> canonical_units("micron"), canonical_units("voxel"), canonical_units(None)
    ('um', 'voxel', None)
    """
    if units is None:
        return None
    if not isinstance(units, str) or not units.strip():
        raise UnitsError(
            f"units must be a name such as 'nm' or 'um', or None for not stated; got {units!r}"
        )
    return _SPELLINGS.get(units.strip().lower(), units.strip())


def conversion_factor(source: str, target: str) -> float:
    """The number that turns lengths in `source` into lengths in `target`.

    Raises
    ------
    UnitsError
        If either is not a metric unit of length.

    Examples
    --------
    >>> conversion_factor("um", "nm")
    1000.0
    """
    factors = []
    for units in (source, target):
        name = canonical_units(units)
        if name not in _NANOMETRES:
            known = ", ".join(_NANOMETRES)
            raise UnitsError(f"{units!r} is not a unit of length with a known size ({known})")
        factors.append(_NANOMETRES[name])
    return factors[0] / factors[1]


def label(units: str | None) -> str:
    """How a unit is written for a reader: ``µm`` for ``um``, ``not stated`` for None."""
    if units is None:
        return NOT_STATED
    return "µm" if units == "um" else units
