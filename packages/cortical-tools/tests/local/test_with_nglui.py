"""The unmodified nglui works against the service, within this machine."""

from __future__ import annotations

import json
from urllib.parse import unquote

import pytest

pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
    pytest.mark.filterwarnings("ignore::UserWarning"),
]


@pytest.fixture
def viewer(client, neurons):
    from nglui.statebuilder import ViewerState

    root = neurons["merged"]["root_ids"][-1]
    return ViewerState(infer_coordinates=False).add_layers_from_client(
        client, segmentation_kws={"segments": [root]}
    )


def test_a_link_holds_the_sources_of_this_server(viewer, service, neurons):
    link = viewer.to_url(target_url=f"{service}/viewer/")
    assert link.startswith(f"{service}/viewer/#!")
    state = json.loads(unquote(link.partition("#!")[2]))
    image, segmentation = state["layers"][:2]
    assert f"{service}/bucket/em" in json.dumps(image)
    assert f"{service}/segmentation/table/local_world_v1" in json.dumps(segmentation)
    assert segmentation["segments"] == [str(neurons["merged"]["root_ids"][-1])]


def test_a_shortened_link_leads_to_the_state(viewer, client, service):
    link = viewer.to_url(target_url=f"{service}/viewer/", shorten=True, client=client)
    assert len(link) < 200
    number = int(link.rpartition("/")[2])
    assert client.state.get_state_json(number) == viewer.to_dict()
    assert {"POST"} == {r.method for r in service.log if r.path == "/nglstate/api/v1/post"}


def test_the_view_is_guessed_from_the_info_of_the_image(client, service):
    from nglui.statebuilder import ViewerState

    state = ViewerState().add_layers_from_client(client).to_dict()
    asked = [request.path for request in service.log]
    assert "/bucket/em/info" in asked
    assert len(state["position"]) == 3
