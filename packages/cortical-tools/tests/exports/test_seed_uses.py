"""The calls of the documents, as they stand there."""

from __future__ import annotations

import pytest

from cortical_tools import DatasetClient, TableExportClient
from cortical_tools.datasets.minnie_public import client as minnie

A = 864691135639806263


def test_helpers_to_download_bulk_exports(folder, gcs):
    for path in (folder / "v12").glob("cells*"):
        target = folder / "v1484" / path.name.replace("cells", "connections_with_nuclei")
        target.parent.mkdir(exist_ok=True)
        target.write_bytes(path.read_bytes())
    gcs(folder.parent, "my-bucket")
    client = DatasetClient("minnie65_public", "https://global.daf-apis.com")

    client.set_export_cloudpath("gs://my-bucket/exports/")
    assert isinstance(client.exports, TableExportClient)
    available = client.exports.available_data_df()
    assert available["name"].tolist()[:2] == ["cells", "connections_with_nuclei"]
    df = client.exports.get_table("connections_with_nuclei", 1484)
    assert df["id"].tolist() == [7]
    versions = client.exports.available_versions("connections_with_nuclei")
    assert versions == [1484]

    file = client.exports.available_files[1]
    assert file.datapath == "gs://my-bucket/exports/v1484/connections_with_nuclei.csv.gz"
    assert file.headerpath == "gs://my-bucket/exports/v1484/connections_with_nuclei_header.csv"
    assert file.get_dataframe(1484, verbose=True).equals(df)
    client.exports.reset_available_files()
    assert client.exports.available_tables == ["cells", "connections_with_nuclei", "synapses"]


def test_a_client_that_knows_where_exports_are_need_not_be_told(folder):
    client = DatasetClient(
        "minnie65_public", "https://global.daf-apis.com", static_table_cloudpath=str(folder)
    )
    assert client.exports.available_tables == ["cells", "synapses"]


def test_a_client_that_does_not_says_what_to_do():
    with pytest.raises(NotImplementedError, match=r"client.set_export_cloudpath\(cloudpath\)"):
        minnie.exports  # noqa: B018
