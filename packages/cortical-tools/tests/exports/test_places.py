"""Where exports can be, and what is found there."""

from __future__ import annotations

import logging
import pickle
import shutil
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pandas as pd
import pytest

from cortical_tools import CloudFileViewExport, DatasetClient, TableExportClient
from cortical_tools.datasets.minnie_public import client as minnie

A = 864691135639806263


def place(kind, folder, request):
    """The address of the folder in a store of a kind."""
    if kind == "path":
        return folder
    if kind == "file":
        return folder.as_uri()
    if kind == "http":
        return f"{request.getfixturevalue('web').url}/exports"
    request.getfixturevalue({"gs": "gcs", "s3": "s3"}[kind])(folder.parent, "my-bucket")
    return f"{kind}://my-bucket/exports/"


KINDS = ["path", "file", "gs", "s3", "http"]


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_place_has_the_same(kind, folder, request):
    exports = TableExportClient(place(kind, folder, request))
    assert exports.available_tables == ["cells", "synapses"]
    assert exports.available_versions("synapses") == [3, 12]
    size = (folder / "v12" / "synapses.csv.gz").stat().st_size
    assert exports.available_files[-1].size == size
    expected = TableExportClient(folder).get_table("synapses", 12)
    pd.testing.assert_frame_equal(exports.get_table("synapses", 12), expected)
    filtered = exports.get_table("synapses", np.int64(12), filters={"pre_pt_root_id": [A]})
    assert filtered["id"].tolist() == [1, 3]


@pytest.mark.parametrize("kind", KINDS)
def test_paths_of_files_are_full(kind, folder, request):
    cloudpath = str(place(kind, folder, request))
    file = TableExportClient(cloudpath).available_files[0]
    base = cloudpath.rstrip("/").removeprefix("file://")
    assert file.datapath == f"{base}/v12/cells.csv.gz"
    assert file.headerpath == f"{base}/v12/cells_header.csv"


@pytest.mark.parametrize("kind", KINDS)
def test_a_place_with_nothing_has_nothing(kind, folder, request):
    shutil.rmtree(folder)
    folder.mkdir()
    exports = TableExportClient(place(kind, folder, request))
    assert exports.available_files == []
    assert exports.available_tables == []
    frame = exports.available_data_df()
    assert frame.columns.tolist() == ["name", "version", "size"]
    assert frame.dtypes.tolist() == [object, np.int64, np.int64]
    with pytest.raises(ValueError, match="there is none at all"):
        exports.get_table("synapses", 12)


@pytest.mark.parametrize("kind", ["path", "http"])
def test_a_place_that_does_not_exist_is_said(kind, folder, request):
    cloudpath = f"{place(kind, folder, request)}-not"
    with pytest.raises(FileNotFoundError, match=r"exports-not.* does not exist"):
        TableExportClient(cloudpath).available_files  # noqa: B018


@pytest.mark.parametrize(
    ("cloudpath", "says"),
    [("ftp://my-bucket/x", "ftp:// is unknown.*gs://"), ("gs:///x", "names no bucket")],
)
def test_an_address_that_is_none_is_refused_at_once(cloudpath, says):
    with pytest.raises(ValueError, match=says):
        TableExportClient(cloudpath)


def test_sizes_are_numbers(folder):
    frame = TableExportClient(folder).available_data_df()
    assert frame[["name", "version"]].to_numpy().tolist() == [
        ["cells", 12],
        ["synapses", 3],
        ["synapses", 12],
    ]
    assert frame["size"].dtype == np.int64
    expected = [
        (folder / f"v{v}" / f"{n}.csv.gz").stat().st_size for n, v in frame.to_numpy()[:, :2]
    ]
    assert frame["size"].tolist() == expected


def test_what_is_something_else_is_passed_over_and_said(folder, caplog):
    for odd in ("v", "v012", "version3", "v-1"):
        (folder / odd).mkdir()
        shutil.copy(folder / "v3" / "synapses.csv.gz", folder / odd)
    (folder / "v12" / "readme.txt").write_text("")
    (folder / "synapses.csv.gz").write_text("")
    exports = TableExportClient(folder)
    with caplog.at_level(logging.WARNING, "cortical_tools.exports"):
        assert [repr(file) for file in exports.available_files] == [
            "cells[v12]",
            "synapses[v3]",
            "synapses[v12]",
        ]
    (message,) = caplog.messages
    for odd in ("v/", "v012/", "version3/", "v-1/", "v12/readme.txt", "synapses.csv.gz"):
        assert odd in message
    assert exports.available_files
    assert len(caplog.messages) == 1


def test_a_table_or_version_that_was_not_exported_is_named_with_those_that_were(folder):
    exports = TableExportClient(folder)
    assert exports.available_versions("neurons") == []
    with pytest.raises(ValueError, match=r"no table 'neurons' .*there are cells, synapses"):
        exports.get_table("neurons", 12)
    with pytest.raises(LookupError, match=r"synapses was not exported in version 4; .* in 3, 12"):
        exports.get_table("synapses", 4)
    with pytest.raises(TypeError, match="version: a number such as 1484, not '12'"):
        exports.get_table("synapses", "12")


def test_a_file_gives_its_own_version_only(folder):
    file = TableExportClient(folder).available_files[1]
    assert isinstance(file, CloudFileViewExport)
    assert (file.name, file.version, repr(file)) == ("synapses", 3, "synapses[v3]")
    assert file.get_dataframe(3, verbose=False)["id"].tolist() == [1]
    assert file.get_dataframe()["id"].tolist() == [1]
    with pytest.raises(ValueError, match=r"synapses\[v3\] is of version 3, not of 12"):
        file.get_dataframe(12)


