"""Neuroglancer views: what is in a link, what it asks of the network, and what comes back."""

import json
import socket
from types import SimpleNamespace
from urllib.parse import unquote

import numpy as np
import pandas as pd
import pytest

import cortical_tools
from cortical_tools import cell_layers, point_layer, read_state, skeleton_layer

ONE, TWO = 864691135639806263, 864691135639806265
# Of neuroglancer's viewer state, and of its three kinds of layers: every key that is written here.
VIEWER_KEYS = {
    "dimensions": dict,
    "position": list,
    "crossSectionScale": float,
    "projectionScale": float,
    "layers": list,
    "selectedLayer": dict,
    "layout": str,
    "showSlices": bool,
}
LAYER_KEYS = {
    "image": {"type", "source", "name"},
    "segmentation": {
        *("type", "source", "name", "segments"),
        *("selectedAlpha", "notSelectedAlpha", "objectAlpha"),
    },
    "annotation": {
        *("type", "source", "name", "tab", "annotationColor", "annotations", "shader"),
        *("annotationProperties", "linkedSegmentationLayer"),
    },
}
PROPERTY_TYPES = {"rgb", "rgba", "float32", *(f"{s}int{n}" for s in ("", "u") for n in (8, 16, 32))}


@pytest.fixture
def synapses():
    return pd.DataFrame(
        {
            "id": [TWO, 11, 12],
            "ctr_pt_position_x": [400.0, 800.0, 1200.0],
            "ctr_pt_position_y": [40.0, 80.0, 120.0],
            "ctr_pt_position_z": [4000.0, 8000.0, 12000.0],
            "pre_pt_root_id": [ONE, ONE, TWO],
            "size": [1.5, np.nan, 3.0],
            "tag": ["spine", None, "shaft"],
        }
    )


@pytest.fixture
def cell():
    # What is read of an ossify Cell, so that this runs without ossify; tests-integration has one.
    #  12     11      an edge from each to 10
    #    \   /
    #     10
    skeleton = SimpleNamespace(
        name="skeleton",
        vertices=np.array([[0.0, 0, 0], [1, 2, 3], [-1, 2, 3]]),
        edges_positional=np.array([[1, 0], [2, 0]]),
        nodes=pd.DataFrame({"kind": ["soma", "axon", "dendrite"]}, index=[10, 11, 12]),
        units="um",
    )
    sites = SimpleNamespace(
        name="pre_syn",
        nodes=pd.DataFrame({"x": [5.0], "y": [6.0], "z": [7.0], "tag": ["spine"]}),
        feature_names=["tag"],
        spatial_columns=["x", "y", "z"],
        units="nm",
    )

    class Annotations(dict):
        names = ("pre_syn",)

    return SimpleNamespace(name="c", skeleton=skeleton, annotations=Annotations(pre_syn=sites))


@pytest.fixture
def offline(dataset, service, monkeypatch):
    """A client that knows its datastack, on a machine that lost its network."""
    dataset.neuroglancer_url()
    service.log.clear()

    tried = []

    def refuse(*address):
        tried.append(address)
        raise OSError("this machine has no network")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    yield dataset
    # Who probes may well swallow what comes of it.
    assert tried == []


def state_of(url):
    return json.loads(unquote(url.split("#!", 1)[1]))


def check_state(state):
    """What neuroglancer requires of a viewer state, as far as is used here."""
    assert set(state) <= set(VIEWER_KEYS)
    for key, value in state.items():
        assert isinstance(value, VIEWER_KEYS[key]), key
    for size, unit in state["dimensions"].values():
        assert size > 0
        assert unit == "m"
    assert all(type(one) is float for one in state.get("position", []))
    names = [layer["name"] for layer in state["layers"]]
    assert len(set(names)) == len(names)
    for layer in state["layers"]:
        assert set(layer) <= LAYER_KEYS[layer["type"]]
        assert all(isinstance(one, str) for one in layer.get("segments", []))
        properties = layer.get("annotationProperties", [])
        assert {one["type"] for one in properties} <= PROPERTY_TYPES
        for annotation in layer.get("annotations", []):
            assert len(annotation.get("props", [])) == len(properties)
            assert isinstance(annotation["id"], str)
            for segment in sum(annotation.get("segments", []), []):
                assert isinstance(segment, str)


