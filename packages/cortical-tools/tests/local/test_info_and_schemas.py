"""The info, schema and token services, byte by byte."""

from __future__ import annotations


def test_the_info_service_names_a_version_that_has_image_mirrors(ask):
    assert ask("GET", "/info/version").text == '"4.6.1"'


def test_the_record_points_to_this_server(ask, service):
    record = ask("GET", "/info/api/v2/datastack/full/local_world").json()
    assert record["local_server"] == service.url
    assert record["segmentation_source"] == (
        f"graphene://{service.url}/segmentation/table/local_world_v1"
    )
    assert record["aligned_volume"]["image_source"] == f"precomputed://{service.url}/bucket/em"
    assert record["viewer_resolution_x"] == 4.0
    assert record["synapse_table"] == "synapses_world"


def test_an_unknown_datastack_is_not_found(ask):
    answer = ask("GET", "/info/api/v2/datastack/full/minnie65_public")
    assert answer.status_code == 404
    assert "minnie65_public" in answer.text


def test_the_datastacks_and_image_sources_are_listed(ask, service):
    assert ask("GET", "/info/api/v2/datastacks").json() == ["local_world"]
    assert ask("GET", "/info/api/v2/datastack/local_world/image_sources").json() == [
        {"name": "local_volume", "image_source": f"precomputed://{service.url}/bucket/em", "id": 1}
    ]


def test_an_unknown_image_mirror_is_not_found(ask):
    answer = ask("GET", "/info/api/v2/datastack/full/local_world?image_source_name=other")
    assert answer.status_code == 404


def test_schemas_say_which_fields_are_points(ask):
    assert ask("GET", "/schema/versions").json() == [1, 2]
    schemas = ask("GET", "/schema/api/v2/types_all").json()
    synapse = schemas["synapse"]
    name = synapse["$ref"].removeprefix("#/definitions/")
    fields = synapse["definitions"][name]["properties"]
    assert fields["pre_pt"] == {"$ref": "#/definitions/BoundSpatialPoint"}
    assert fields["ctr_pt"] == {"$ref": "#/definitions/SpatialPoint"}
    assert fields["size"]["format"] == "float"
    assert ask("GET", "/schema/api/v2/type/synapse").json() == synapse
    assert ask("GET", "/schema/api/v2/type/none").status_code == 404
    assert ask("GET", "/schema/api/v2/type").json() == sorted(schemas)


def test_the_token_list_has_the_token_that_asks(ask):
    assert ask("GET", "/auth/api/v1/user/token").json()[0]["token"] == "abc123"
