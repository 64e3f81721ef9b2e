"""One module per dataset, each with the ``client`` of that dataset.

>>> from cortical_tools.datasets.minnie_public import client
>>> client
MinniePublicClient(datastack_name='minnie65_public', version=None)

Importing them makes no network call and reads no token: that is for the first question.
"""

from __future__ import annotations

import dataclasses
import importlib
import os
import weakref
from contextlib import ExitStack
from pathlib import Path

from cortical_tools.client import DatasetClient
from cortical_tools.connection import list_datastacks
from cortical_tools.dataset_spec import DatasetSpec, find_dataset, list_datasets, server_of
from cortical_tools.errors import UnknownDatasetError
from cortical_tools.local import serve

# Those that have a module of their own here.
_MODULES = frozenset({"minnie_prod", "minnie_public", "v1dd", "v1dd_public"})
# A service of one's own wants no token, and is not sent the one for the real servers.
_NO_SECRET = "0" * 32


def load_client(dataset_name: str | os.PathLike[str]) -> DatasetClient:
    """The client of a dataset.

    Parameters
    ----------
    dataset_name
        Any name or other name of what `cortical_tools.list_datasets` lists; a snapshot folder,
        which is served for as long as the client is there; or the address of a server that has
        one datastack, as of a local service.

    Returns
    -------
    DatasetClient
        For the datasets of this package the same object as in their modules. By name, it connects
        when it is first asked something. For a folder or an address, cells are looked up and
        transformed as in the dataset that has the datastack of that name, if there is one.

    Raises
    ------
    UnknownDatasetError
        If no dataset goes by that name; the message lists those that do.

    Examples
    --------
    >>> load_client("microns_public")
    MinniePublicClient(datastack_name='minnie65_public', version=None)
    """
    name = os.fspath(dataset_name)
    if "://" in name:
        return DatasetClient.from_spec(_spec_at(name))
    # A name means its dataset, whatever folders there may be.
    is_known = any(name in spec.names for spec in list_datasets())
    if isinstance(dataset_name, os.PathLike) or (not is_known and Path(name).is_dir()):
        return _client_of_folder(Path(name))
    spec = find_dataset(name)
    if spec.name in _MODULES:
        module = importlib.import_module(f"cortical_tools.datasets.{spec.name}")
        found: DatasetClient = module.client
        return found
    return DatasetClient.from_spec(spec, server_address=server_of(spec))


def _client_of_folder(folder: Path) -> DatasetClient:
    with ExitStack() as stack:
        service = stack.enter_context(serve(folder))
        spec = _spec_of(service.datastack, service.url)
        client = DatasetClient.from_spec(spec, auth_token=_NO_SECRET)
        # The service ends with the client, or with the process.
        weakref.finalize(client, stack.pop_all().close)
    return client


def _spec_at(address: str) -> DatasetSpec:
    datastacks = list_datastacks(address)
    if len(datastacks) != 1:
        raise UnknownDatasetError(
            f"{address} has the datastacks {', '.join(sorted(datastacks)) or 'none'}: choose one "
            "with DatasetClient(datastack_name, server_address)"
        )
    return _spec_of(datastacks[0], address.rstrip("/"))


def _spec_of(datastack_name: str, server_address: str) -> DatasetSpec:
    """The dataset that has a datastack, at another address."""
    for spec in list_datasets():
        if spec.datastack_name == datastack_name:
            return dataclasses.replace(spec, server_address=server_address)
    return DatasetSpec(
        name=datastack_name, datastack_name=datastack_name, server_address=server_address
    )
