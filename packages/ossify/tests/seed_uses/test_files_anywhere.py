"""The calls of both documents that name buckets, web servers and memory, as they stand there.

Buckets are answered by servers on this machine, to which the libraries of Amazon and Google are
led by AWS_ENDPOINT_URL and STORAGE_EMULATOR_HOST, so that the addresses stay as written. For
https://example.com neither a name nor a certificate can be had here: requests to it are led to a
server on this machine just before they are sent.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import ossify
from ossify import CellFiles
from ossify.testing import assert_cells_equal


@pytest.fixture
def example_com(web, monkeypatch):
    """Answers for https://example.com."""
    import requests

    send = requests.Session.request

    def led_here(session, method, url, **options):
        return send(session, method, url.replace("https://example.com", web.address), **options)

    monkeypatch.setattr(requests.Session, "request", led_here)
    return web


def publish(client, bucket):
    """Let anyone read what is in a bucket, as ``use_https=True`` does."""
    for item in client.list_objects_v2(Bucket=bucket)["Contents"]:
        client.put_object_acl(Bucket=bucket, Key=item["Key"], ACL="public-read")


def process_neuron_batch(input_path, output_path, processing_func):
    """The document's pipeline.

    Corrected in one place: ``os.listdir(input_path)`` is ``input_files``, since the input is a
    bucket, of which the operating system knows nothing.
    """
    input_files = ossify.CellFiles(input_path)
    output_files = ossify.CellFiles(output_path)
    if not output_files.saveable:
        raise ValueError(f"Cannot write to {output_path}")
    results = []
    for filename in input_files:
        if not filename.endswith(".osy"):
            continue
        print(f"Processing {filename}...")
        try:
            cell = input_files.load(filename)
            processed_cell = processing_func(cell)
            output_filename = f"processed_{filename}"
            output_files.save(processed_cell, output_filename, allow_overwrite=True)
            results.append(
                {
                    "input": filename,
                    "output": output_filename,
                    "status": "success",
                    "cell_name": cell.name,
                }
            )
        except Exception as e:  # noqa: BLE001 as the document has it
            print(f"Error processing {filename}: {e}")
            results.append({"input": filename, "status": "error", "error": str(e)})
    return results


def add_analysis_features(cell):
    """The document's processing function."""
    strahler = ossify.strahler_number(cell)
    cell.skeleton.add_feature(strahler, "strahler_order")
    if "pre_syn" in cell.annotations.names:
        is_axon = ossify.label_axon_from_synapse_flow(cell)
        compartment = np.where(is_axon, "axon", "dendrite")
        cell.skeleton.add_feature(compartment, "compartment")
    return cell


def robust_file_operations(base_path):
    """The document's path handling."""
    if isinstance(base_path, str) and not base_path.startswith(("s3://", "gs://", "http")):
        base_path = Path(base_path).expanduser().absolute()
    files = ossify.CellFiles(str(base_path))
    if files.remote:
        subdir_path = str(base_path) + "/subdirectory/"
    else:
        subdir_path = base_path / "subdirectory"
    return files, subdir_path


def test_cloud_storage(cell, s3, gcs):
    s3("my-bucket")
    gcs("my-bucket")
    original = cell
    ossify.save_cell(cell, "gs://my-bucket/cells/neuron_001.osy")
    ossify.save_cell(cell, "s3://my-bucket/cells/neuron_001.osy")
    cell = ossify.load_cell("gs://my-bucket/cells/neuron_001.osy")
    assert_cells_equal(cell, original)
    cell = ossify.load_cell("s3://my-bucket/cells/neuron_001.osy")
    assert_cells_equal(cell, original)


def test_advanced_file_management(cell, gcs, capsys):
    gcs("my-bucket")
    cf = CellFiles("path/to/directory")
    print(f"Can save: {cf.saveable}")
    print(f"Is remote: {cf.remote}")
    cf.save(cell, "neuron_001.osy", allow_overwrite=True)
    assert_cells_equal(cf.load("neuron_001.osy"), cell)
    assert Path("path/to/directory/neuron_001.osy").exists()

    cf = CellFiles("gs://my-bucket/cells")
    print(f"Can save: {cf.saveable}")
    print(f"Is remote: {cf.remote}")
    cf.save(cell, "neuron_001.osy", allow_overwrite=True)
    loaded_cell = cf.load("neuron_001.osy")
    assert_cells_equal(loaded_cell, cell)
    printed = capsys.readouterr().out.splitlines()
    assert printed == ["Can save: True", "Is remote: False", "Can save: True", "Is remote: True"]


def test_loading_from_storage_of_every_kind(cell, s3, gcs, example_com):
    s3("my-bucket")
    gcs("neuron-data")
    ossify.save_cell(cell, "data/neuron_12345.osy")
    ossify.save_cell(cell, "s3://my-bucket/neurons/cell_67890.osy")
    ossify.save_cell(cell, "gs://neuron-data/processed/cell_abc.osy")
    example_com.files["/data/neuron.osy"] = Path("data/neuron_12345.osy").read_bytes()

    assert_cells_equal(ossify.load_cell("data/neuron_12345.osy"), cell)
    assert_cells_equal(ossify.load_cell("s3://my-bucket/neurons/cell_67890.osy"), cell)
    assert_cells_equal(ossify.load_cell("gs://neuron-data/processed/cell_abc.osy"), cell)
    assert_cells_equal(ossify.load_cell("https://example.com/data/neuron.osy"), cell)