def test_points_come_back_as_they_went_in_with_every_id(offline, synapses):
    layer = point_layer(
        synapses, "synapses", color_by="tag", segment_columns="pre_pt_root_id", resolution=[1, 1, 1]
    )
    url = offline.neuroglancer_url(root_ids=[ONE, TWO], layers=[layer])
    check_state(state_of(url))
    tables = offline.neuroglancer_tables(url)
    assert tables.layers["layer"].tolist() == ["imagery", "segmentation", "synapses"]
    assert tables.segments["root_id"].tolist() == [ONE, TWO]
    assert tables.segments["root_id"].dtype == np.int64
    found = tables.annotations
    assert found["id"].astype(int).tolist() == synapses["id"].tolist()
    assert found["root_ids"].tolist() == [[ONE], [ONE], [TWO]]
    for axis in "xyz":
        assert found[f"{axis}_nm"].tolist() == synapses[f"ctr_pt_position_{axis}"].tolist()
    assert found["tag"].tolist()[::2] == ["spine", "shaft"]
    assert found["description"].tolist() == [None, "tag: no value", None]
    assert found["color"].nunique() == 3


def test_numbers_are_coloured_from_dark_to_light(synapses):
    layer = point_layer(synapses, "synapses", color_by="size")
    props = [one["props"] for one in layer["annotations"]]
    assert props == [["#440154", 1.5], ["#808080", 0.0], ["#fde725", 3.0]]
    assert layer["annotationProperties"][1]["id"] == "size"
    assert "prop_color()" in layer["shader"]


def test_ids_are_coloured_as_names_and_stay_exact(offline, synapses):
    layer = point_layer(synapses, "synapses", color_by="pre_pt_root_id")
    colors = [annotation["props"][0] for annotation in layer["annotations"]]
    assert colors[0] == colors[1] != colors[2]
    tables = offline.neuroglancer_tables(offline.neuroglancer_url(layers=[layer]))
    assert tables.annotations["pre_pt_root_id"].astype(int).tolist() == [ONE, ONE, TWO]


def test_what_is_infinite_is_grey_and_leaves_json_that_browsers_read(offline, synapses):
    layer = point_layer(synapses.assign(size=[np.inf, 1, np.nan]), "synapses", color_by="size")
    (grey, zero), (_, one), _ = [annotation["props"] for annotation in layer["annotations"]]
    assert (grey, zero, one) == ("#808080", 0, 1)
    said = [annotation.get("description") for annotation in layer["annotations"]]
    assert said == ["size: inf", None, "size: no value"]
    assert "Infinity" not in unquote(offline.neuroglancer_url(layers=[layer]))


@pytest.mark.parametrize(
    "source", ["precomputed://gs://a/b", {"url": "local://annotations"}], ids=["text", "dict"]
)
def test_a_layer_made_elsewhere_says_nothing_of_where_to_look(offline, synapses, source):
    point = {"type": "point", "point": [1, 2, 3], "id": "1"}
    other = {"type": "annotation", "name": "other", "source": source, "annotations": [point]}
    assert "position" not in state_of(offline.neuroglancer_url(layers=[other]))
    ours = point_layer(synapses, "synapses")
    assert "position" in state_of(offline.neuroglancer_url(layers=[other, ours]))


@pytest.mark.parametrize("layers", ["synapses", ["synapses"], {"name": "synapses"}], ids=str)
def test_what_is_no_list_of_layers_is_refused(offline, layers):
    with pytest.raises(TypeError, match="layers: a list of what point_layer"):
        offline.neuroglancer_url(layers=layers)


@pytest.mark.parametrize("name", [None, "", 5], ids=repr)
def test_a_layer_has_a_name(synapses, name):
    with pytest.raises(ValueError, match="name: what the layer is called, as text"):
        point_layer(synapses, name)


