"""One module per dataset, each with the ``client`` of that dataset.

>>> from cortical_tools.datasets.minnie_public import client
>>> client
MinniePublicClient(datastack_name='minnie65_public', version=None)

Importing them makes no network call and reads no token: that is for the first question.
"""

from __future__ import annotations

import importlib

from cortical_tools.client import DatasetClient
from cortical_tools.dataset_spec import find_dataset

# Those that have a module of their own here.
_MODULES = frozenset({"minnie_prod", "minnie_public", "v1dd", "v1dd_public"})


def load_client(dataset_name: str) -> DatasetClient:
    """The client of a dataset.

    Parameters
    ----------
    dataset_name
        Any name or other name of what `cortical_tools.list_datasets` lists.

    Returns
    -------
    DatasetClient
        For the datasets of this package the same object as in their modules. It connects when it
        is first asked something.

    Raises
    ------
    UnknownDatasetError
        If no dataset goes by that name; the message lists those that do.

    Examples
    --------
    >>> load_client("microns_public")
    MinniePublicClient(datastack_name='minnie65_public', version=None)
    """
    spec = find_dataset(dataset_name)
    if spec.name in _MODULES:
        module = importlib.import_module(f"cortical_tools.datasets.{spec.name}")
        found: DatasetClient = module.client
        return found
    return DatasetClient.from_spec(spec)
