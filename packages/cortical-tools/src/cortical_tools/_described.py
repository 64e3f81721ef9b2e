"""A method of a client says what the function it calls says, and is not described twice."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from typing import Any, TypeVar

Method = TypeVar("Method", bound=Callable[..., Any])

# What a client knows by itself, so its methods do not take it.
_OWN = ("connection", "space", "tables")


def described_by(function: Callable[..., Any]) -> Callable[[Method], Method]:
    """Give a method the docstring of `function`, less what the client fills in."""
    text = inspect.getdoc(function) or ""
    for name in _OWN:
        text = re.sub(rf"^{name}\n((    .*)?\n)+?(?=\S|\n\S)", "", text, flags=re.MULTILINE)

    def describe(method: Method) -> Method:
        method.__doc__ = text
        return method

    return describe
