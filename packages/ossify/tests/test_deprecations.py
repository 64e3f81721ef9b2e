"""What is deprecated works and says so, where it is used; and it goes when it is due."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
import warnings

import pytest

import ossify
from ossify._deprecations import deprecated, deprecations_of, renamed_argument


@deprecated(since="1.2", removal="2.0", use="new()")
def old(number, *, sign=1):
    """Times a sign."""
    return number * sign


@renamed_argument("rows", "ids", since="1.3", removal="2.0")
@renamed_argument("names", "ids", since="1.2", removal="2.0")
def select(ids, inclusive=False):
    return ids, inclusive


class Layer:
    @deprecated(since="1.2", removal="2.0", use="Layer.new()")
    def old(self):
        return self


def test_a_deprecated_function_works_and_names_what_to_use():
    said = r"^old\(\) is deprecated since ossify 1\.2 and goes with 2\.0; use new\(\)$"
    with pytest.warns(DeprecationWarning, match=said):
        assert old(3, sign=-1) == -3
    assert (old.__name__, old.__doc__) == ("old", "Times a sign.")
    assert list(inspect.signature(old).parameters) == ["number", "sign"]


def test_a_deprecated_method_is_named_with_its_class():
    layer = Layer()
    with pytest.warns(DeprecationWarning, match=r"^Layer\.old\(\) .* use Layer\.new\(\)$"):
        assert layer.old() is layer


@pytest.mark.parametrize(
    "call",
    [lambda: old(1), lambda: Layer().old(), lambda: select(rows=1), lambda: select(names=1)],
    ids=["function", "method", "argument", "argument with a newer former name"],
)
def test_the_line_that_warns_is_the_line_of_the_caller(call):
    # Python shows these warnings by default where they come from the user's own script alone.
    with pytest.warns(DeprecationWarning, match="is deprecated") as caught:
        call()
    assert [warning.filename for warning in caught] == [__file__]


@pytest.mark.parametrize("former", ["rows", "names"])
def test_an_argument_is_taken_by_its_former_names(former):
    with pytest.warns(
        DeprecationWarning, match=rf"select\({former}=\.\.\.\) .*select\(ids=\.\.\.\)"
    ):
        assert select(**{former: [4]}, inclusive=True) == ([4], True)


def test_the_present_name_is_no_cause_for_a_warning():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert select([4]) == select(ids=[4]) == ([4], False)
    assert list(inspect.signature(select).parameters) == ["ids", "inclusive"]


def test_both_names_at_once_are_refused():
    with pytest.raises(TypeError, match=r"select\(\) got ids= and rows=, its former name"):
        select(ids=[1], rows=[2])


def found_in(holder):
    """Every deprecation in a module or class and the classes in it."""
    for value in vars(holder).values():
        if inspect.isclass(value) and value.__module__ == getattr(holder, "__name__", None):
            yield from found_in(value)
        else:
            held = getattr(value, "fget", None) or getattr(value, "__func__", value)
            yield from deprecations_of(held)


def release(text):
    """Major and minor version."""
    return tuple(int(number) for number in re.findall(r"\d+", text)[:2])


def due(deprecation, version):
    return release(version) >= release(deprecation.removal)


def test_nothing_stays_beyond_the_release_that_removes_it():
    names = [module.name for module in pkgutil.walk_packages(ossify.__path__, "ossify.")]
    modules = [ossify, *map(importlib.import_module, (n for n in names if "__main__" not in n))]
    for deprecation in {found for module in modules for found in found_in(module)}:
        assert not due(deprecation, ossify.__version__), f"remove it: {deprecation}"
        # What is public goes with a new major version, after a release that warned.
        assert release(deprecation.removal)[1] == 0, deprecation
        assert release(deprecation.since) < release(deprecation.removal), deprecation


def test_what_is_due_would_be_found():
    class Module:
        __name__ = __name__
        function = select
        method = property(Layer.old)

    found = list(found_in(Module))
    assert sorted(deprecation.what for deprecation in found) == [
        "Layer.old()",
        "select(names=...)",
        "select(rows=...)",
    ]
    assert not due(found[0], "1.9.3")
    assert due(found[0], "2.0.0rc1")
