"""Cells in buckets, in memory and on web servers, over real connections on this machine."""

import gzip
import io
import itertools
import json
import pickle
import re
import threading
import tracemalloc
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import quote

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import ossify
from ossify import Cell, CellFiles, load_cell, save_cell
from ossify.errors import CellsNotLoadedError, OsyFormatError, SourceChangedError
from ossify.io import storage
from ossify.io.storage import gcs as gcs_store
from ossify.io.storage import s3_upload, sources
from ossify.io.storage import web as web_store
from ossify.testing import assert_cells_equal

BUCKETS = ["s3", "gs", "mem"]


@pytest.fixture(scope="module")
def cell():
    # Large enough that its file is read in several ranges.
    return ossify.example_cell(2000, seed=1)


@pytest.fixture(scope="module")
def content(cell):
    file = io.BytesIO()
    save_cell(cell, file)
    assert len(file.getvalue()) > 3 * sources.FIRST
    return file.getvalue()


@pytest.fixture
def bucket(request, mem):
    """The address of an empty bucket of a scheme."""
    if request.param != "mem":
        request.getfixturevalue({"s3": "s3", "gs": "gcs"}[request.param])("my-bucket")
    return f"{request.param}://my-bucket"


@pytest.fixture
def hurried(monkeypatch):
    monkeypatch.setattr(sources, "_WAITS", (0.0, 0.0, 0.0))


in_buckets = pytest.mark.parametrize("bucket", BUCKETS, indirect=True)


# Buckets


@in_buckets
def test_a_cell_saved_in_a_bucket_is_the_cell_that_is_loaded(cell, bucket):
    save_cell(cell, f"{bucket}/cells/neuron 001.osy")
    assert_cells_equal(load_cell(f"{bucket}/cells/neuron 001.osy"), cell)
    assert ossify.io.osy.describe_file(f"{bucket}/cells/neuron 001.osy").name == cell.name


@in_buckets
def test_what_is_not_in_a_bucket_is_named(bucket):
    with pytest.raises(FileNotFoundError, match=f"{bucket}/cells/none.osy"):
        load_cell(f"{bucket}/cells/none.osy")
    with pytest.raises(FileNotFoundError, match=r"://elsewhere/none\.osy"):
        load_cell(f"{bucket.partition('://')[0]}://elsewhere/none.osy")
    with pytest.raises(FileNotFoundError):
        load_cell(f"{bucket}/")


@in_buckets
def test_nothing_in_a_bucket_is_overwritten_unasked(cell, bucket):
    address = f"{bucket}/a.osy"
    save_cell(Cell("old"), address)
    with pytest.raises(FileExistsError, match=f"{address}.*allow_overwrite=True"):
        save_cell(cell, address)
    assert load_cell(address).name == "old"
    save_cell(cell, address, allow_overwrite=True)
    assert_cells_equal(load_cell(address), cell)


@pytest.mark.parametrize("bucket", ["s3"], indirect=True)
def test_w47_of_two_that_save_a_new_file_the_later_is_refused(bucket, monkeypatch):
    # Both have found the place free before either has written.
    monkeypatch.setattr(storage.Store, "check_free", lambda *_: None)
    save_cell(Cell("first"), f"{bucket}/a.osy")
    with pytest.raises(FileExistsError):
        save_cell(Cell("second"), f"{bucket}/a.osy")
    assert load_cell(f"{bucket}/a.osy").name == "first"


@in_buckets
def test_w47_a_save_that_fails_leaves_the_old_object_whole(bucket):
    cell = Cell("old").add_skeleton([[0, 0, 0]], [])
    save_cell(cell, f"{bucket}/a.osy")
    cell.skeleton.add_feature([1j], "phase")
    with pytest.raises(TypeError, match="phase"):
        save_cell(cell, f"{bucket}/a.osy", allow_overwrite=True)
    assert load_cell(f"{bucket}/a.osy").skeleton.feature_names == []
    assert CellFiles(bucket).list() == ["a.osy"]


@in_buckets
def test_a_folder_is_no_place_for_a_file(cell, bucket):
    with pytest.raises(IsADirectoryError, match="give the name of a file"):
        save_cell(cell, f"{bucket}/cells/")


@pytest.mark.parametrize("bucket", ["s3"], indirect=True)
def test_an_object_that_changes_between_two_ranges_is_refused(cell, bucket):
    save_cell(cell, f"{bucket}/a.osy")
    opened = ossify.open_cell(f"{bucket}/a.osy")
    save_cell(ossify.example_cell(2000, seed=2), f"{bucket}/a.osy", allow_overwrite=True)
    with pytest.raises(SourceChangedError, match=f"{bucket}/a.osy was changed"):
        opened.graph.vertices  # noqa: B018