def test_points_in_voxels_or_in_one_column_are_in_the_same_place(synapses):
    voxels = pd.DataFrame({"at": [[100, 10, 100], [200, 20, 200], [300, 30, 300]]})
    layer = point_layer(voxels, "s", "at", resolution=(4, 4, 40))
    found = read_state({"layers": [layer]}).annotations
    assert found["x_nm"].tolist() == synapses["ctr_pt_position_x"].tolist()
    assert found["z_nm"].tolist() == synapses["ctr_pt_position_z"].tolist()
    assert found["id"].tolist() == ["0", "1", "2"]


def test_no_points_are_a_layer_without_points(synapses):
    for color_by in (None, "size", "tag"):
        layer = point_layer(synapses[:0], "s", color_by=color_by)
        assert layer["annotations"] == []
    assert point_layer(pd.DataFrame({"at": []}), "s", "at")["annotations"] == []


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"color_by": "colour"}, "no column 'colour'; there are id, ctr_pt"),
        ({"point_column": "pre_pt_position"}, "no column 'pre_pt_position_x'"),
        ({"segment_columns": ["post"]}, "no column 'post'"),
        ({"color_by": "tag", "palette": {"spine": "#ff0000"}}, "no colour for 'shaft'"),
        ({"resolution": 4}, "resolution: three positive numbers"),
        ({"id_column": "size"}, "size: 1 of 3 are missing"),
    ],
)
def test_points_that_do_not_fit_are_refused(synapses, options, message):
    with pytest.raises((KeyError, ValueError), match=message):
        point_layer(synapses, "s", **options)


def test_a_point_that_is_nowhere_is_refused(synapses):
    synapses.loc[1, "ctr_pt_position_y"] = np.nan
    with pytest.raises(ValueError, match="1 of 3 points lack a coordinate, the first in row 1"):
        point_layer(synapses, "s")


def test_a_skeleton_is_lines_from_child_to_parent(cell):
    layer = skeleton_layer(
        cell, color_by="kind", palette={"axon": "#0000ff", "dendrite": "#ff0000"}
    )
    found = read_state({"layers": [layer]}).annotations
    assert found["type"].tolist() == ["line", "line"]
    assert found[["x_nm", "y_nm", "z_nm"]].to_numpy().tolist() == [
        [1e3, 2e3, 3e3],
        [-1e3, 2e3, 3e3],
    ]
    assert (found[["x2_nm", "y2_nm", "z2_nm"]] == 0).all(axis=None)
    assert found["kind"].tolist() == ["axon", "dendrite"]
    assert found["color"].tolist() == ["#0000ff", "#ff0000"]


def test_a_cell_is_its_skeleton_and_its_synapses(offline, cell):
    layers = cell_layers(cell, synapse_color_by="tag", synapse_palette={"spine": "#00ff00"})
    assert [layer["name"] for layer in layers] == ["skeleton", "pre_syn"]
    url = offline.neuroglancer_url(root_ids=ONE, layers=layers)
    check_state(state_of(url))
    found = read_state(url).annotations.query("layer == 'pre_syn'").iloc[0]
    assert (found["x_nm"], found["tag"], found["color"]) == (5, "spine", "#00ff00")


def test_a_cell_of_unknown_units_or_without_a_skeleton_is_refused(cell):
    cell.skeleton.units = None
    with pytest.raises(ValueError, match="its units are None; neuroglancer needs nm or um"):
        skeleton_layer(cell)
    cell.skeleton = None
    assert len(cell_layers(cell)) == 1
    with pytest.raises(ValueError, match="cell 'c' has no skeleton"):
        skeleton_layer(cell)


def test_the_view_is_where_it_is_said_to_be_or_amid_the_points(offline, synapses):
    layers = [point_layer(synapses, "s")]
    assert state_of(offline.neuroglancer_url(layers=layers))["position"] == [200, 20, 200]
    url = offline.neuroglancer_url(layers=layers, position=np.array([1, 2, 3]))
    assert state_of(url)["position"] == [1, 2, 3]
    assert "position" not in state_of(offline.neuroglancer_url())
    with pytest.raises(ValueError, match=r"position: expected three numbers, not \[1, 2\]"):
        offline.neuroglancer_url(position=[1, 2])


