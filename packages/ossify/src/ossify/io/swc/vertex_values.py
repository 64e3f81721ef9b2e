"""The types and radii that go with the vertices of a skeleton where it leaves as SWC or alike."""

from __future__ import annotations

import operator
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from ossify._typing import FloatArray
from ossify.compartment import Compartment
from ossify.errors import UnknownFeatureError
from ossify.io.report import NotCarried
from ossify.io.swc.reader import COMPARTMENT, RADIUS
from ossify.layers.skeleton import SkeletonLayer

if TYPE_CHECKING:
    from ossify.layers.columns import Column

Names: TypeAlias = str | Sequence[str] | None

_CODE_OF_NAME = {name: code for code in Compartment for name in (code.name.lower(), code.title)}


@dataclass(frozen=True, eq=False)
class Codes:
    """The type of every vertex."""

    feature: str | None
    values: npt.NDArray[np.int64]
    n_missing: int
    default: int

    @classmethod
    def of(
        cls,
        skeleton: SkeletonLayer,
        names: Names,
        mapping: Mapping[Any, int] | None,
        default: int,
    ) -> Codes:
        """The codes that a feature holds or stands for, and `default` where there is none."""
        default = _type(default, "default_compartment_label")
        feature = _feature(skeleton, COMPARTMENT, names)
        if feature is None:
            return cls(None, np.full(len(skeleton), default), len(skeleton), default)
        places, found = pd.factorize(pd.Series(_column(skeleton, feature)))
        # The last place is for missing values, which factorize numbers -1.
        codes = [*(_code(value, mapping, feature) for value in found), None]
        table = np.array([default if code is None else code for code in codes], dtype=np.int64)
        missing = np.array([code is None for code in codes])
        return cls(feature, table[places], int(missing[places].sum()), default)

    def left(self) -> Iterator[NotCarried]:
        """What was made up."""
        if self.feature is None:
            reason = f"there is none, so type {self.default} was written"
            yield NotCarried("feature", COMPARTMENT, self.n_missing, reason)
        elif self.n_missing:
            reason = f"values that are missing or have no code were written as {self.default}"
            yield NotCarried("feature", self.feature, self.n_missing, reason)


@dataclass(frozen=True, eq=False)
class Radii:
    """The radius of every vertex, not scaled."""

    feature: str | None
    values: FloatArray
    n_missing: int
    default: float
    scaled: bool

    @classmethod
    def of(cls, skeleton: SkeletonLayer, names: Names, default: float, scaled: bool) -> Radii:
        """The radii that a feature holds, and `default` where there is none."""
        default = float(default)
        feature = _feature(skeleton, RADIUS, names)
        if feature is None:
            values = np.full(len(skeleton), default)
            return cls(None, values, len(skeleton), default, scaled)
        column = pd.Series(_column(skeleton, feature))
        if not pd.api.types.is_numeric_dtype(column.dtype):
            raise ValueError(f"feature {feature!r} holds {column.dtype}, not radii")
        values = column.to_numpy(dtype=np.float64, na_value=np.nan)
        missing = np.isnan(values)
        filled = np.where(missing, default, values)
        return cls(feature, filled, int(missing.sum()), default, scaled)

    def left(self) -> Iterator[NotCarried]:
        """What was made up."""
        if self.feature is None:
            reason = f"there is none, so {self.default:g} was written"
            yield NotCarried("feature", RADIUS, self.n_missing, reason)
        elif self.n_missing:
            reason = f"missing values were written as {self.default:g}"
            yield NotCarried("feature", self.feature, self.n_missing, reason)


def _feature(skeleton: SkeletonLayer, usual: str, names: Names) -> str | None:
    """The first of the features that is there; None if it is the usual one that is not."""
    wanted = [usual] if names is None else [names] if isinstance(names, str) else list(names)
    found = next((name for name in wanted if name in skeleton.feature_names), None)
    if found is None and names is not None:
        known = ", ".join(skeleton.feature_names) or "none"
        raise UnknownFeatureError(
            f"{skeleton.name!r} has no feature {' or '.join(map(repr, wanted))}; it has: {known}"
        )
    return found


def _column(skeleton: SkeletonLayer, feature: str) -> Column:
    return skeleton.layer.column(feature, f"layer {skeleton.name!r}")


def _code(value: Any, mapping: Mapping[Any, int] | None, feature: str) -> int | None:
    """The type that a value of a feature stands for, None if there is none."""
    if mapping is not None:
        code = mapping.get(value)
        return None if code is None else _type(code, f"compartment_mapping[{value!r}]")
    if isinstance(value, str):
        return _CODE_OF_NAME.get(value.lower())
    if isinstance(value, (bool, np.bool_)) or not (0 <= value < 2**63 and value == int(value)):
        raise ValueError(
            f"feature {feature!r} holds {value!r}, which is no type of an SWC file; pass "
            "compartment_mapping={value: code, …}"
        )
    return int(value)


def _type(code: int, what: str) -> int:
    """A type that an SWC file can hold."""
    number = operator.index(code)
    if not 0 <= number < 2**63:
        raise ValueError(f"{what} must be a type of an SWC file, from 0 to 2**63 - 1, not {number}")
    return number
