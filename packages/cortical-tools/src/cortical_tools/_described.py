"""A method of a client says what the function it calls says, and is not described twice."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from typing import Any, TypeVar

Method = TypeVar("Method", bound=Callable[..., Any])


def described_by(function: Callable[..., Any]) -> Callable[[Method], Method]:
    """Give a method the docstring of `function`, less what the client fills in."""
    text = inspect.getdoc(function) or ""
    taken = inspect.signature(function).parameters

    def describe(method: Method) -> Method:
        described = text
        for name in taken.keys() - inspect.signature(method).parameters.keys():
            described = re.sub(
                rf"^{name}\n((    .*)?\n)+?(?=\S|\n\S)", "", described, flags=re.MULTILINE
            )
        method.__doc__ = described
        return method

    return describe
