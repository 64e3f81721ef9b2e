"""Ask the dataset in the folder that is named about cells, synapses and skeletons."""

import sys
from datetime import datetime
from typing import Any, assert_type

import numpy as np
import numpy.typing as npt
import pandas as pd

from cortical_tools import (
    CloudFileViewExport,
    DatasetClient,
    DatasetSpec,
    ViewerTables,
    list_datasets,
    load_client,
    point_layer,
    read_state,
)
from cortical_tools.errors import MissingExtraError
from ossify import Cell

assert_type(list_datasets(), tuple[DatasetSpec, ...])
client = load_client(sys.argv[1])
assert_type(client, DatasetClient)
assert_type(client.version, int)
assert_type(client.version_timestamp(), datetime)

nuclei = client.tables["nucleus_detection_v0"]().query()
assert_type(nuclei, pd.DataFrame)
assert_type(client.tables.find("nucleus"), list[str])
root_id = int(nuclei["pt_root_id"].max())
assert_type(client.is_latest_roots([root_id]), npt.NDArray[np.bool_])

synapses = client.query_synapses(root_id, post=True)
assert_type(synapses, pd.DataFrame)
l2_ids = client.get_l2_ids(root_id)
assert_type(l2_ids, npt.NDArray[np.int64])
assert_type(client.get_l2data(l2_ids), pd.DataFrame)
assert_type(client.get_l2data(l2_ids, as_dataframe=False), dict[str, dict[str, Any]])

try:
    skeleton = client.get_skeleton(root_id)
except MissingExtraError as error:
    raise SystemExit(str(error)) from error
assert_type(skeleton, Cell)
assert_type(client.get_skeletons([root_id]), dict[int, Cell])

layer = point_layer(synapses, "synapses")
link = client.neuroglancer_url(root_ids=[root_id], layers=[layer])
assert_type(link, str)
assert_type(read_state(link), ViewerTables)


def sizes(exports: list[CloudFileViewExport]) -> dict[str, int]:
    return {export.name: export.size for export in exports}


def newest_roots(dataset: DatasetClient, cell_ids: list[int]) -> pd.DataFrame:
    return dataset.cell_id_to_root_id(cell_ids, timestamp=dataset.now(), filter_empty=True)


def exported(dataset: DatasetClient) -> dict[str, int]:
    return sizes(dataset.exports.available_files)
