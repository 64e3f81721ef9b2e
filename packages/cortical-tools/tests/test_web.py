"""Requests with a deadline, further attempts, and errors that explain; over real HTTP."""

import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from cortical_tools.web import Patience, make_patient

requests = pytest.importorskip("requests")
QUICK = Patience(backoff=0.01, read_timeout=0.3, connect_timeout=1.0)


class Scripted:
    """A server that answers its requests one after the other as the script says.

    A line of the script is a status and headers, or "cut" or "hang". The last one is repeated.
    """

    def __init__(self) -> None:
        self.script: list[object] = [200]
        self.asked: list[tuple[str, float]] = []
        scripted = self

        class Handler(BaseHTTPRequestHandler):
            wbufsize = 65536

            def answer(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                scripted.asked.append((self.path, time.monotonic()))
                number = min(len(scripted.asked), len(scripted.script)) - 1
                line = scripted.script[number]
                if line == "hang":
                    time.sleep(0.6)
                    return
                if line == "cut":
                    self.send_response(200)
                    self.send_header("Content-Length", "1000")
                    self.end_headers()
                    self.wfile.write(b"half an answer")
                    self.wfile.flush()
                    self.connection.close()
                    return
                status, headers = line if isinstance(line, tuple) else (line, {})
                headers = dict(headers)
                body = headers.pop("body", "done").encode()
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_GET = do_POST = answer

            def log_message(self, *arguments: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"


@pytest.fixture
def server() -> Iterator[Scripted]:
    scripted = Scripted()
    thread = threading.Thread(target=scripted.server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield scripted
    scripted.server.shutdown()
    thread.join()
    scripted.server.server_close()


@pytest.fixture
def patient() -> Iterator["requests.Session"]:
    with requests.Session() as session:
        make_patient(session, QUICK, repeatable=True)
        yield session


@pytest.fixture
def once() -> Iterator["requests.Session"]:
    with requests.Session() as session:
        make_patient(session, QUICK, repeatable=False)
        yield session


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_a_server_that_is_busy_is_asked_again(server, patient, status):
    server.script = [status, status, 200]
    assert patient.post(server.url).text == "done"
    assert len(server.asked) == 3


def test_the_pause_that_a_server_asks_for_is_kept(server, patient):
    server.script = [(429, {"Retry-After": "1"}), 200]
    assert patient.get(server.url).status_code == 200
    (_, first), (_, second) = server.asked
    assert second - first >= 1.0


def test_a_date_until_which_a_server_wants_to_be_left_alone_is_kept(server, patient):
    until = format_datetime(datetime.now(UTC) + timedelta(seconds=2), usegmt=True)
    server.script = [(503, {"Retry-After": until}), 200]
    assert patient.get(server.url).status_code == 200
    (_, first), (_, second) = server.asked
    # The date has whole seconds.
    assert second - first >= 0.9


def test_a_server_that_asks_for_an_hour_is_not_waited_for(server, patient):
    server.script = [(429, {"Retry-After": "3600", "body": "too many"})]
    with pytest.raises(ConnectionError, match=r"429 to GET .*wait for 3600 s: too many"):
        patient.get(server.url)
    assert len(server.asked) == 1


def test_a_server_that_stays_busy_is_given_up(server, patient):
    server.script = [503]
    with pytest.raises(ConnectionError, match=r"answered 503 to GET .* Try again later"):
        patient.get(server.url)
    assert len(server.asked) == QUICK.attempts


def test_an_answer_that_breaks_off_is_asked_for_again(server, patient):
    server.script = ["cut", 200]
    assert patient.get(server.url).text == "done"


def test_an_answer_that_always_breaks_off_is_an_error(server, patient):
    server.script = ["cut"]
    with pytest.raises(ConnectionError, match="cannot be reached"):
        patient.get(server.url)


def test_what_creates_something_is_sent_once(server, once):
    server.script = ["cut", 200]
    with pytest.raises(ConnectionError):
        once.post(server.url)
    server.script = [503, 503, 503]
    with pytest.raises(ConnectionError, match="503"):
        once.post(server.url)
    assert len(server.asked) == 2


def test_what_creates_something_is_sent_again_where_it_was_turned_away(server, once):
    server.script = [429, 200]
    assert once.post(server.url).text == "done"


def test_a_server_that_hangs_is_given_up_in_time(server, patient):
    server.script = ["hang"]
    with pytest.raises(TimeoutError, match=r"did not answer within 0.3 s \(GET .*read_timeout"):
        patient.get(server.url)
    assert len(server.asked) == 1


def test_nobody_there_is_said_with_the_address(patient):
    with pytest.raises(ConnectionError, match=r"http://127.0.0.1:9 cannot be reached \(GET"):
        patient.get("http://127.0.0.1:9/info")


def test_a_missing_token_is_told_from_a_refused_one(server, patient):
    server.script = [(401, {"body": "unauthorized"})]
    with pytest.raises(PermissionError, match=r"wants a token and none is set up.*setup_token"):
        patient.get(server.url)
    patient.headers["Authorization"] = "Bearer abc123"
    with pytest.raises(PermissionError, match=r"does not accept the token .*unauthorized") as said:
        patient.get(server.url)
    assert "abc123" not in str(said.value)


def test_a_login_page_is_no_answer(server, patient):
    server.script = [(302, {"Location": "https://accounts.example.org/login"})]
    with pytest.raises(PermissionError, match="wants a token"):
        patient.get(server.url)
    assert len(server.asked) == 1


def test_terms_of_service_are_named_and_no_browser_is_opened(server, patient, monkeypatch):
    monkeypatch.setattr("webbrowser.open", lambda url: pytest.fail(f"opened {url}"))
    body = '{"error": "missing_tos", "data": {"tos_form_url": "https://x.example/tos"}}'
    server.script = [(403, {"Content-Type": "application/json", "body": body})]
    with pytest.raises(PermissionError, match=r"terms of service .*https://x.example/tos"):
        patient.get(server.url)


def test_a_user_who_may_not_is_told(server, patient):
    server.script = [(403, {"body": "missing permission"})]
    with pytest.raises(PermissionError, match=r"does not let this user see .*missing permission"):
        patient.get(server.url)


def test_other_answers_are_left_to_who_asked(server, patient):
    for status in (404, 400, 500):
        server.script, server.asked = [status], []
        assert patient.get(server.url).status_code == status
        assert len(server.asked) == 1


def test_making_a_session_patient_twice_changes_nothing(patient):
    ask = patient.request
    make_patient(patient, Patience(), repeatable=False)
    assert patient.request is ask