@pytest.mark.parametrize("bucket", ["s3", "gs"], indirect=True)
def test_an_object_that_is_deleted_between_two_ranges_is_refused(cell, bucket):
    save_cell(cell, f"{bucket}/a.osy")
    opened = ossify.open_cell(f"{bucket}/a.osy")
    CellFiles(bucket).delete("a.osy")
    with pytest.raises(SourceChangedError):
        opened.graph.vertices  # noqa: B018


@pytest.mark.parametrize("bucket", ["s3", "gs"], indirect=True)
def test_an_empty_object_is_no_cell(bucket):
    storage.store_at(storage.address_of(f"{bucket}/a")).put("a.osy", b"", False)
    with pytest.raises(OsyFormatError, match="is empty"):
        load_cell(f"{bucket}/a.osy")


# The emulator heeds neither generations nor conditions, so these two are asked of a server of ours.


def test_all_ranges_of_a_google_object_are_of_one_generation(cell, content, web, google_at):
    google_at(web.address)
    looked_at = "/storage/v1/b/b/o/a.osy?projection=noAcl&prettyPrint=false"
    seventh = "/download/storage/v1/b/b/o/a.osy?alt=media&generation=7"
    web.files[looked_at] = json.dumps({"size": str(len(content)), "generation": "7"}).encode()
    web.files[seventh] = content
    assert_cells_equal(load_cell("gs://b/a.osy"), cell)
    # Replaced, it has another generation, and the seventh is gone.
    web.faults = [None, None, lambda: web.files.pop(seventh)]
    with pytest.raises(SourceChangedError, match=r"gs://b/a\.osy"):
        load_cell("gs://b/a.osy")


def test_a_new_google_object_is_written_only_where_there_is_none(cell, web, google_at, monkeypatch):
    google_at(web.address)
    monkeypatch.setattr(storage.Store, "check_free", lambda *_: None)
    with pytest.raises(FileExistsError, match=r"gs://b/a\.osy"):
        save_cell(cell, "gs://b/a.osy")
    assert any("ifGenerationMatch=0" in path for path in web.paths)
    web.paths.clear()
    with pytest.raises(OSError, match="412"):
        save_cell(cell, "gs://b/a.osy", allow_overwrite=True)
    assert not any("ifGenerationMatch" in path for path in web.paths)


def test_a_google_object_whose_answer_was_lost_is_not_held_against_us(cell, web, google_at):
    google_at(web.address)

    def written():
        token = re.search(rb'"ossify-upload": "(\w+)"', web.posted[-1])[1].decode()
        return json.dumps({"size": "1", "metadata": {"ossify-upload": token}}).encode()

    # The look beforehand finds nothing; what is posted is refused, as our own is there by then.
    looked_at = "/storage/v1/b/b/o/a.osy?projection=noAcl&prettyPrint=false"
    web.files[looked_at] = written
    storage.store_at(storage.address_of("gs://b/a.osy")).put("a.osy", b"content", False)
    web.files[looked_at] = json.dumps({"metadata": {"ossify-upload": "another"}}).encode()
    with pytest.raises(FileExistsError):
        storage.store_at(storage.address_of("gs://b/a.osy")).put("a.osy", b"content", False)


def test_a_large_google_object_is_sent_in_parts(cell, content, gcs, monkeypatch):
    from google.cloud.storage import blob

    gcs("my-bucket")
    monkeypatch.setattr(blob, "_MAX_MULTIPART_SIZE", 2**10)
    save_cell(cell, "gs://my-bucket/a.osy")
    assert_cells_equal(load_cell("gs://my-bucket/a.osy"), cell)


# Uploads to S3


@pytest.fixture
def bytes_in_parts(monkeypatch):
    """Content that is uploaded in three parts, of the least size that S3 takes."""
    monkeypatch.setattr(s3_upload, "_MOST_AT_ONCE", 2**20)
    monkeypatch.setattr(s3_upload, "_PART", 5 * 2**20)
    return np.random.default_rng(0).bytes(11 * 2**20)


def put(content, allow_overwrite=False):
    storage.store_at(storage.address_of("s3://large/a")).put("a", content, allow_overwrite)


def held(client):
    return client.get_object(Bucket="large", Key="a")["Body"].read()


def test_what_is_large_is_uploaded_in_parts(s3, between, bytes_in_parts):
    client = s3("large")
    put(bytes_in_parts)
    assert held(client) == bytes_in_parts
    assert sum("partNumber" in request for request in between.asked) == 3


