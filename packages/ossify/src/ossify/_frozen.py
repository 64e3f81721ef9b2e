"""Parts that are finished when they are made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from types import MappingProxyType
from typing import Any, Self, TypeVar

import numpy as np

from ossify._typing import AnyArray

ArrayT = TypeVar("ArrayT", bound=AnyArray)


class Frozen:
    """A dataclass that never changes, so that a copy of it is itself.

    What is derived from its fields is cached on it and left behind when it is pickled; its arrays
    are read-only on the other side too.
    """

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self

    def __getstate__(self) -> dict[str, Any]:
        state = {}
        for field in fields(self):  # type: ignore[arg-type]
            value = getattr(self, field.name)
            state[field.name] = dict(value) if isinstance(value, Mapping) else value
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        for name, value in state.items():
            self._set(name, value)

    def _set(self, name: str, value: Any) -> None:
        """Set a field while the part is being made."""
        if isinstance(value, np.ndarray):
            freeze(value)
        elif isinstance(value, dict):
            for item in value.values():
                if isinstance(item, np.ndarray):
                    freeze(item)
            value = MappingProxyType(value)
        object.__setattr__(self, name, value)


def freeze(array: ArrayT) -> ArrayT:
    """The array, made read-only."""
    array.flags.writeable = False
    return array