def test_what_is_there_is_looked_up_once(folder):
    exports = TableExportClient(folder)
    assert exports.available_versions("cells") == [12]
    shutil.rmtree(folder / "v12")
    assert exports.available_versions("cells") == [12]
    exports.reset_available_files()
    assert exports.available_versions("cells") == []


def test_a_listing_that_fails_leaves_nothing_half_done(folder, web):
    exports = TableExportClient(f"{web.url}/exports")
    hidden = folder.with_name("hidden")
    folder.rename(hidden)
    with pytest.raises(FileNotFoundError):
        exports.available_files  # noqa: B018
    hidden.rename(folder)
    assert exports.available_tables == ["cells", "synapses"]


@pytest.mark.parametrize("kind", ["gs", "s3", "http"])
def test_a_remote_file_is_downloaded_once(kind, folder, cache, request):
    cloudpath = place(kind, folder, request)
    first = TableExportClient(cloudpath).get_table("synapses", 12)
    (copy,) = cache.iterdir()
    assert copy.read_bytes() == (folder / "v12" / "synapses.csv.gz").read_bytes()
    written = copy.stat().st_mtime_ns
    pd.testing.assert_frame_equal(TableExportClient(cloudpath).get_table("synapses", 12), first)
    assert copy.stat().st_mtime_ns == written


def test_a_copy_is_replaced_when_the_file_is(folder, web, cache):
    cloudpath = f"{web.url}/exports"
    assert len(TableExportClient(cloudpath).get_table("synapses", 12)) == 4
    shutil.copy(folder / "v3" / "synapses.csv.gz", folder / "v12")
    assert len(TableExportClient(cloudpath).get_table("synapses", 12)) == 1
    assert len(list(cache.iterdir())) == 1


def test_no_copy_is_kept_of_local_files_nor_where_none_is_wanted(folder, web, cache):
    TableExportClient(folder).get_table("synapses", 12)
    TableExportClient(f"{web.url}/exports", cache=False).get_table("synapses", 12)
    assert not cache.exists()
    elsewhere = cache.with_name("elsewhere")
    exports = TableExportClient(f"{web.url}/exports", cache=elsewhere)
    exports.get_table("synapses", 12)
    assert len(list(elsewhere.iterdir())) == 1
    exports.clear_cache()
    assert list(elsewhere.iterdir()) == []


@pytest.mark.parametrize("cached", [True, False])
def test_a_download_that_breaks_off_leaves_nothing(folder, web, cache, cached):
    exports = TableExportClient(f"{web.url}/exports", cache=cached)
    web.cut_after = 60
    with pytest.raises((ConnectionError, ValueError), match=r"synapses.csv.gz"):
        exports.get_table("synapses", 12)
    assert not cache.exists() or list(cache.iterdir()) == []
    web.cut_after = None
    assert len(exports.get_table("synapses", 12)) == 4


def test_a_copy_that_was_damaged_is_not_used_twice(folder, web, cache):
    exports = TableExportClient(f"{web.url}/exports")
    exports.get_table("synapses", 12)
    (copy,) = cache.iterdir()
    content = bytearray(copy.read_bytes())
    content[-6] ^= 1
    copy.write_bytes(content)
    with pytest.raises(ValueError, match="damaged"):
        exports.get_table("synapses", 12)
    assert len(exports.get_table("synapses", 12)) == 4


def test_a_server_that_is_not_there_is_said(web):
    web.server_close()
    exports = TableExportClient(f"{web.url}/exports")
    with pytest.raises(ConnectionError, match="cannot be reached"):
        exports.available_files  # noqa: B018


@pytest.mark.parametrize(
    ("status", "error", "says"),
    [
        (403, PermissionError, r"exports/: access denied \(status 403\)"),
        (410, FileNotFoundError, "exports/ does not exist"),
        (500, ConnectionError, "exports/: the server answers 500"),
    ],
)
def test_a_web_server_that_will_not_answer_is_said(web, status, error, says):
    web.status = status
    with pytest.raises(error, match=says):
        TableExportClient(f"{web.url}/exports").available_files  # noqa: B018


@pytest.mark.parametrize("kind", ["gs", "s3"])
def test_a_bucket_that_keeps_us_out_is_said(kind, monkeypatch):
    # The stores of the tests let everybody in.
    class Refusing(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(403)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Refusing) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        url = f"http://127.0.0.1:{server.server_address[1]}"
        monkeypatch.setenv({"gs": "STORAGE_EMULATOR_HOST", "s3": "AWS_ENDPOINT_URL"}[kind], url)
        monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        with pytest.raises(PermissionError, match=r"my-bucket.*access denied.*AWS_ACCESS_KEY_ID"):
            TableExportClient(f"{kind}://my-bucket/exports").available_files  # noqa: B018
        server.shutdown()


def test_a_client_of_exports_can_be_sent_to_another_process(folder):
    exports = pickle.loads(pickle.dumps(TableExportClient(folder)))
    assert len(exports.get_table("synapses", 12)) == 4
    assert repr(exports) == f"TableExportClient({str(folder)!r})"
    assert exports.cloudpath == str(folder)


def test_a_dataset_client_that_knows_where_exports_are_need_not_be_told(folder):
    client = DatasetClient(
        "minnie65_public", "https://global.daf-apis.com", static_table_cloudpath=str(folder)
    )
    assert client.exports.available_tables == ["cells", "synapses"]


def test_a_dataset_client_that_does_not_says_what_to_do():
    with pytest.raises(NotImplementedError, match=r"client.set_export_cloudpath\(cloudpath\)"):
        minnie.exports  # noqa: B018