def test_two_layers_of_one_name_are_refused(offline, synapses):
    with pytest.raises(ValueError, match="layers: segmentation: a name can be that of one layer"):
        offline.neuroglancer_url(layers=[point_layer(synapses, "segmentation")])


def test_nglui_shows_the_same_and_looks_nothing_up(offline, service, synapses):
    pytest.importorskip("nglui")
    layers = [point_layer(synapses, "s", color_by="tag", segment_columns="pre_pt_root_id")]
    for root_ids in (ONE, [ONE], pd.Series([ONE, TWO]), None):
        view = offline.neuroglancer_viewer(root_ids, layers=layers)
        link = view.to_url()
        ours = state_of(offline.neuroglancer_url(root_ids=root_ids, layers=layers))
        theirs = state_of(link)
        for key in VIEWER_KEYS.keys() - {"layers", "selectedLayer"}:
            assert theirs[key] == ours[key], key
        assert theirs["selectedLayer"]["layer"] == "segmentation"
        assert theirs["layers"][2]["annotations"] == ours["layers"][2]["annotations"]
        for key in ("segments", "selectedAlpha", "objectAlpha", "notSelectedAlpha"):
            assert theirs["layers"][1].get(key, []) == ours["layers"][1][key], key
        mine, others = offline.neuroglancer_tables(link), read_state(ours)
        pd.testing.assert_frame_equal(mine.segments, others.segments)
        pd.testing.assert_frame_equal(mine.annotations, others.annotations)
    assert service.log == []


def test_nglui_does_not_search_for_a_position(offline):
    pytest.importorskip("nglui")
    view = offline.neuroglancer_viewer(ONE)
    assert view.infer_coordinates is False
    assert state_of(view.to_url())["layers"][1]["segments"] == [str(ONE)]


def test_what_nglui_adds_can_be_read(offline, synapses):
    pytest.importorskip("nglui")
    view = offline.neuroglancer_viewer(ONE).add_points(
        synapses[:1],
        name="theirs",
        point_column="ctr_pt_position",
        segment_column="pre_pt_root_id",
        tag_column="tag",
        data_resolution=[1, 1, 1],
    )
    (found,) = offline.neuroglancer_tables(view.to_url()).annotations.to_dict("records")
    assert (found["x_nm"], found["z_nm"], found["root_ids"]) == (400, 4000, [ONE])
    assert found["spine"] is True


def test_a_view_of_nglui_is_stored_by_the_clients_server(dataset, service):
    pytest.importorskip("nglui")
    service.log.clear()
    view = dataset.neuroglancer_viewer(ONE)
    link = view.to_url(target_url=f"{service.url}/viewer/", shorten=True, client=dataset.cave)
    asked = {one.path for one in service.log}
    assert "/nglstate/api/v1/post" in asked
    assert not [path for path in asked if "/bucket/" in path or "/segmentation/table/" in path]
    assert dataset.neuroglancer_tables(link).segments["root_id"].tolist() == [ONE]


def test_a_short_link_and_an_id_are_read_from_the_server(dataset, synapses, service):
    layers = [point_layer(synapses, "s", segment_columns=["pre_pt_root_id"])]
    url = dataset.neuroglancer_url(shorten=True, root_ids=pd.Series([ONE]), layers=layers)
    number = int(url.rpartition("/")[2])
    old = f"https://example.org/?json_url={service.url}/nglstate/api/v1/{number}"
    for link in (url, number, str(number), old):
        tables = dataset.neuroglancer_tables(link)
        assert tables.segments["root_id"].tolist() == [ONE]
        assert len(tables.annotations) == 3


