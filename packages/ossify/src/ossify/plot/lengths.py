"""Lengths as a reader wants them: round, and in the unit that keeps the numbers short."""

from __future__ import annotations

import math

from ossify import units as units_of_length
from ossify.units import canonical_units, conversion_factor

_BIGGER = {"nm": "um", "um": "mm"}
_FROM = {"nm": 10_000, "um": 10_000}


def round_length(at_most: float) -> float:
    """The greatest of 1, 2 and 5 times a power of ten that is not above `at_most`.

    Examples
    --------
    >>> round_length(734.0), round_length(0.3), round_length(5)
    (500.0, 0.2, 5.0)
    """
    power = math.floor(math.log10(at_most))
    for step in (5, 2, 1):
        # Ten to a negative power is inexact; a quotient is the nearest number to what is written.
        length = step * 10.0**power if power >= 0 else step / 10.0**-power
        if length <= at_most * (1 + 1e-12):
            return length
    return 10.0**power


def shown_units(units: str | None, extent: float) -> tuple[str | None, float]:
    """The unit to show lengths up to `extent` in, and how many of `units` it is.

    Examples
    --------
    >>> shown_units("nm", 1_200_000), shown_units("nm", 800), shown_units("voxel", 1e9)
    (('um', 1000.0), ('nm', 1.0), ('voxel', 1.0))
    """
    units = canonical_units(units)
    if units not in _BIGGER or extent < _FROM[units]:
        return units, 1.0
    return _BIGGER[units], conversion_factor(_BIGGER[units], units)


def length_text(length: float, units: str | None) -> str:
    """A length with its unit.

    Examples
    --------
    >>> length_text(100_000, "nm"), length_text(50, "um"), length_text(3, None)
    ('100 µm', '50 µm', '3')
    """
    units = canonical_units(units)
    # A bar is labelled in the next unit as soon as that makes a number of one or more.
    if units in _BIGGER and length >= conversion_factor(_BIGGER[units], units):
        length /= conversion_factor(_BIGGER[units], units)
        units = _BIGGER[units]
    return f"{length:g}" if units is None else f"{length:g} {units_of_length.label(units)}"