def test_an_upload_in_parts_overwrites_only_if_asked_to(s3, bytes_in_parts):
    client = s3("large")
    put(b"first")
    with pytest.raises(FileExistsError, match="s3://large/a exists already"):
        put(bytes_in_parts)
    assert held(client) == b"first"
    # Nothing is left of the attempt.
    assert not client.list_multipart_uploads(Bucket="large").get("Uploads")
    put(bytes_in_parts, allow_overwrite=True)
    assert held(client) == bytes_in_parts


def test_an_upload_in_parts_that_fails_leaves_nothing(s3, between, bytes_in_parts):
    client = s3("large")
    # One part is lost as often as it is sent.
    between.lost = ["PUT /large/a?partNumber=2"] * 9
    with pytest.raises(ConnectionError, match="s3://large/a"):
        put(bytes_in_parts)
    assert "Contents" not in client.list_objects_v2(Bucket="large")
    assert not client.list_multipart_uploads(Bucket="large").get("Uploads")


@pytest.mark.parametrize("allow_overwrite", [False, True])
def test_an_upload_whose_answer_was_lost_is_not_held_against_us(s3, between, allow_overwrite):
    client = s3("large")
    between.lost = ["PUT /large/a"]
    put(b"content", allow_overwrite)
    assert not between.lost
    assert held(client) == b"content"
    with pytest.raises(FileExistsError):
        put(b"content")


@pytest.mark.parametrize("allow_overwrite", [False, True])
def test_an_upload_in_parts_whose_answer_was_lost_is_not_held_against_us(
    s3, between, bytes_in_parts, allow_overwrite
):
    client = s3("large")
    between.lost = ["POST /large/a?uploadId"]
    put(bytes_in_parts, allow_overwrite)
    assert not between.lost
    assert held(client) == bytes_in_parts


class _NoConditions(BaseHTTPRequestHandler):
    """A store that has objects, and refuses conditions as some do that speak S3."""

    def log_message(self, *args):
        pass

    def do_PUT(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        refused = "If-None-Match" in self.headers
        if not refused:
            self.server.objects[self.path] = body
        self.send_response(501 if refused else 200)
        self.end_headers()
        if refused:
            self.wfile.write(b"<Error><Code>NotImplemented</Code></Error>")

    def do_HEAD(self):
        self.send_response(200 if self.path in self.server.objects else 404)
        self.end_headers()


def test_a_store_that_knows_no_conditions_is_looked_at_beforehand(s3, monkeypatch):
    server = ThreadingHTTPServer(("127.0.0.1", 0), _NoConditions)
    server.objects = {}
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.server_address[1]}")
    put(b"first")
    assert server.objects == {"/large/a": b"first"}
    with pytest.raises(FileExistsError, match="s3://large/a exists already"):
        put(b"second")
    assert server.objects == {"/large/a": b"first"}
    server.shutdown()
    server.server_close()


def test_memory_is_that_of_cloud_files(cell, content, mem):
    from cloudfiles import CloudFiles

    CloudFiles("mem://test-storage/").put("a.osy", content)
    assert_cells_equal(load_cell("mem://test-storage/a.osy"), cell)


# Access


def test_s3_credentials_without_a_session_token_are_used(cell, s3, monkeypatch):
    s3("my-bucket")
    monkeypatch.delenv("AWS_SESSION_TOKEN", raising=False)
    save_cell(cell, "s3://my-bucket/a.osy")
    assert storage.store_at(storage.address_of("s3://my-bucket/a")).signed is not None


