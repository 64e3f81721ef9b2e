"""One connection: made late, once, pinned, and clear about what is wrong."""

import json
import pickle
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from cortical_tools import DatasetClient, MinniePublicClient, Patience


def paths(service):
    return [request.path for request in service.log]


def test_making_showing_and_describing_a_client_asks_nobody(service, dataset):
    repr(dataset)
    dataset._repr_html_()
    assert dataset.datastack_name == "local_world"
    assert dataset.server_address == service.url
    assert service.log == []


def test_the_first_question_connects_and_the_next_does_not(service, dataset):
    assert dataset.version == 3
    first = len(service.log)
    assert dataset.version == 3
    assert len(service.log) == first
    # Two for the datastack, two for the versions: nothing that nobody asked for.
    assert first == 4


def test_eight_threads_make_one_connection(service, make_client):
    alone = make_client()
    assert alone.version == 3
    expected = sorted(paths(service))
    service.log.clear()
    together = make_client()
    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(lambda _: together.version, range(8))) == {3}
    assert sorted(set(paths(service))) == sorted(set(expected))
    assert paths(service).count("/materialize/version") == 1
    assert paths(service).count("/info/api/v2/datastack/full/local_world") == 1


def test_nothing_is_written_into_the_home_folder(dataset):
    before = sorted(Path.home().rglob("*"))
    assert dataset.version == 3
    assert sorted(Path.home().rglob("*")) == before


def test_the_repr_tells_the_version_once_it_is_known(service, dataset):
    assert repr(dataset).endswith("version=None)")
    assert dataset.version == 3
    service.log.clear()
    assert repr(dataset) == "DatasetClient(datastack_name='local_world', version=3)"
    assert 'href="https://spelunker.cave-explorer.org/#!' in dataset._repr_html_()
    assert service.log == []


def test_a_missing_token_says_how_to_get_one(dataset):
    (Path.home() / ".cloudvolume/secrets/cave-secret.json").unlink()
    with pytest.raises(PermissionError, match="wants a token and none is set up"):
        _ = dataset.version


def test_a_wrong_token_is_told_from_a_missing_one(make_client):
    with pytest.raises(PermissionError, match="does not accept the token") as said:
        _ = make_client(auth_token="123abc").version
    assert "123abc" not in str(said.value)


def test_a_token_that_is_given_is_used_instead_of_the_one_at_home(service, make_client):
    secret = Path.home() / ".cloudvolume/secrets/cave-secret.json"
    secret.write_text(json.dumps({"token": "of another server"}))
    client = make_client(auth_token="abc123")
    nuclei = client.tables.nucleus_detection_v0().query()
    # The lookups too, which once made a client of their own.
    assert len(client.cell_id_to_root_id(nuclei["id"])) == len(nuclei)
    assert {request.headers.get("authorization") for request in service.log} == {"Bearer abc123"}


def test_a_damaged_token_file_is_said(dataset):
    (Path.home() / ".cloudvolume/secrets/cave-secret.json").write_text("abc123")
    with pytest.raises(PermissionError, match=r"a file with a token .* is not the JSON"):
        _ = dataset.version


def test_an_unknown_datastack_is_named(make_client):
    with pytest.raises(LookupError, match="no datastack 'nowhere'"):
        _ = make_client(datastack_name="nowhere").version


def test_an_unreachable_server_is_named(make_client):
    with pytest.raises(ConnectionError, match=r"http://127.0.0.1:9 cannot be reached"):
        _ = make_client(server_address="http://127.0.0.1:9").version


def test_a_connection_that_failed_is_tried_again(service, make_client):
    client = make_client(patience=Patience(attempts=1))
    service.faults.add("/info/*", status=503, times=1)
    with pytest.raises(ConnectionError, match="503"):
        _ = client.version
    assert client.version == 3


def test_a_server_that_hangs_while_connecting_is_given_up(service, make_client):
    service.faults.add("/materialize/version", delay=1.0)
    client = make_client(patience=Patience(read_timeout=0.2))
    with pytest.raises(TimeoutError, match="/materialize/version"):
        _ = client.version


