"""The MICrONS and V1DD cortical datasets: their facts and, from there, their data.

Importing this package makes no network call.
"""

from cortical_tools._version import __version__
from cortical_tools.dataset_spec import DatasetSpec, list_datasets

__all__ = ["DatasetSpec", "__version__", "list_datasets"]
