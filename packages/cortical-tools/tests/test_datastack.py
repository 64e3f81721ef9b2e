"""What the datastack says of itself, and links made of it."""

import inspect
import json
import shutil
import sys
from pathlib import Path
from urllib.parse import unquote

import numpy as np
import pytest

from cortical_tools.local import serve

SMALL_WORLD = Path(__file__).parent / "data" / "small_world"


def state_of(url):
    return json.loads(unquote(url.split("#!", 1)[1]))


def test_the_record_is_a_copy(dataset):
    info = dataset.get_datastack_info()
    assert info["synapse_table"] == "synapses_world"
    info["synapse_table"] = "changed"
    info["aligned_volume"]["name"] = "changed"
    again = dataset.get_datastack_info()
    assert again["synapse_table"] == "synapses_world"
    assert again["aligned_volume"]["name"] == "local_volume"
    assert dataset.get_datastack_info(use_stored=False) == again


def test_asking_for_a_mirror_leaves_the_stored_record_alone(service, dataset):
    stored = dataset.cave.info.info_cache
    before = stored["local_world"]
    dataset.get_datastack_info(image_mirror="local_volume")
    assert service.log[-1].query == "image_source_name=local_volume"
    assert stored["local_world"] is before
    with pytest.raises(OSError, match="404"):
        dataset.get_datastack_info(image_mirror="elsewhere")
    assert stored["local_world"] is before


def test_another_datastack_cannot_be_asked_for_by_mistake(dataset):
    with pytest.raises(TypeError, match="positional"):
        dataset.get_datastack_info("v1dd")


def test_sources_and_resolution(service, dataset):
    assert dataset.image_source() == f"precomputed://{service.url}/bucket/em"
    assert dataset.segmentation_source().startswith(f"graphene://{service.url}/segmentation/")
    assert "middleauth+" in dataset.segmentation_source(format_for="cave_explorer")
    resolution = dataset.viewer_resolution()
    assert resolution.shape == (3,)
    assert resolution.tolist() == [4, 4, 40]
    with pytest.raises(ValueError, match="'nglui' is none of raw, cloudvolume"):
        dataset.image_source(format_for="nglui")


@pytest.mark.parametrize(
    "format_for", ["raw", "cloudvolume", "neuroglancer", "cave_explorer", "cave-explorer"]
)
def test_a_source_that_says_its_kind_is_one_in_every_format(service, dataset, format_for):
    # caveclient has None for these.
    images = f"precomputed://{service.url}/bucket/em"
    assert dataset.image_source(format_for=format_for) == images
    record = dataset.cave.info.info_cache["local_world"]
    record["segmentation_source"] = "precomputed://gs://a-bucket/segmentation"
    record["aligned_volume"]["image_source"] = "gs://a-bucket/em"
    found = dataset.segmentation_source(format_for=format_for)
    assert found == "precomputed://gs://a-bucket/segmentation"
    if format_for == "neuroglancer":
        assert dataset.image_source(format_for=format_for) == "precomputed://gs://a-bucket/em"


def test_every_layer_of_a_link_has_a_source(service, dataset):
    images, segmentation = state_of(dataset.neuroglancer_url())["layers"]
    assert images["source"] == f"precomputed://{service.url}/bucket/em"
    assert segmentation["source"][0]["url"].startswith("graphene://middleauth+")


def test_methods_show_the_signature_they_have(dataset):
    for name in dir(type(dataset)):
        method = getattr(type(dataset), name)
        if name.startswith("_") or not inspect.isfunction(method):
            continue
        assert not hasattr(method, "__wrapped__"), name
        parameters = inspect.signature(method).parameters
        assert "connection" not in parameters, name
        text = method.__doc__
        assert text, name
        assert "connection\n    Whom to ask" not in text, name


def test_a_link_shows_what_is_selected_and_asks_for_no_images(service, dataset, neurons):
    root = neurons["merged"]["root_ids"][-1]
    _ = dataset.cave
    service.log.clear()
    url = dataset.neuroglancer_url(root_ids=[root])
    assert service.log == []
    assert url.startswith("https://spelunker.cave-explorer.org/#!%7B")
    state = state_of(url)
    images, segmentation = state["layers"]
    assert (images["type"], segmentation["type"]) == ("image", "segmentation")
    # As text: a browser's numbers are floats.
    assert segmentation["segments"] == [str(root)]
    assert state["dimensions"] == {"x": [4e-9, "m"], "y": [4e-9, "m"], "z": [4e-8, "m"]}
    assert segmentation["source"][0]["url"].startswith("graphene://middleauth+")