@pytest.fixture
def s3_of(web, s3, monkeypatch):
    """A server that speaks enough of S3 to be read from, and errs as it is told."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", web.address)
    return web


@pytest.fixture
def secrets(monkeypatch, tmp_path):
    """The folder in which cloud-files looks for secret files."""
    for name in ("CLOUD_VOLUME_SECRETS_DIR", "CLOUD_FILES_SECRETS_DIR"):
        monkeypatch.setattr(f"cloudfiles.secrets.{name}", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize("name", ["aws-secret.json", "from-file-aws-secret.json"])
def test_secret_files_of_cloud_files_are_used_for_s3(cell, content, s3_of, secrets, name):
    secret = {
        "AWS_ACCESS_KEY_ID": "KEYINFILE",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_DEFAULT_REGION": "eu-west-1",
    }
    (secrets / name).write_text(json.dumps(secret))
    s3_of.files["/from-file/a.osy"] = content
    assert_cells_equal(load_cell("s3://from-file/a.osy"), cell)
    assert all(
        re.search("Credential=KEYINFILE/[0-9]+/eu-west-1/", each) for each in s3_of.authorized
    )


def test_a_public_bucket_is_read_without_credentials(cell, content, s3_of, monkeypatch):
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    s3_of.only_anonymous = True
    s3_of.files["/public/a.osy"] = content
    assert_cells_equal(load_cell("s3://public/a.osy"), cell)


def test_a_public_bucket_is_read_where_the_credentials_are_of_another(cell, content, s3_of):
    s3_of.only_anonymous = True
    s3_of.files["/public/a.osy"] = content
    assert_cells_equal(load_cell("s3://public/a.osy"), cell)


def test_with_use_https_credentials_are_never_shown(cell, content, s3_of):
    s3_of.only_anonymous = True
    s3_of.files["/public/a.osy"] = content
    files = CellFiles("s3://public", use_https=True)
    assert_cells_equal(files.load("a.osy"), cell)
    assert (files.saveable, files.remote) == (True, True)
    n_parts = len(s3_of.asked)
    assert_cells_equal(CellFiles("s3://public").load("a.osy"), cell)
    # Credentials that were refused once are not shown again.
    assert len(s3_of.asked) == 2 * n_parts + 1


def test_a_bucket_that_is_public_in_part_is_read_whole(cell, content, s3_of):
    s3_of.files |= {"/b/public.osy": content, "/b/private.osy": content}
    store = storage.store_at(storage.address_of("s3://b/any"))

    def read(key):
        return bytes(store.open(key).read_at(0, 10))

    s3_of.only_anonymous = True
    assert read("public.osy") == content[:10]
    s3_of.only_anonymous, s3_of.only_signed = False, True
    assert read("private.osy") == content[:10]
    s3_of.only_anonymous = True
    with pytest.raises(PermissionError):
        read("public.osy")


def test_without_credentials_at_hand_google_is_asked_as_anyone_first(
    cell, content, web, google_at, monkeypatch, tmp_path, secrets
):
    import google.auth

    google_at(web.address)
    # Not an emulator, as far as our code can tell; the library has taken its address by then.
    address = storage.address_of("gs://b/a.osy")
    store = storage.store_at(address)
    assert store.public is not None
    monkeypatch.delenv("STORAGE_EMULATOR_HOST")
    monkeypatch.setenv("CLOUDSDK_CONFIG", str(tmp_path))
    looked_for = []
    monkeypatch.setattr(google.auth, "default", lambda: looked_for.append(1))
    looked_at = "/storage/v1/b/b/o/a.osy?projection=noAcl&prettyPrint=false"
    web.files[looked_at] = json.dumps({"size": str(len(content)), "generation": "7"}).encode()
    web.files["/download/storage/v1/b/b/o/a.osy?alt=media&generation=7"] = content
    assert bytes(store.open("a.osy").read_at(0, len(content))) == content
    assert looked_for == []


def test_denied_access_says_what_to_check(s3_of):
    s3_of.files["/private/a.osy"] = b"content"
    s3_of.faults = [403] * 4
    with pytest.raises(PermissionError, match=r"s3://private/a.osy.*AWS_ACCESS_KEY_ID"):
        load_cell("s3://private/a.osy")


def test_half_of_the_credentials_are_none(s3_of, monkeypatch):
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    for attempt in (load_cell, lambda address: save_cell(Cell("y"), address)):
        with pytest.raises(PermissionError, match=r"s3://b/a\.osy.*AWS_SECRET_ACCESS_KEY"):
            attempt("s3://b/a.osy")
    assert s3_of.asked == []


@pytest.fixture
def out_of_order(s3_of, monkeypatch, tmp_path):
    """Leaves credentials for S3 that cannot be had, of a kind."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))

    def leave(config, profile=None):
        (tmp_path / "config").write_text(config)
        if profile is not None:
            monkeypatch.setenv("AWS_PROFILE", profile)

    return leave


@pytest.mark.parametrize(
    ("config", "profile", "reason"),
    [
        ("", "gone", "profile .gone. could not be found"),
        ("[default\n", None, "Unable to parse config file"),
        ("[default]\ncredential_process = false\n", None, "custom-process"),
        (
            "[default]\nsso_session = a\nsso_account_id = 1\nsso_role_name = b\n"
            "[sso-session a]\nsso_region = us-east-1\nsso_start_url = http://127.0.0.1:9\n",
            None,
            "SSO Token",
        ),
    ],
)
def test_credentials_that_cannot_be_had_do_not_stand_before_what_is_public(
    cell, content, s3_of, out_of_order, config, profile, reason
):
    out_of_order(config, profile)
    s3_of.files["/b/a.osy"] = content
    assert_cells_equal(load_cell("s3://b/a.osy"), cell)
    with pytest.raises(PermissionError, match=rf"s3://b/new\.osy.*{reason}"):
        storage.store_at(storage.address_of("s3://b/new.osy")).put("new.osy", b"", True)
    s3_of.faults = [403] * 4
    with pytest.raises(PermissionError, match=rf"s3://b/a\.osy.*{reason}"):
        load_cell("s3://b/a.osy")


