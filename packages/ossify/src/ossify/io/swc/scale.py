"""The factor between the numbers of a skeleton and those of its file."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ossify._typing import FloatArray
from ossify.errors import UnitsError
from ossify.units import NOT_STATED, canonical_units, conversion_factor


@dataclass(frozen=True)
class Scale:
    """A multiplication or a division, whichever is by a whole number.

    1234567.25 nm divided by 1000 are 1234.56725 µm; multiplied by 0.001, which no float is
    exactly, they may be 1234.5672500000001.
    """

    factor: float = 1.0
    divisor: float = 1.0

    @classmethod
    def by(cls, rescale: float) -> Scale:
        """Multiplication by exactly `rescale`.

        Raises
        ------
        ValueError
            If it is not a number above 0.
        """
        if not (math.isfinite(rescale) and rescale > 0):
            raise ValueError(f"rescale must be a number above 0, not {rescale!r}")
        return cls(factor=float(rescale))

    @classmethod
    def between(cls, source: str | None, target: str, remedy: str) -> Scale:
        """From one unit to another; the same unit, known or not, is left as it is.

        Raises
        ------
        UnitsError
            If one of two different units has no known size; the error ends with `remedy`.
        """
        target_name = canonical_units(target)
        if canonical_units(source) == target_name:
            return cls()
        if source is None:
            raise UnitsError(
                f"the units are {NOT_STATED}, so they cannot be converted to {target_name}; "
                f"{remedy}"
            )
        try:
            factor = conversion_factor(source, target)
        except UnitsError as error:
            raise UnitsError(f"{error}; {remedy}") from None
        if factor >= 1:
            return cls(factor=factor)
        return cls(divisor=conversion_factor(target, source))

    def __call__(self, values: FloatArray) -> FloatArray:
        """The scaled values.

        Raises
        ------
        ValueError
            If one is infinite, or becomes so.
        """
        with np.errstate(over="ignore"):
            scaled = values * self.factor / self.divisor
        infinite = np.isinf(scaled)
        if infinite.any():
            first = float(values[infinite][0])
            raise ValueError(
                f"{first!r} times {self.factor / self.divisor:g} is no number that an SWC file can "
                "hold; correct it, or scale by less"
            )
        return scaled
