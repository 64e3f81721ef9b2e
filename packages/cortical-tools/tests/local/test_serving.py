"""The service itself: where it listens, whom it answers, what goes wrong on purpose."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from cortical_tools.errors import ServiceError, SnapshotError
from cortical_tools.local import Fault, Faults, LocalService, serve

VERSION = "/info/version"


def test_the_service_is_its_own_address(service):
    assert isinstance(service, str)
    assert type(service.url) is str
    assert service.url == service
    assert service.datastack == "local_world"
    assert requests.get(service.url + VERSION, headers=_token(), timeout=9).json() == "4.6.1"


def _token(token="abc123"):
    return {"Authorization": f"Bearer {token}"}


def test_only_loopback_is_served(small_world):
    with (
        pytest.raises(ServiceError, match=r"this machine alone.*0\.0\.0\.0"),
        serve(small_world, host="0.0.0.0"),
    ):
        pass


def test_a_port_that_is_taken_is_named(service, small_world):
    port = int(service.rsplit(":", 1)[1])
    with pytest.raises(ServiceError, match=str(port)), serve(small_world, port=port):
        pass


def test_a_folder_that_is_no_snapshot_is_refused(tmp_path):
    with pytest.raises(SnapshotError, match="not a snapshot folder"), serve(tmp_path):
        pass


def test_after_the_block_nobody_answers_and_no_thread_is_left(small_world):
    before = threading.active_count()
    with serve(small_world) as url:
        assert requests.get(url + VERSION, timeout=9).ok
    with pytest.raises(requests.ConnectionError):
        requests.get(url + VERSION, timeout=9)
    assert threading.active_count() == before


def test_an_error_in_the_block_passes_and_stops_the_service(small_world):
    with pytest.raises(RuntimeError, match="mine"), serve(small_world) as url:
        raise RuntimeError("mine")
    with pytest.raises(requests.ConnectionError):
        requests.get(url + VERSION, timeout=9)


@pytest.mark.parametrize("headers", [{}, _token("abc124")], ids=["none", "another"])
def test_without_the_token_nothing_is_said(service, headers):
    answer = requests.get(service.url + VERSION, headers=headers, timeout=9)
    assert answer.status_code == 401


def test_without_a_token_to_bring_all_may_ask(small_world):
    with serve(small_world) as url:
        assert requests.get(url + VERSION, timeout=9).ok


def test_two_services_run_side_by_side(service, small_world):
    with serve(small_world) as other:
        assert other != service
        assert requests.get(other + VERSION, timeout=9).ok
        assert requests.get(service + VERSION, headers=_token(), timeout=9).ok


def test_what_nobody_answers_is_not_found(ask):
    assert ask("GET", "/segmentation/api/v1/none").status_code == 404
    assert ask("DELETE", VERSION).status_code == 405


def test_the_log_has_every_request_as_it_came(ask, service):
    ask("GET", VERSION + "?a=1")
    ask("POST", "/nglstate/api/v1/post", data="[1]")
    first, second = service.log
    assert (first.method, first.path, first.query, first.status) == ("GET", VERSION, "a=1", 200)
    assert first.headers["authorization"] == "Bearer abc123"
    assert second.body == b"[1]"
    assert second.seconds >= 0


def test_a_fault_answers_instead_so_many_times(ask, service):
    service.faults.add("/info/*", status=503, message="down", times=2)
    answers = [ask("GET", VERSION) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [503, 503, 200]
    assert answers[0].json()["message"] == "down"
    assert ask("GET", "/schema/versions").status_code == 200


def test_a_fault_has_the_headers_it_is_given(ask, service):
    service.faults.add("*", status=429, headers={"Retry-After": "1"}, times=1)
    assert ask("GET", VERSION).headers["Retry-After"] == "1"


def test_a_fault_can_be_for_one_method(ask, service):
    service.faults.add("*", method="POST", status=500)
    assert ask("GET", VERSION).ok
    assert ask("POST", "/nglstate/api/v1/post", data="[1]").status_code == 500


def test_delays_pass_side_by_side(ask, service):
    service.faults.add("*", delay=0.2)
    start = time.perf_counter()
    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(lambda _: ask("GET", VERSION).status_code, range(8)))
    elapsed = time.perf_counter() - start
    assert statuses == [200] * 8
    assert min(request.seconds for request in service.log) >= 0.2
    # One after the other, all of them could not take less than their sum.
    assert elapsed < sum(request.seconds for request in service.log)


def test_a_cut_breaks_the_connection_in_the_middle(ask, service):
    cut = service.faults.add("/schema/*", cut=True)
    with pytest.raises(requests.RequestException):
        ask("GET", "/schema/api/v2/types_all")
    service.faults.remove(cut)
    assert ask("GET", "/schema/api/v2/types_all").ok


def test_faults_can_be_known_beforehand(small_world):
    faults = Faults()
    faults.add("*", status=418)
    with serve(small_world, faults=faults) as url:
        assert requests.get(url + VERSION, timeout=9).status_code == 418
        assert [type(fault) for fault in url.faults] == [Fault]
        url.faults.clear()
        assert requests.get(url + VERSION, timeout=9).ok


def test_a_row_cap_is_at_least_one(small_world):
    with pytest.raises(ServiceError, match="row_cap"), serve(small_world, row_cap=0):
        pass


def test_serving_needs_neither_ossify_nor_caveclient(small_world):
    text = (
        "import sys, urllib.request\n"
        "sys.modules['ossify'] = sys.modules['caveclient'] = None\n"
        "from cortical_tools.local import serve\n"
        f"with serve({str(small_world)!r}) as url:\n"
        "    print(urllib.request.urlopen(url + '/info/version').read().decode())\n"
    )
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=False)
    assert done.stdout == '"4.6.1"\n', done.stderr


def test_importing_the_service_loads_no_web_server():
    text = (
        "import sys, cortical_tools.local\n"
        "print(sorted({'starlette', 'uvicorn', 'ossify', 'scipy'} & set(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_a_service_is_text_wherever_text_is_wanted(service):
    assert isinstance(service, LocalService)
    assert f"{service}/x".startswith("http://127.0.0.1:")