def test_google_credentials_that_are_not_there_are_named(
    cell, web, google_at, monkeypatch, tmp_path
):
    google_at(web.address)
    store = storage.store_at(storage.address_of("gs://b/a.osy"))
    assert store.public is not None
    monkeypatch.delenv("STORAGE_EMULATOR_HOST")
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "gone.json"))
    with pytest.raises(PermissionError, match=r"gs://b/a\.osy.*gone\.json"):
        store.put("a.osy", b"", True)
    assert web.posted == []


def test_denied_access_to_google_says_what_to_check(web, google_at):
    google_at(web.address)
    web.files["/storage/v1/b/private/o/a.osy?projection=noAcl&prettyPrint=false"] = b""
    web.faults = [403]
    with pytest.raises(
        PermissionError, match=r"gs://private/a\.osy.*GOOGLE_APPLICATION_CREDENTIALS"
    ):
        load_cell("gs://private/a.osy")


@pytest.mark.parametrize("fault", ["cut", "short", "long", "shifted", "whole", 503])
def test_answers_of_s3_that_are_not_what_was_asked_for_are_not_taken(
    cell, content, s3_of, hurried, fault
):
    s3_of.files["/b/a.osy"] = content
    s3_of.faults = [None, fault]
    assert_cells_equal(load_cell("s3://b/a.osy"), cell)
    assert not s3_of.faults


@pytest.mark.parametrize("scheme", ["s3", "gs", "http"])
def test_a_server_that_is_not_there_is_named(scheme, hurried, google_at, monkeypatch):
    nobody = "http://127.0.0.1:9"
    monkeypatch.setenv("AWS_ENDPOINT_URL", nobody)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    google_at(nobody)
    monkeypatch.setattr(gcs_store, "_PATIENCE", 0.01)
    address = f"{nobody}/a.osy" if scheme == "http" else f"{scheme}://bucket/a.osy"
    with pytest.raises(ConnectionError, match=address):
        load_cell(address)
    if scheme != "http":
        with pytest.raises(ConnectionError, match=address):
            save_cell(Cell("y"), address)


# Web servers


def test_a_cell_is_loaded_from_a_web_server(cell, content, web):
    web.files["/data/neuron.osy"] = content
    assert_cells_equal(load_cell(f"{web.address}/data/neuron.osy"), cell)
    assert len(web.asked) > 1
    assert sum(web.sent) == len(content)


@pytest.fixture
def in_parts(monkeypatch):
    """Parts so small that the cell is fetched in many."""
    monkeypatch.setattr(sources, "_PART", 2**15)


@pytest.mark.parametrize("bucket", ["s3", "gs"], indirect=True)
def test_a_large_file_in_a_bucket_is_fetched_in_parts(cell, bucket, in_parts):
    save_cell(cell, f"{bucket}/a.osy")
    assert_cells_equal(load_cell(f"{bucket}/a.osy"), cell)


def test_parts_of_a_large_file_are_fetched_side_by_side_and_not_too_many_at_once(
    cell, content, web, in_parts
):
    web.files["/a.osy"] = content
    lock, now, most = threading.Lock(), [0], [0]
    together = threading.Barrier(2, timeout=20)

    def asked():
        with lock:
            now[0] += 1
            most[0] = max(most[0], now[0])
        # One alone would wait in vain.
        together.wait()
        with lock:
            now[0] -= 1

    n_parts = -(-(len(content) - sources.FIRST) // 2**15)
    web.faults = [None] + [asked] * (n_parts - n_parts % 2)
    assert_cells_equal(load_cell(f"{web.address}/a.osy"), cell)
    assert not together.broken
    assert 2 <= most[0] <= 4
    assert sum(web.sent) == len(content)


def test_parts_are_never_of_two_contents(content, web, in_parts):
    other = io.BytesIO()
    save_cell(ossify.example_cell(2000, seed=2), other)
    web.files["/a.osy"] = content
    web.faults = [None, None, lambda: web.files.update({"/a.osy": other.getvalue()})]
    with pytest.raises(SourceChangedError):
        load_cell(f"{web.address}/a.osy")


@pytest.mark.parametrize("fault", ["cut", "short", "shifted", "whole", 503])
def test_a_part_that_is_not_what_was_asked_for_is_asked_for_again(
    cell, content, web, hurried, in_parts, fault
):
    web.files["/a.osy"] = content
    web.faults = [None, None, fault]
    assert_cells_equal(load_cell(f"{web.address}/a.osy"), cell)
    assert not web.faults


@given(data=st.data())
def test_ranges_are_what_the_file_has_there(data):
    content = bytes(range(256)) * 3
    held = _Held(content)
    ends = st.integers(0, len(content) + 9)
    ranges = data.draw(st.lists(st.tuples(ends, st.integers(0, 300)), max_size=6))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sources, "FIRST", 50)
        patch.setattr(sources, "_PART", 70)
        patch.setattr(sources, "_NEAR", 5)
        source = sources.RemoteSource(held)
        found = source.read_many(ranges)
    assert [bytes(each) for each in found] == [content[o : o + size] for o, size in ranges]
    assert all(size <= 70 for _, size in held.asked)
    # Nothing is fetched twice.
    places = sorted(held.asked)
    assert all(a + size <= b for (a, size), (b, _) in itertools.pairwise(places))