@pytest.mark.parametrize("wrap", [int, str, np.int64, lambda one: np.array([one])])
def test_one_object_of_any_kind_can_be_selected(dataset, wrap):
    state = state_of(dataset.neuroglancer_url(root_ids=wrap(864691135639806263)))
    assert state["layers"][1]["segments"] == ["864691135639806263"]


def test_another_neuroglancer_can_be_opened(dataset):
    for site in ("http://127.0.0.1:8080", "http://127.0.0.1:8080/"):
        assert dataset.neuroglancer_url(site).startswith("http://127.0.0.1:8080/#!%7B")


def test_a_word_that_shortens_nothing_is_refused(dataset):
    with pytest.raises(ValueError, match="shorten: True, False or 'if_long', not 'maybe'"):
        dataset.neuroglancer_url(shorten="maybe")


def test_a_short_link_is_not_shortened_further_unless_asked(service, dataset):
    _ = dataset.cave
    service.log.clear()
    assert "%7B" in dataset.neuroglancer_url(shorten="if_long")
    assert service.log == []


def test_without_what_copies_there_is_still_the_link(dataset, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyperclip", None)
    with pytest.warns(UserWarning, match=r"not copied, but is returned: .*cortical-tools\[viewer"):
        assert dataset.neuroglancer_url(clipboard=True).startswith("https://")


def test_what_needs_an_extra_names_it(dataset, monkeypatch):
    monkeypatch.setitem(sys.modules, "nglui", None)
    with pytest.raises(ImportError, match=r'"cortical-tools\[viewer\]"'):
        dataset.neuroglancer_viewer()
    monkeypatch.setitem(sys.modules, "cloudvolume", None)
    for method in (dataset.image_cloudvolume, dataset.segmentation_cloudvolume):
        with pytest.raises(ImportError, match=r'"cortical-tools\[mesh\]"'):
            method()


def test_nglui_shows_the_same(dataset, neurons):
    pytest.importorskip("nglui")
    root = neurons["merged"]["root_ids"][-1]
    state = dataset.neuroglancer_viewer(root_ids=root).to_dict()
    assert [layer["type"] for layer in state["layers"]] == ["image", "segmentation"]
    assert state["layers"][1]["segments"] == [str(root)]


def test_the_space_is_the_one_that_is_named(make_client):
    from standard_transform.datasets import minnie_ds

    assert make_client(dataset_transform="minnie_ds").space is minnie_ds
    assert make_client(dataset_transform=minnie_ds).dataset_transform is minnie_ds
    with pytest.raises(NotImplementedError, match="standard_transform has no dataset 'moon'"):
        make_client(dataset_transform="moon").space  # noqa: B018
    with pytest.raises(NotImplementedError, match="does not say its transform"):
        make_client().space  # noqa: B018


def test_exports_that_are_nowhere_say_what_to_do(dataset):
    with pytest.raises(NotImplementedError, match=r"client.set_export_cloudpath\(cloudpath\)"):
        dataset.exports  # noqa: B018


def test_two_datasets_in_one_process_keep_their_tables_apart(service, make_client, tmp_path):
    # Both have a table of one name, with another schema.
    other = tmp_path / "other"
    shutil.copytree(SMALL_WORLD, other)
    facts = json.loads((other / "snapshot.json").read_text())
    facts["datastack_name"] = "other_world"
    facts["tables"]["nucleus_detection_v0"]["schema"] = "reference_point"
    facts["tables"]["nucleus_detection_v0"]["schema_type"] = "reference_point"
    (other / "snapshot.json").write_text(json.dumps(facts))
    one = make_client()
    assert "volume" in one.tables.nucleus_detection_v0.fields
    with serve(other, token="abc123") as second:
        two = make_client(datastack_name="other_world", server_address=second.url)
        assert "volume" not in two.tables.nucleus_detection_v0.fields
    assert "volume" in make_client().tables.nucleus_detection_v0.fields