def test_a_client_that_has_yet_to_learn_its_server_reads_what_is_stored_there(
    dataset, make_client, service, tmp_path
):
    url = dataset.neuroglancer_url(shorten=True, root_ids=ONE)
    noted = tmp_path / ".cloudvolume" / "secrets" / "cave_datastack_to_server_map.json"
    noted.write_text(json.dumps({service.datastack: service.url}))
    tables = make_client(server_address=None).neuroglancer_tables(url)
    assert tables.segments["root_id"].tolist() == [ONE]


def test_a_link_to_another_server_is_not_followed(offline):
    link = "https://a.example/#!middleauth+https://other.example/nglstate/api/v1/5"
    with pytest.raises(ValueError, match=r"stored on https://other\.example, and this"):
        offline.neuroglancer_tables(link)


@pytest.mark.parametrize("link", ["https://example.org/", "{", "[1]", "", "gs://a/b"])
def test_what_is_no_link_is_refused(offline, link):
    with pytest.raises(ValueError, match="neuroglancer state"):
        offline.neuroglancer_tables(link)


def test_hidden_and_coloured_objects_and_old_forms_are_read():
    state = {
        "layers": {
            "cells": {
                "type": "segmentation",
                "source": ["a", {"url": "b"}],
                "segments": [f"!{ONE}", TWO],
                "segmentColors": {str(ONE): "#ff0000"},
                "visible": False,
            },
            "marks": {
                "type": "annotation",
                "voxelSize": [4, 4, 40],
                "annotations": [
                    {"type": "ellipsoid", "id": "e", "center": [1, 2, 3], "radii": [1, 1, 1]},
                    {"type": "polyline", "id": "p", "points": [[0, 0, 0], [1, 1, 1]]},
                ],
            },
        }
    }
    for form in (state, json.dumps(state)):
        tables = read_state(form)
        assert tables.layers["sources"].tolist() == [["a", "b"], []]
        assert tables.layers["visible"].tolist() == [False, True]
        assert tables.segments["root_id"].tolist() == [ONE, TWO]
        assert tables.segments["visible"].tolist() == [False, True]
        assert tables.segments["color"].tolist() == ["#ff0000", None]
        ellipsoid, polyline = tables.annotations.to_dict("records")
        assert [ellipsoid[f"{axis}_nm"] for axis in "xyz"] == [4, 8, 120]
        assert [ellipsoid[f"{axis}2_nm"] for axis in "xyz"] == [4, 4, 40]
        assert polyline["points_nm"] == [[0, 0, 0], [4, 4, 40]]


def test_an_empty_state_has_empty_tables_with_all_columns():
    tables = read_state({})
    assert tables.segments["root_id"].dtype == np.int64
    assert [len(frame) for frame in (tables.layers, tables.segments, tables.annotations)] == [0] * 3
    assert "x_nm" in tables.annotations


def test_an_id_that_went_through_a_float_is_refused():
    layer = {"type": "segmentation", "name": "s", "segments": [8.646911356398063e17]}
    with pytest.raises(ValueError, match="a float has not enough digits for an id"):
        read_state({"layers": [layer]})


def test_a_notebook_shows_the_link_without_the_network(offline, service):
    shown = offline._repr_html_()
    assert shown.startswith('<a href="https://spelunker.cave-explorer.org/#!%7B')
    assert service.log == []


def test_a_machine_without_a_clipboard_gives_the_link_and_says_so(offline, monkeypatch):
    pyperclip = pytest.importorskip("pyperclip")

    def missing(_):
        raise pyperclip.PyperclipException("could not find a copy/paste mechanism")

    monkeypatch.setattr(pyperclip, "copy", missing)
    with pytest.warns(UserWarning, match="not copied, but is returned: could not find") as said:
        url = offline.neuroglancer_url(clipboard=True)
    assert state_of(url)["layers"]
    assert said[0].filename == __file__


def test_layers_are_named_at_the_top():
    assert cortical_tools.point_layer is point_layer
    assert cortical_tools.ViewerTables is type(read_state({}))


def test_root_ids_in_the_place_of_the_site_are_refused_by_name(dataset, neurons):
    with pytest.raises(TypeError, match=r"target_url: .*given as root_ids"):
        dataset.neuroglancer_url(neurons["merged"]["root_ids"])