class _Held:
    """A remote file of known content, that notes what is asked of it."""

    label = "held"

    def __init__(self, content):
        self.content = content
        self.asked = []

    def first(self, size):
        return sources.Answer(self.content[:size], len(self.content), "1")

    def range(self, offset, size, start):
        self.asked.append((offset, size))
        return self.content[offset : offset + size]


def test_a_server_without_ranges_sends_the_whole_file_once(cell, content, web):
    web.ranges = False
    web.files["/a.osy"] = content
    assert_cells_equal(load_cell(f"{web.address}/a.osy"), cell)
    assert web.sent == [len(content)]


@pytest.mark.parametrize("fault", ["cut", "short", "long", "shifted", "whole", 503, 429])
@pytest.mark.parametrize("request_number", [0, 1])
def test_answers_that_are_not_what_was_asked_for_are_asked_for_again(
    cell, content, web, hurried, fault, request_number
):
    web.files["/a.osy"] = content
    web.faults = [None] * request_number + [fault]
    assert_cells_equal(load_cell(f"{web.address}/a.osy"), cell)
    assert not web.faults


@pytest.mark.parametrize("fault", ["cut", "short", "long", "shifted", 500])
def test_a_server_that_keeps_erring_is_given_up(content, web, hurried, fault):
    web.files["/a.osy"] = content
    web.faults = [None] + [fault] * 20
    with pytest.raises(ConnectionError, match=f"{web.address}/a.osy.*4 times in a row"):
        load_cell(f"{web.address}/a.osy")
    assert len(web.asked) == 5


@pytest.mark.parametrize("etag", ["strong", "weak", "none"])
def test_a_file_that_changes_between_two_ranges_is_refused(content, web, etag):
    other = io.BytesIO()
    save_cell(ossify.example_cell(2100, seed=2), other)
    assert len(other.getvalue()) != len(content)
    web.etag = {
        "strong": lambda content: f'"{hash(content):x}"',
        "weak": lambda content: f'W/"{hash(content):x}"',
        "none": None,
    }[etag]
    web.files["/a.osy"] = content
    web.faults = [None, lambda: web.files.update({"/a.osy": other.getvalue()})]
    with pytest.raises(SourceChangedError, match="was changed or deleted while it was read"):
        load_cell(f"{web.address}/a.osy")


def test_a_change_that_no_header_tells_is_found_by_the_checksums(content, web):
    other = bytearray(content)
    other[sources.FIRST :] = bytes(len(content) - sources.FIRST)
    web.etag = None
    web.files["/a.osy"] = content
    web.faults = [None, lambda: web.files.update({"/a.osy": bytes(other)})]
    with pytest.raises(OsyFormatError, match="is damaged"):
        load_cell(f"{web.address}/a.osy")


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (404, FileNotFoundError),
        (410, FileNotFoundError),
        (401, PermissionError),
        (403, PermissionError),
        (418, OSError),
    ],
)
def test_refusals_of_a_web_server_are_what_they_are_elsewhere(content, web, status, error):
    web.files["/a.osy"] = content
    web.faults = [status]
    with pytest.raises(error, match=rf"{web.address}/a.osy.*HTTP {status}"):
        load_cell(f"{web.address}/a.osy")
    assert len(web.asked) == 1


def test_a_server_without_ranges_and_without_end_is_left(web, monkeypatch):
    monkeypatch.setattr(web_store, "_MOST_WITHOUT_RANGES", 10_000)
    monkeypatch.setattr(web_store, "_PIECE", 3_000)
    web.ranges = False
    web.files |= {"/large.osy": b"x" * 10_001, "/small.osy": b"x" * 10_000}
    with pytest.raises(OSError, match=r"large\.osy: the server sends no parts .* 10,000 bytes"):
        load_cell(f"{web.address}/large.osy")
    with pytest.raises(OsyFormatError, match=r"is not an \.osy file"):
        load_cell(f"{web.address}/small.osy")


