"""A skeleton in parts that a feature tells apart, such as its compartments."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ossify._typing import AnyArray, FloatArray, IntArray
from ossify.compartment import Compartment
from ossify.layers.skeleton import SkeletonLayer

COMPARTMENT = "compartment"


@dataclass(frozen=True, eq=False)
class Parts:
    """P parts of a skeleton of V vertices.

    Attributes
    ----------
    number
        (V,) part that each vertex is in.
    labels
        (P,) what each part is called; None if the whole skeleton is the only part.
    """

    number: IntArray
    labels: pd.Index | None

    @classmethod
    def of(cls, skeleton: SkeletonLayer, by: str | None) -> Parts:
        """Parts by the values of a feature, ascending, those without a value last.

        Compartments are called by their names. None: one part.

        Raises
        ------
        UnknownFeatureError
            If there is no such feature. A KeyError.
        """
        if by is None:
            return cls(np.zeros(skeleton.n_vertices, dtype=np.int64), None)
        column = skeleton._table.column(by, f"layer {skeleton.name!r}")
        number, values = pd.factorize(pd.Series(column), sort=True)
        labels = pd.Index(values)
        if by == COMPARTMENT and pd.api.types.is_integer_dtype(labels.dtype):
            labels = pd.Index([_title(code) for code in labels.tolist()], dtype="str")
        if (number < 0).any():
            number = np.where(number < 0, len(labels), number)
            labels = labels.insert(len(labels), None)
        return cls(number, labels.rename(by))

    def __len__(self) -> int:
        return 1 if self.labels is None else len(self.labels)

    def counts(self, rows: IntArray) -> AnyArray:
        """(P,) int64 number of some rows, a row once for each time it is given."""
        return np.bincount(self.number[rows], minlength=len(self))

    def sums(self, values: FloatArray, rows: IntArray | None = None) -> FloatArray:
        """(P,) sum of values, of which there is one for each of some rows, or of all."""
        number = self.number if rows is None else self.number[rows]
        # Of no rows, numpy counts with integers whatever they weigh.
        return np.bincount(number, weights=values, minlength=len(self)).astype(np.float64)

    def means(self, values: FloatArray, rows: IntArray) -> FloatArray:
        """(P,) mean of the values that are not NaN, of one for each of some rows; NaN if none."""
        known = ~np.isnan(values)
        count, total = self.counts(rows[known]), self.sums(values[known], rows[known])
        return ratio(total, count)

    def extremes(self, ufunc: np.ufunc, values: FloatArray, rows: IntArray) -> FloatArray:
        """(P,) maximum or minimum of the values that are not NaN, likewise; NaN if none."""
        found = np.full(len(self), np.nan)
        order = np.argsort(self.number[rows], kind="stable")
        number, ordered = self.number[rows][order], values[order]
        if len(number):
            first = np.flatnonzero(np.diff(number, prepend=-1))
            # fmax and fmin look past NaN where there is anything else.
            found[number[first]] = ufunc.reduceat(ordered, first)
        return found


def ratio(values: AnyArray, over: AnyArray) -> FloatArray:
    """Values over others, NaN where these are 0."""
    return np.asarray(np.divide(values, over, out=np.full(len(over), np.nan), where=over > 0))


def _title(code: int) -> str:
    try:
        return Compartment(code).title
    except ValueError:
        return str(code)
