"""The whole public interface of each package, one line for each name with its signature.

``python tests-integration/public_api/test_public_api.py`` writes the lists anew.
"""

from __future__ import annotations

import difflib
import importlib
import inspect
import re
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
# The page that says what is public, of each package by the name that it is imported by.
PAGES = {"ossify": "docs/api.md", "cortical_tools": "docs/api-cortical-tools.md"}
# What can be done with an object without naming a method of it.
SPOKEN = {
    f"__{name}__"
    for name in (
        *("call", "contains", "delitem", "enter", "exit", "getattr", "getitem", "iter", "len"),
        *("next", "setitem"),
    )
}


def public_objects(package: str) -> dict[str, Any]:
    """Every public object by its dotted name: what the reference documents, and all of __all__."""
    text = (ROOT / PAGES[package]).read_text(encoding="utf-8")
    named = re.findall(r"^\.\. auto(\w+):: (\S+)$", text, flags=re.MULTILINE)
    found = {}
    for kind, name in named:
        if kind == "module":
            found |= _names_of(importlib.import_module(name))
        else:
            home, _, last = name.rpartition(".")
            found[name] = getattr(importlib.import_module(home), last)
    return found


def _names_of(module: ModuleType) -> dict[str, Any]:
    """What a module exports; without an __all__, the classes and functions of its own."""
    exported = getattr(module, "__all__", None)
    if exported is None:
        own = {name: value for name, value in vars(module).items() if not name.startswith("_")}
        exported = [n for n, v in own.items() if getattr(v, "__module__", "") == module.__name__]
    return {f"{module.__name__}.{name}": getattr(module, name) for name in exported}


def describe(package: str) -> str:
    """The interface of a package, sorted, one line each."""
    objects = public_objects(package)
    classes = {value: name for name, value in objects.items() if inspect.isclass(value)}
    lines: set[str] = set()
    for name, value in objects.items():
        if inspect.isclass(value):
            lines.update(_class(name, value, classes))
        else:
            lines.add(_value(name, value))
    return "\n".join(sorted(lines)) + "\n"


def _value(name: str, value: Any) -> str:
    if inspect.ismodule(value):
        return f"{name}: module"
    if callable(value) and not hasattr(value, "__origin__"):
        return f"{name}{_signature(value)}"
    # What a version is changes with each, which takes nothing from anybody.
    return name if name.endswith(".__version__") else f"{name} = {value!r}"


def _class(name: str, cls: type, public: dict[type, str]) -> Iterator[str]:
    yield f"{name}: class({', '.join(_bases(cls, public))})"
    if issubclass(cls, Enum):
        yield from (f"{name}.{member.name} = {member.value!r}" for member in cls)
    elif _is_ours(cls, "__init__"):
        yield f"{name}{_signature(cls.__init__)}"
    # What it has in common with a base that is listed is listed there.
    listed = [base for base in cls.__mro__[1:] if base in public]
    for member in sorted(dir(cls)):
        shown = not member.startswith("_") or member in SPOKEN
        held = inspect.getattr_static(cls, member)
        if (
            not shown
            or not _is_ours(cls, member)
            or (issubclass(cls, Enum) and member in cls.__members__)
        ):
            continue
        if any(inspect.getattr_static(base, member, None) is held for base in listed):
            continue
        yield _member(f"{name}.{member}", held)


def _bases(cls: type, public: dict[type, str]) -> list[str]:
    """What instances can be taken for: the nearest public classes and builtins."""
    found: list[type] = []
    for base in cls.__mro__[1:-1]:
        known = base in public or base.__module__ == "builtins"
        if known and not any(issubclass(nearer, base) for nearer in found):
            found.append(base)
    return [public.get(base, base.__name__) for base in found]


def _member(name: str, held: Any) -> str:
    if isinstance(held, (classmethod, staticmethod)):
        return f"{name}{_signature(held.__func__)}  # {type(held).__name__}"
    if inspect.isfunction(held):
        return f"{name}{_signature(held)}"
    getter = getattr(held, "fget", None) or getattr(held, "func", None)
    if getter is not None:
        settable = "  # can be set" if getattr(held, "fset", None) else ""
        return f"{name}: {_signature(getter).return_annotation}{settable}"
    # Fields of dataclasses and slots are what the constructor says they are.
    return f"{name}: attribute"


def _is_ours(cls: type, member: str) -> bool:
    """Whether a class has a member from one of our classes, not from Exception or tuple."""
    # What the class of a class has, such as the length of an enumeration, is in none of these.
    home = next((base for base in cls.__mro__ if member in vars(base)), type)
    return home.__module__.partition(".")[0] in PAGES


class _AsWritten:
    """An annotation that is shown as it stands in the source."""

    def __init__(self, annotation: Any) -> None:
        self.text = (
            annotation if isinstance(annotation, str) else inspect.formatannotation(annotation)
        )

    def __repr__(self) -> str:
        return self.text.strip('"')


def _as_written(annotation: Any) -> Any:
    return annotation if annotation is inspect.Signature.empty else _AsWritten(annotation)


def _signature(value: Any) -> inspect.Signature:
    signature = inspect.signature(value)
    parameters = [
        parameter.replace(annotation=_as_written(parameter.annotation))
        for parameter in signature.parameters.values()
    ]
    returned = _as_written(signature.return_annotation)
    return signature.replace(parameters=parameters, return_annotation=returned)


@pytest.mark.parametrize("package", PAGES)
def test_no_public_name_or_signature_changes_unnoticed(package):
    kept = (HERE / f"{package}.txt").read_text(encoding="utf-8").splitlines()
    found = describe(package).splitlines()
    changes = list(difflib.unified_diff(kept, found, "as listed", "as it is", lineterm="", n=0))
    assert not changes, "\n".join(
        [
            f"the public interface of {package} has changed:",
            *changes,
            "If this is meant, see docs/contributing/api-stability.md, and list it anew:",
            f"python {Path(__file__).relative_to(ROOT)}",
        ]
    )


@pytest.mark.parametrize("package", PAGES)
def test_all_that_can_be_imported_from_the_top_is_listed(package):
    listed = (HERE / f"{package}.txt").read_text(encoding="utf-8")
    for name in importlib.import_module(package).__all__:
        assert re.search(rf"^{package}\.{name}\b", listed, flags=re.MULTILINE), name


if __name__ == "__main__":
    for package in PAGES:
        (HERE / f"{package}.txt").write_text(describe(package), encoding="utf-8")