def test_room_is_made_for_what_comes_not_for_what_might(cell, content):
    class Unmeasured(BaseHTTPRequestHandler):
        def log_message(self, *args):
            pass

        def do_GET(self):
            # Neither parts nor a length: the end is where the connection is closed.
            self.send_response(200)
            self.end_headers()
            self.wfile.write(content)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Unmeasured)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    tracemalloc.start()
    try:
        loaded = load_cell(f"http://127.0.0.1:{server.server_address[1]}/a.osy")
        assert tracemalloc.get_traced_memory()[1] < 100e6
    finally:
        tracemalloc.stop()
        server.shutdown()
        server.server_close()
    assert_cells_equal(loaded, cell)


@pytest.mark.parametrize("name", ["a b.osy", "a#1.osy", "a?b.osy", "100%.osy", "ü.osy"])
def test_names_on_a_web_server_may_hold_what_means_something_in_a_url(cell, content, web, name):
    web.files[f"/cells/{quote(name)}"] = content
    files = CellFiles(f"{web.address}/cells")
    assert name in files
    assert_cells_equal(files.load(name), cell)


def test_a_password_in_an_address_is_used_and_not_told(cell, content, web):
    web.files["/a.osy"] = content
    web.only_signed = True
    address = web.address.replace("http://", "http://me:secret@")
    assert_cells_equal(load_cell(f"{address}/a.osy"), cell)
    with pytest.raises(FileNotFoundError) as error:
        load_cell(f"{address}/none.osy")
    assert "secret" not in str(error.value)
    assert f"{web.address}/none.osy" in str(error.value)


def test_an_empty_file_and_a_page_are_no_cells(web):
    web.files |= {"/empty.osy": b"", "/page.osy": b"<html>" * 200}
    with pytest.raises(OsyFormatError, match="is empty"):
        load_cell(f"{web.address}/empty.osy")
    with pytest.raises(OsyFormatError, match=r"is not an \.osy file"):
        load_cell(f"{web.address}/page.osy")


def test_w46_a_packed_archive_is_refused_after_its_first_bytes(web):
    noise = np.random.default_rng(0).bytes(1_000_000)
    web.files["/bomb.osy"] = gzip.compress(noise)
    with pytest.raises(OsyFormatError, match="packed with gzip"):
        load_cell(f"{web.address}/bomb.osy")
    assert sum(web.sent) == sources.FIRST


def test_nothing_is_saved_deleted_or_listed_on_a_web_server(cell, web):
    files = CellFiles(f"{web.address}/cells")
    assert (files.saveable, files.remote) == (False, True)
    for attempt in (
        lambda: save_cell(cell, f"{web.address}/a.osy"),
        lambda: files.save(cell),
        lambda: files.delete("a.osy"),
        lambda: files.list(),
        lambda: list(files),
        lambda: files.load_many(),
    ):
        with pytest.raises(ValueError, match=rf"{web.address}.*s3://"):
            attempt()
    assert web.asked == []


# CellFiles


@pytest.fixture
def folder(request, tmp_path, mem):
    """A folder without files, in storage of any kind that can be written to."""
    if request.param == "local":
        (tmp_path / "cells").mkdir()
        return str(tmp_path / "cells")
    if request.param == "file":
        (tmp_path / "cells").mkdir()
        return f"file://{tmp_path.as_posix()}/cells"
    if request.param != "mem":
        request.getfixturevalue({"s3": "s3", "gs": "gcs"}[request.param])("my-bucket")
    return f"{request.param}://my-bucket/cells/"


everywhere = pytest.mark.parametrize("folder", ["local", "file", *BUCKETS], indirect=True)


@everywhere
def test_files_are_saved_listed_loaded_and_deleted(cell, folder):
    files = CellFiles(folder)
    assert files.saveable
    assert files.remote == folder.startswith(("s3", "gs"))
    assert files.path == folder
    assert files.list() == []
    files.save(cell, "b.osy")
    files.save(Cell(name="a"))
    files.save(Cell(name="deep"), "folder/deep.osy")
    assert list(files) == ["a.osy", "b.osy"]
    assert "b.osy" in files
    assert "c.osy" not in files
    assert files.exists("folder/deep.osy")
    assert_cells_equal(files.load("b.osy"), cell)
    assert files.load("b.osy", layers=["graph"]).layers.names == ["graph"]
    with pytest.raises(FileExistsError):
        files.save(cell, "a.osy")
    files.save(cell, "a.osy", allow_overwrite=True, compression="lz4", compatible=False)
    manifest = ossify.io.osy.describe_file(f"{folder.rstrip('/')}/a.osy")
    assert not any(member.name.endswith("csgraph.npz") for member in manifest.members)
    assert_cells_equal(files.load("a.osy"), cell)
    files.delete("a.osy")
    assert files.list() == ["b.osy"]
    with pytest.raises(FileNotFoundError, match=r"a\.osy"):
        files.delete("a.osy")
    with pytest.raises(FileNotFoundError, match=r"a\.osy"):
        files.load("a.osy")


