"""What is still there and will go: it works as before, and says when it goes and what to use.

A release may deprecate what is public; only the first release of a new major version removes it.
The tests look for what is due.
"""

from __future__ import annotations

import functools
import sys
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")


@dataclass(frozen=True, kw_only=True)
class Deprecation:
    """One thing that will go.

    Attributes
    ----------
    what
        What it is, as a sentence begins: ``"Cell.old_name()"``.
    since
        The release that deprecated it: ``"1.2"``.
    removal
        The release that no longer has it: ``"2.0"``.
    use
        What does the same: ``"Cell.new_name()"``.
    """

    what: str
    since: str
    removal: str
    use: str

    def __str__(self) -> str:
        return (
            f"{self.what} is deprecated since ossify {self.since} and goes with {self.removal}; "
            f"use {self.use}"
        )


def deprecated(*, since: str, removal: str, use: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Make a function or method warn wherever it is called.

    Parameters
    ----------
    since, removal, use
        As for `Deprecation`.

    Examples
    --------
    >>> @deprecated(since="1.2", removal="2.0", use="cable_length()")
    ... def length(metres):
    ...     return metres
    >>> with warnings.catch_warnings(record=True) as caught:
    ...     warnings.simplefilter("always")
    ...     length(3)
    3
    >>> print(caught[0].message)
    length() is deprecated since ossify 1.2 and goes with 2.0; use cable_length()
    """

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        what = f"{function.__qualname__}()"
        deprecation = Deprecation(what=what, since=since, removal=removal, use=use)

        @functools.wraps(function)
        def warns(*args: P.args, **kwargs: P.kwargs) -> R:
            _warn(deprecation)
            return function(*args, **kwargs)

        _note(warns, deprecation)
        return warns

    return decorate


def renamed_argument(
    old: str, new: str, *, since: str, removal: str
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Make a function take an argument by its former name, too, and then warn.

    The signature has the new name alone, for readers and for type checkers.

    Parameters
    ----------
    old, new
        The names. What the argument means is the same.
    since, removal
        As for `Deprecation`.

    Raises
    ------
    TypeError
        When the decorated function is called with both names.

    Examples
    --------
    >>> @renamed_argument("rows", "ids", since="1.2", removal="2.0")
    ... def select(ids):
    ...     return ids
    >>> with warnings.catch_warnings(record=True) as caught:
    ...     warnings.simplefilter("always")
    ...     select(rows=[4])
    [4]
    >>> print(caught[0].message)
    select(rows=...) is deprecated since ossify 1.2 and goes with 2.0; use select(ids=...)
    """

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        name = function.__qualname__
        what, use = f"{name}({old}=...)", f"{name}({new}=...)"
        deprecation = Deprecation(what=what, since=since, removal=removal, use=use)

        @functools.wraps(function)
        def takes_both(*args: P.args, **kwargs: P.kwargs) -> R:
            if old not in kwargs:
                return function(*args, **kwargs)
            if new in kwargs:
                raise TypeError(f"{name}() got {new}= and {old}=, its former name; give {new}=")
            _warn(deprecation)
            renamed: dict[str, Any] = {**kwargs, new: kwargs[old]}
            del renamed[old]
            return function(*args, **renamed)

        _note(takes_both, deprecation)
        return takes_both

    return decorate


def deprecations_of(function: object) -> tuple[Deprecation, ...]:
    """What of a function will go; nothing for anything else."""
    return getattr(function, "__deprecations__", ())


def _warn(deprecation: Deprecation) -> None:
    # The caller is the first who is not in here: a function may be wrapped more than once.
    frame, level = sys._getframe(), 1
    while frame.f_back is not None and frame.f_code.co_filename == __file__:
        frame, level = frame.f_back, level + 1
    warnings.warn(str(deprecation), DeprecationWarning, stacklevel=level)


def _note(function: Any, deprecation: Deprecation) -> None:
    # On the function, where whoever has it in hand finds it: there is no list to keep in step.
    function.__deprecations__ = (*deprecations_of(function), deprecation)
