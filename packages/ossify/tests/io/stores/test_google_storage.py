"""Cells in Google Cloud Storage: generations, conditions, and who may read them."""

import json
import re

import pytest

from ossify import load_cell, save_cell
from ossify.errors import SourceChangedError
from ossify.io import storage
from ossify.testing import assert_cells_equal

# The emulator heeds neither generations nor conditions, so some is asked of a server of ours.


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


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "Expecting value"),
        ("[]", "a JSON list"),
        ('{"type": "service_account"}', "client_email"),
        (
            '{"client_email": "a@b", "token_uri": "https://b", "private_key": "none"}',
            ".",
        ),
    ],
    ids=["empty", "a list", "a part", "no key"],
)
@pytest.mark.parametrize("name", ["google-secret.json", "b-google-secret.json"])
def test_a_broken_secret_file_is_named_and_what_is_expected(
    web, google_at, monkeypatch, secrets, name, text, reason
):
    google_at(web.address)
    store = storage.store_at(storage.address_of("gs://b/a.osy"))
    assert store.public is not None
    monkeypatch.delenv("STORAGE_EMULATOR_HOST")
    (secrets / name).write_text(text)
    expected = rf"gs://b/a\.osy.*/{name} is broken: .*{reason}.*the key of a service account"
    with pytest.raises(PermissionError, match=expected):
        store.put("a.osy", b"", True)
    assert web.posted == []
    # What is public needs none.
    looked_at = "/storage/v1/b/b/o/a.osy?projection=noAcl&prettyPrint=false"
    web.files[looked_at] = b'{"size": "0", "generation": "7"}'
    assert store.open("a.osy").size == 0


def test_denied_access_to_google_says_what_to_check(web, google_at):
    google_at(web.address)
    web.files["/storage/v1/b/private/o/a.osy?projection=noAcl&prettyPrint=false"] = b""
    web.faults = [403]
    with pytest.raises(
        PermissionError, match=r"gs://private/a\.osy.*GOOGLE_APPLICATION_CREDENTIALS"
    ):
        load_cell("gs://private/a.osy")
