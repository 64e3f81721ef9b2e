"""Cortical space: pia at depth 0, and depth straight down."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cortical_tools.errors import NotConfiguredError

if TYPE_CHECKING:
    from standard_transform.datasets import Dataset


def named_transform(name: str | None, dataset: str) -> Dataset:
    """The transforms that the package ``standard_transform`` has under a name.

    Raises
    ------
    NotConfiguredError
        If there is no name, or none such.
    """
    if name is None:
        raise NotConfiguredError(
            f"{dataset} does not say its transform into cortical space: give "
            "dataset_transform, one of the datasets of the package standard_transform"
        )
    from standard_transform import datasets

    try:
        found: Dataset = getattr(datasets, name)
    except AttributeError:
        raise NotConfiguredError(
            f"standard_transform has no dataset {name!r}, which {dataset} names as its transform"
        ) from None
    return found