def test_saving_to_a_bucket(cell, s3):
    s3("results-bucket")
    ossify.save_cell(cell, "s3://results-bucket/analysis/neuron_final.osy")
    assert_cells_equal(ossify.load_cell("s3://results-bucket/analysis/neuron_final.osy"), cell)


def test_file_management(cell, s3, gcs, capsys):
    client = s3("my-bucket")
    gcs("neuron-dataset")
    files = ossify.CellFiles("./neuron_data/")
    s3_files = ossify.CellFiles("s3://my-bucket/neurons/", use_https=True)
    gcs_files = ossify.CellFiles("gs://neuron-dataset/processed/")
    print(f"Can save files: {files.saveable}")
    print(f"Is remote storage: {files.remote}")
    assert capsys.readouterr().out == "Can save files: True\nIs remote storage: False\n"
    assert (s3_files.saveable, s3_files.remote) == (True, True)
    assert (gcs_files.saveable, gcs_files.remote) == (True, True)
    for some in (files, s3_files, gcs_files):
        some.save(cell, "custom_name.osy", allow_overwrite=True)
        some.save(cell)
        filenames = ["cell_001.osy", "cell_002.osy", "cell_003.osy"]
        for fname in filenames:
            some.save(ossify.Cell(fname), fname)
        some.save(cell, "neuron_12345.osy")
        if some is s3_files:
            publish(client, "my-bucket")
        assert_cells_equal(some.load("neuron_12345.osy"), cell)
        cells = [some.load(fname) for fname in filenames]
        assert [cell.name for cell in cells] == filenames
        assert [cell.name for cell in some.load_many(filenames)] == filenames
        assert {"custom_name.osy", "my_neuron.osy"} < {*some}


def test_cloud_storage_configuration(cell, s3, gcs, mem, capsys):
    client = s3("bucket-name")
    gcs("bucket-name")
    s3_files = ossify.CellFiles(
        "s3://bucket-name/path/",
        use_https=True,
    )
    gcs_files = ossify.CellFiles("gs://bucket-name/neurons/")
    mem_files = ossify.CellFiles("mem://test-storage/")
    if not s3_files.saveable:
        print("Cannot write to this location")
    assert capsys.readouterr().out == ""
    for files in (s3_files, gcs_files, mem_files):
        files.save(cell)
        publish(client, "bucket-name")
        assert_cells_equal(files.load("my_neuron.osy"), cell)
    assert not mem_files.remote
    keys = [item["Key"] for item in client.list_objects_v2(Bucket="bucket-name")["Contents"]]
    assert keys == ["path/my_neuron.osy"]


def test_batch_processing_of_a_bucket(cell, s3, capsys):
    s3("raw-data").put_object(Bucket="raw-data", Key="neurons/broken.osy", Body=b"not a cell")
    s3("processed-data")
    cell.skeleton.drop_features("compartment")
    raw = CellFiles("s3://raw-data/neurons/")
    raw.save(cell, "cell_001.osy")
    raw.save(cell, "cell_002.osy")

    results = process_neuron_batch(
        input_path="s3://raw-data/neurons/",
        output_path="s3://processed-data/analyzed/",
        processing_func=add_analysis_features,
    )
    successful = sum(1 for r in results if r["status"] == "success")
    print(f"Successfully processed {successful}/{len(results)} files")
    printed = capsys.readouterr().out
    assert "Successfully processed 2/3 files" in printed
    assert "Error processing broken.osy: s3://raw-data/neurons/broken.osy" in printed
    processed = CellFiles("s3://processed-data/analyzed/")
    assert processed.list() == ["processed_cell_001.osy", "processed_cell_002.osy"]
    skeleton = processed.load("processed_cell_001.osy").skeleton
    assert skeleton.get_feature("strahler_order").tolist() == [2, 2, 1, 1, 1, 1]
    assert skeleton.get_feature("compartment").tolist()[2:4] == ["axon", "axon"]


def test_batch_processing_does_not_begin_where_nothing_can_be_saved():
    with pytest.raises(ValueError, match=r"Cannot write to https://example\.com/analyzed/"):
        process_neuron_batch(
            "s3://raw-data/neurons/", "https://example.com/analyzed/", add_analysis_features
        )


def test_paths_on_every_platform(cell, s3, monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    s3("bucket")
    local_files, local_subdir = robust_file_operations("~/neuron_data")
    cloud_files, cloud_subdir = robust_file_operations("s3://bucket/data")
    assert not local_files.remote
    assert cloud_files.remote
    assert local_subdir == tmp_path / "neuron_data" / "subdirectory"
    assert cloud_subdir == "s3://bucket/data/subdirectory/"
    for files, folder in ((local_files, local_subdir), (cloud_files, cloud_subdir)):
        files.save(cell, "subdirectory/cell.osy")
        assert CellFiles(folder).list() == ["cell.osy"]
