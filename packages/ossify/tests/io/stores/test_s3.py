"""Cells in S3: who may read them, and what its answers are worth."""

import json
import re

import pytest

import ossify
from ossify import Cell, CellFiles, load_cell, save_cell
from ossify.errors import SourceChangedError
from ossify.io import storage
from ossify.testing import assert_cells_equal


@pytest.fixture
def s3_of(web, s3, monkeypatch):
    """A server that speaks enough of S3 to be read from, and errs as it is told."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", web.address)
    return web


@pytest.mark.parametrize("bucket", ["s3"], indirect=True)
def test_w47_of_two_that_save_a_new_file_the_later_is_refused(bucket, monkeypatch):
    # Both have found the place free before either has written.
    monkeypatch.setattr(storage.Store, "check_free", lambda *_: None)
    save_cell(Cell("first"), f"{bucket}/a.osy")
    with pytest.raises(FileExistsError):
        save_cell(Cell("second"), f"{bucket}/a.osy")
    assert load_cell(f"{bucket}/a.osy").name == "first"


@pytest.mark.parametrize("bucket", ["s3"], indirect=True)
def test_an_object_that_changes_between_two_ranges_is_refused(cell, bucket):
    save_cell(cell, f"{bucket}/a.osy")
    opened = ossify.open_cell(f"{bucket}/a.osy")
    save_cell(ossify.example_cell(2000, seed=2), f"{bucket}/a.osy", allow_overwrite=True)
    with pytest.raises(SourceChangedError, match=f"{bucket}/a.osy was changed"):
        opened.graph.vertices  # noqa: B018


def test_s3_credentials_without_a_session_token_are_used(cell, s3, monkeypatch):
    s3("my-bucket")
    monkeypatch.delenv("AWS_SESSION_TOKEN", raising=False)
    save_cell(cell, "s3://my-bucket/a.osy")
    assert storage.store_at(storage.address_of("s3://my-bucket/a")).signed is not None


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


@pytest.mark.parametrize("content_of_file", ["{'AWS_ACCESS_KEY_ID': 1}", "[]", b"\xff"])
def test_a_broken_secret_file_is_named_and_does_not_stand_before_what_is_public(
    cell, content, s3_of, secrets, content_of_file
):
    raw = content_of_file if isinstance(content_of_file, bytes) else content_of_file.encode()
    (secrets / "aws-secret.json").write_bytes(raw)
    # One for another service concerns nobody here.
    (secrets / "google-secret.json").write_text("{")
    s3_of.files["/b/a.osy"] = content
    assert_cells_equal(load_cell("s3://b/a.osy"), cell)
    s3_of.only_signed = True
    with pytest.raises(PermissionError, match=r"s3://b/a\.osy.*aws-secret\.json is broken.*JSON"):
        load_cell("s3://b/a.osy")
    with pytest.raises(PermissionError, match=r"aws-secret\.json.*AWS_SECRET_ACCESS_KEY"):
        storage.store_at(storage.address_of("s3://b/new.osy")).put("new.osy", b"", True)


def test_a_secret_file_of_cloud_files_own_folder_is_used_too(
    cell, content, s3_of, monkeypatch, tmp_path
):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("CLOUD_VOLUME_DIR", raising=False)
    monkeypatch.delenv("CLOUD_FILES_DIR", raising=False)
    (tmp_path / ".cloudfiles" / "secrets").mkdir(parents=True)
    secret = {"AWS_ACCESS_KEY_ID": "KEYINFILE", "AWS_SECRET_ACCESS_KEY": "secret"}
    (tmp_path / ".cloudfiles" / "secrets" / "aws-secret.json").write_text(json.dumps(secret))
    s3_of.files["/b/a.osy"] = content
    assert_cells_equal(load_cell("s3://b/a.osy"), cell)
    assert all("Credential=KEYINFILE/" in each for each in s3_of.authorized)


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


@pytest.mark.parametrize("fault", ["cut", "short", "long", "shifted", "whole", 503])
def test_answers_of_s3_that_are_not_what_was_asked_for_are_not_taken(
    cell, content, s3_of, hurried, fault
):
    s3_of.files["/b/a.osy"] = content
    s3_of.faults = [None, fault]
    assert_cells_equal(load_cell("s3://b/a.osy"), cell)
    assert not s3_of.faults