@pytest.mark.parametrize("path", ["*/versions", "*/query", "*/is_latest_roots", "/info/*"])
def test_a_rate_limit_is_waited_for(service, dataset, neurons, path):
    service.faults.add(path, status=429, headers={"Retry-After": "0"}, times=2)
    root = neurons["alternative point agrees"]["root_ids"][-1]
    assert len(dataset.query_synapses(root, post=True, progress=False)) > 0


def test_a_query_that_breaks_off_is_asked_again(service, dataset):
    service.faults.add("*/query", cut=True, times=1)
    assert len(dataset.tables.nucleus_detection_v0().query()) == 8


def test_a_state_whose_answer_is_lost_is_not_stored_twice(service, dataset):
    _ = dataset.cave.state
    service.log.clear()
    service.faults.add("/nglstate/*", status=503)
    with pytest.raises(ConnectionError, match="503"):
        dataset.upload_state_json({"layers": []})
    assert len(service.log) == 1


def test_an_existing_caveclient_can_be_worked_with_and_becomes_patient(service):
    from caveclient import CAVEclient

    cave = CAVEclient(service.datastack, server_address=service.url, write_server_cache=False)
    client = DatasetClient(caveclient=cave)
    assert client.cave is cave
    assert client.datastack_name == "local_world"
    assert client.server_address == service.url
    service.faults.add("*/query", status=429, headers={"Retry-After": "0"}, times=1)
    assert len(client.tables.nucleus_detection_v0().query()) == 8


def test_a_version_is_pinned_also_on_an_existing_caveclient(service):
    from caveclient import CAVEclient

    cave = CAVEclient(service.datastack, server_address=service.url, write_server_cache=False)
    client = DatasetClient(caveclient=cave, materialization_version=2)
    assert client.version == 2
    assert client.cave.version == 2


def test_a_caveclient_that_is_pinned_already_stays_so(service, truth):
    from caveclient import CAVEclient

    cave = CAVEclient(
        service.datastack, server_address=service.url, write_server_cache=False, version=2
    )
    client = DatasetClient(caveclient=cave)
    supervoxels = truth.table("synapses_world")["pre_pt_supervoxel_id"].to_numpy(dtype=int)
    at_2 = truth.roots(supervoxels, truth.versions[2])
    assert client.version == 2
    assert repr(client) == "DatasetClient(datastack_name='local_world', version=2)"
    assert client.get_roots(supervoxels).tolist() == at_2.tolist()
    # Somebody pins it anew, behind the client's back.
    cave.version = 3
    at_3 = truth.roots(supervoxels, truth.versions[3])
    assert client.get_roots(supervoxels).tolist() == at_3.tolist()
    assert at_2.tolist() != at_3.tolist()
    client.unfix_mat_timestamp()
    assert (client.version, cave.timestamp) == (3, None)


def test_names_are_those_of_the_caveclient(service):
    from caveclient import CAVEclient

    cave = CAVEclient(service.datastack, server_address=service.url, write_server_cache=False)
    client = MinniePublicClient(cave)
    assert client.datastack_name == "local_world"
    assert len(client.tables) == 6


@pytest.mark.parametrize("wrong", [2.5, True, "two", None])
def test_a_version_that_is_no_number_is_refused(dataset, wrong):
    with pytest.raises(ValueError, match=f"^{wrong!r} .* is no materialization version"):
        dataset.version = wrong
    assert dataset.version == 3


@pytest.mark.parametrize("number", [2, np.int64(2), "2"])
def test_a_version_is_a_number_of_any_kind(dataset, number):
    dataset.version = number
    assert dataset.version == 2
    assert type(dataset.version) is int


def test_an_address_without_its_scheme_is_refused_before_anyone_is_asked():
    with pytest.raises(ValueError, match=r"'127\.0\.0\.1:8080' is no address such as https://"):
        DatasetClient("local_world", "127.0.0.1:8080")


@pytest.mark.parametrize("method", ["get_roots", "is_latest_roots", "cell_id_to_root_id"])
def test_a_time_that_is_no_datetime_is_refused_by_name(dataset, method):
    with pytest.raises(TypeError, match=r"'2024-01-01' \(str\) is no datetime"):
        getattr(dataset, method)([200_000], timestamp="2024-01-01")


def test_a_client_needs_to_know_its_datastack():
    with pytest.raises(TypeError, match="datastack_name or a caveclient"):
        DatasetClient()


