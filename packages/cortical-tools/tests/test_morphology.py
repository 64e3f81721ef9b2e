"""The door to ossify, where ossify is not. What is behind it is tested where both packages are."""

from __future__ import annotations

import sys

import pytest

from cortical_tools import errors, morphology

ROOT = 864691135639806263


@pytest.fixture
def _without_ossify(monkeypatch):
    monkeypatch.setitem(sys.modules, "ossify", None)


@pytest.mark.usefixtures("_without_ossify")
@pytest.mark.parametrize("method", ["get_skeleton", "get_skeletons"])
def test_without_ossify_the_error_names_the_extra_and_nobody_is_asked(dataset, service, method):
    with pytest.raises(errors.MissingExtraError, match=r"cortical-tools\[ossify\]") as caught:
        getattr(dataset, method)([ROOT])
    assert caught.value.extra == "ossify"
    assert service.log == []


@pytest.mark.parametrize("root_id", [float(ROOT), [], [ROOT, ROOT + 2]])
def test_what_is_not_one_exact_id_is_an_error(dataset, service, root_id):
    with pytest.raises(errors.IdError, match="root_id"):
        dataset.get_skeleton(root_id)
    assert service.log == []


def test_the_methods_are_described_where_they_are_defined(dataset):
    for name in ("get_skeleton", "get_skeletons"):
        text = getattr(dataset, name).__doc__
        assert text.startswith(getattr(morphology, name).__doc__.splitlines()[0])
        assert "connection" not in text
        assert "\nspace\n" not in text