@everywhere
def test_files_go_to_other_processes(cell, folder):
    files = CellFiles(folder)
    files.save(cell, "a.osy")
    assert pickle.loads(pickle.dumps(files)).list() == ["a.osy"]


@everywhere
def test_cloud_files_are_of_the_same_folder(folder, monkeypatch):
    monkeypatch.setenv("AWS_SESSION_TOKEN", "")
    files = CellFiles(folder)
    files.save(Cell("y"))
    assert list(files.cf.list()) == ["y.osy"]


@pytest.mark.parametrize("name", ["../a.osy", "/a.osy", "a//b.osy", "", ".", "a/../../b.osy"])
def test_no_name_leads_out_of_the_folder(cell, tmp_path, name, mem):
    for files in (CellFiles(tmp_path / "cells"), CellFiles("mem://bucket/cells")):
        for attempt in (
            lambda f: f.save(cell, name),
            lambda f: f.load(name),
            lambda f: f.delete(name),
        ):
            with pytest.raises(ValueError, match="is no name of a file in the folder"):
                attempt(files)
    assert list(tmp_path.iterdir()) == []


def test_the_home_folder_is_understood(cell, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    CellFiles("~/neuron_data").save(cell, "a.osy")
    assert (tmp_path / "neuron_data" / "a.osy").exists()


def test_files_say_where_they_are():
    assert repr(CellFiles("s3://b/x", use_https=True)) == "CellFiles('s3://b/x', use_https=True)"


@everywhere
def test_many_cells_are_loaded_in_the_order_of_their_names(folder):
    files = CellFiles(folder)
    for number in range(12):
        files.save(Cell(f"cell_{number:02}"))
    assert [cell.name for cell in files.load_many(max_workers=3)] == [
        f"cell_{number:02}" for number in range(12)
    ]
    names = ["cell_07.osy", "cell_01.osy", "cell_07.osy"]
    assert [cell.name for cell in files.load_many(names)] == ["cell_07", "cell_01", "cell_07"]
    assert files.load_many([]) == []


def test_cells_that_cannot_be_loaded_are_all_named(tmp_path, caplog):
    files = CellFiles(tmp_path)
    files.save(Cell("good"))
    (tmp_path / "bad.osy").write_bytes(b"x" * 1000)
    names = ["none.osy", "good.osy", "bad.osy"]
    with pytest.raises(CellsNotLoadedError, match=r"(?s)2 of 3 .*none\.osy.*bad\.osy") as caught:
        files.load_many(names)
    assert isinstance(caught.value.failures["none.osy"], FileNotFoundError)
    assert isinstance(caught.value.failures["bad.osy"], OsyFormatError)
    ignoring = files.load_many(names, errors="ignore")
    assert [cell and cell.name for cell in ignoring] == [None, "good", None]
    assert not caplog.records
    files.load_many(names, errors="log")
    assert [record.args[0] for record in caplog.records] == ["none.osy", "bad.osy"]


def test_no_more_cells_are_loaded_at_once_than_asked_for(tmp_path, monkeypatch):
    files = CellFiles(tmp_path)
    at_once, most, lock = 0, 0, threading.Lock()
    gate = threading.Event()

    def load(_, name, *, layers):
        nonlocal at_once, most
        with lock:
            at_once, most = at_once + 1, max(most, at_once + 1)
        gate.wait(0.02)
        with lock:
            at_once -= 1
        return Cell(name)

    monkeypatch.setattr(CellFiles, "load", load)
    assert len(files.load_many([f"{n}.osy" for n in range(20)], max_workers=3)) == 20
    assert most == 3


def test_a_bug_is_no_bad_file(tmp_path, monkeypatch):
    def load(*_, **__):
        raise ZeroDivisionError

    monkeypatch.setattr(CellFiles, "load", load)
    with pytest.raises(ZeroDivisionError):
        CellFiles(tmp_path).load_many(["a.osy"], errors="ignore")


def test_no_bar_is_drawn_into_pipes(tmp_path, capfd):
    files = CellFiles(tmp_path)
    files.save(Cell("a"))
    files.load_many()
    assert capfd.readouterr() == ("", "")


def test_wrong_wishes_are_refused(tmp_path):
    files = CellFiles(tmp_path)
    with pytest.raises(ValueError, match="errors must be"):
        files.load_many([], errors="skip")
    with pytest.raises(ValueError, match="max_workers"):
        files.load_many([], max_workers=0)
    with pytest.raises(TypeError, match=r"load\('a.osy'\)"):
        files.load_many("a.osy")