def test_a_pinned_version_fixes_the_time_too(make_client, truth):
    client = make_client(materialization_version=2)
    assert client.version == 2
    assert client.cave.timestamp == truth.versions[2]
    assert client.version_timestamp() == truth.versions[2]


def test_a_version_that_never_was_is_refused_with_those_that_are(dataset):
    with pytest.raises(ValueError, match="has no version 77; available: 3, 2"):
        dataset.version = 77
    assert dataset.version == 3


def test_a_pinned_version_that_never_was_is_refused_every_time(make_client):
    client = make_client(materialization_version=77)
    for _ in range(2):
        with pytest.raises(ValueError, match="has no version 77"):
            client.tables  # noqa: B018


def test_an_expired_version_is_answered_at_its_time(make_client, truth, neurons):
    client = make_client(materialization_version=1)
    assert client.version_timestamp() == truth.versions[1]
    stored = truth.table("synapses_world").sort_values("id")
    found = client.tables.synapses_world().query().sort_values("id")
    expected = truth.roots(stored["pre_pt_supervoxel_id"], truth.versions[1])
    assert found["pre_pt_root_id"].tolist() == expected.tolist()
    neuron = neurons["edited"]
    first = neuron["root_ids"][0]
    assert client.cell_id_to_root_id(neuron["cell_id"])["root_id"].tolist() == [first]
    assert client.root_id_to_cell_id(first)["cell_id"].tolist() == [neuron["cell_id"]]
    synapses = truth.synapses(truth.versions[1])
    other = (synapses["pre"] == first) & (synapses["post"] != first)
    found = client.query_synapses(first, pre=True, progress=False)
    assert sorted(found["id"]) == sorted(synapses.loc[other, "id"])


def test_the_views_of_an_expired_version_are_refused_with_what_to_do(make_client):
    client = make_client(materialization_version=1)
    with pytest.raises(LookupError, match=r"version 1 of local_world has expired; available: 3, 2"):
        client.views  # noqa: B018
    with pytest.raises(LookupError, match=r"version 1 of local_world has expired; available: 3, 2"):
        make_client().views.nucleus_detection_lookup_v1().query(materialization_version=1)


def test_setting_a_version_leaves_the_time_alone_until_it_is_fixed(dataset, truth):
    dataset.version = 2
    assert dataset.version == 2
    assert dataset.cave.timestamp is None
    dataset.fix_mat_timestamp()
    assert dataset.cave.timestamp == truth.versions[2]
    dataset.version = 3
    assert dataset.cave.timestamp == truth.versions[3]
    dataset.unfix_mat_timestamp()
    assert dataset.cave.timestamp is None
    assert dataset.version == 3


def test_fixing_a_version_that_never_was_changes_nothing(dataset):
    with pytest.raises(ValueError, match="has no version 77"):
        dataset.fix_mat_timestamp(77)
    assert dataset.version == 3
    assert dataset.cave.timestamp is None


def test_versions_have_timestamps_in_utc_that_are_asked_for_once(service, dataset, truth):
    assert dataset.version_timestamp(2) == truth.versions[2]
    assert dataset.version_timestamp(2).tzinfo == UTC
    service.log.clear()
    dataset.version_timestamp(2)
    assert service.log == []
    assert dataset.most_recent_materialization_version() == 3
    assert isinstance(dataset.most_recent_materialization_version(), int)


def test_now_is_now():
    assert abs((DatasetClient.now() - datetime.now(UTC)).total_seconds()) < 5
    assert DatasetClient.now().tzinfo == UTC


def test_a_client_that_is_connected_goes_to_other_processes(make_client):
    client = make_client(materialization_version=2)
    assert len(client.tables) == 6
    copy = pickle.loads(pickle.dumps(client))
    assert copy.version == 2
    assert len(copy.tables.nucleus_detection_v0().query()) == 8


def test_the_address_of_a_service_in_this_process_goes_to_others_as_text(service):
    client = DatasetClient("local_world", service)
    assert type(client.server_address) is str
    assert len(pickle.loads(pickle.dumps(client)).tables) == 6


def test_a_token_does_not_go_into_a_pickle(make_client):
    with pytest.raises(TypeError, match="auth_token"):
        pickle.dumps(make_client(auth_token="abc123"))
