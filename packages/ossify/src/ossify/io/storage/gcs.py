"""``gs://``: buckets of Google Cloud Storage, through its own client.

cloud-files reads ranges without saying of which generation of the object they are, so objects are
read with google-cloud-storage itself.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

from ossify.io.storage.secret_files import BrokenSecretError, read_secret, secret_file
from ossify.io.storage.sources import Answer, NoAnswerError, RemoteSource, changed
from ossify.io.storage.stores import UPLOAD, Bucket, Made, new_token

_TIMEOUT = (10, 60)
# Seconds for which the client asks again by itself.
_PATIENCE = 5.0


class GCSStore(Bucket):
    """A bucket, asked through Google's own client."""

    @cached_property
    def signed(self) -> Any:
        """The bucket, with credentials; None if there are none."""
        import google.auth
        from google.cloud.storage import Client

        # An emulator asks for none.
        if os.environ.get("STORAGE_EMULATOR_HOST"):
            return None
        try:
            if (path := secret_file(self.address.bucket, "google")) is not None:
                return _client_of(path).bucket(self.address.bucket)
            credentials, project = google.auth.default()
        except BrokenSecretError as error:
            # What is public can be read nevertheless.
            self.trouble = str(error)
            return None
        except google.auth.exceptions.DefaultCredentialsError as error:
            if os.environ.get("GOOGLE_APPLICATION_CREDENTIALS"):
                self.trouble: str | None = str(error)
            return None
        return Client(project or "none", credentials).bucket(self.address.bucket)

    @cached_property
    def public(self) -> Any:
        """The bucket, without credentials."""
        from google.cloud.storage import Client

        return Client.create_anonymous_client().bucket(self.address.bucket)

    @cached_property
    def _as_public(self) -> bool:  # type: ignore[override]
        # Without credentials at hand, Google's library asks the network for seconds whether this is
        # a machine of Google's. A public bucket is read before that.
        named = os.environ.get("GOOGLE_APPLICATION_CREDENTIALS")
        return not named and secret_file(self.address.bucket, "google") is None and not _logged_in()

    def asked(self, key: str, ask: Callable[..., Made], client: Any) -> Made:
        """What `ask` makes of the bucket, as one of the clients has it."""
        import google.auth.exceptions
        import requests
        from google.api_core import exceptions
        from google.cloud.storage.retry import DEFAULT_RETRY

        try:
            return ask(client, DEFAULT_RETRY.with_timeout(_PATIENCE))
        except exceptions.NotFound as error:
            raise self.missing(key) from error
        except (exceptions.Forbidden, exceptions.Unauthorized) as error:
            raise self.denied(key, str(error)) from error
        except google.auth.exceptions.TransportError as error:
            raise NoAnswerError(f"{self.label(key)}: {error}") from error
        except google.auth.exceptions.GoogleAuthError as error:
            raise self.denied(key, str(error)) from error
        except (requests.RequestException, exceptions.RetryError, exceptions.ServerError) as error:
            raise NoAnswerError(f"{self.label(key)}: {error}") from error
        except exceptions.PreconditionFailed:
            raise
        except exceptions.GoogleAPICallError as error:
            raise OSError(f"{self.label(key)}: {error}") from error

    def denied(self, key: str, reason: str) -> PermissionError:
        """The error for what may not be read or written."""
        return PermissionError(
            f"{self.label(key)}: access denied ({reason}). Check the name of the bucket, and the "
            "credentials: GOOGLE_APPLICATION_CREDENTIALS, `gcloud auth application-default login`, "
            "or cloud-files' google-secret.json"
        )

    def open(self, key: str) -> RemoteSource:
        """The file under a key."""
        if not key:
            raise self.missing(key)
        return RemoteSource(_GCSFile(self, key))

    def exists(self, key: str) -> bool:
        """Whether there is a file under a key."""
        return self.reading(
            key,
            lambda bucket, retry: bool(bucket.blob(key).exists(timeout=_TIMEOUT, retry=retry)),
        )

    def put(self, key: str, content: bytes, allow_overwrite: bool) -> None:
        """Write a file. Of two that write a new file at once, one is refused by the store."""
        from google.api_core.exceptions import PreconditionFailed

        # Generation 0 is that of an object that does not exist.
        condition = {} if allow_overwrite else {"if_generation_match": 0}

        # The library sends what is large in parts, which appear together or not at all.
        token = new_token()

        def put(bucket: Any, retry: Any) -> None:
            blob = bucket.blob(key)
            blob.metadata = {UPLOAD: token}
            try:
                blob.upload_from_string(
                    content, "application/x-tar", timeout=_TIMEOUT, retry=retry, **condition
                )
            except PreconditionFailed as error:
                # When an answer is lost, the library asks again, and finds what it has written.
                if _token_at(bucket, key, retry) == token:
                    return
                if condition:
                    raise self.taken(key) from error
                raise OSError(f"{self.label(key)}: {error}") from error

        self.writing(key, put)

    def delete(self, key: str) -> None:
        """Delete the file under a key, if there is one."""
        try:
            self.writing(
                key, lambda bucket, retry: bucket.delete_blob(key, timeout=_TIMEOUT, retry=retry)
            )
        except FileNotFoundError:
            return

    def keys(self, prefix: str) -> Iterator[str]:
        """The keys that begin with `prefix`."""

        def listed(bucket: Any, retry: Any) -> list[str]:
            blobs = bucket.list_blobs(
                prefix=prefix,
                fields="items(name),nextPageToken",
                timeout=_TIMEOUT,
                retry=retry,
            )
            return [blob.name for blob in blobs]

        yield from self.reading(prefix, listed)


class _GCSFile:
    """One object of a bucket."""

    def __init__(self, store: GCSStore, key: str) -> None:
        self.label = store.label(key)
        self._store = store
        self._key = key

    def first(self, size: int) -> Answer:
        """The first bytes."""

        def look(bucket: Any, retry: Any) -> Any:
            blob = bucket.blob(self._key)
            blob.reload(timeout=_TIMEOUT, retry=retry)
            return blob

        # Only the metadata say how large an object is, and of which generation.
        blob = self._store.reading(self._key, look)
        start = Answer(b"", int(blob.size), str(blob.generation))
        if not start.size:
            return start
        data = self.range(0, min(size, start.size), start)
        return Answer(data, start.size, start.version)

    def range(self, offset: int, size: int, start: Answer) -> bytes:
        """A range of the content that `start` is of."""
        from google.api_core.exceptions import PreconditionFailed, RequestRangeNotSatisfiable

        def get(bucket: Any, retry: Any) -> bytes:
            content: bytes = bucket.blob(
                self._key, generation=int(start.version or 0)
            ).download_as_bytes(
                start=offset,
                end=offset + size - 1,
                raw_download=True,
                checksum=None,
                timeout=_TIMEOUT,
                retry=retry,
            )
            return content

        try:
            return self._store.reading(self._key, get)
        except (FileNotFoundError, PreconditionFailed, RequestRangeNotSatisfiable):
            raise changed(self.label) from None

    def close(self) -> None:
        """Nothing: the store keeps its connections."""


def _token_at(bucket: Any, key: str, retry: Any) -> str | None:
    """What the object that is there says of who has written it."""
    from google.api_core.exceptions import NotFound

    blob = bucket.blob(key)
    try:
        blob.reload(timeout=_TIMEOUT, retry=retry)
    except NotFound:
        return None
    return (blob.metadata or {}).get(UPLOAD)


def _logged_in() -> bool:
    """Whether ``gcloud auth application-default login`` has left credentials."""
    home = os.environ.get("CLOUDSDK_CONFIG")
    if home is None and os.name == "nt":
        home = os.path.join(os.environ.get("APPDATA", ""), "gcloud")
    folder = Path(home or "~/.config/gcloud").expanduser()
    return (folder / "application_default_credentials.json").is_file()


def _client_of(path: Path) -> Any:
    """The client with the credentials of a secret file."""
    from google.cloud.storage import Client

    secret = read_secret(path, "google")
    try:
        return Client.from_service_account_info(secret)
    except ValueError as error:
        raise BrokenSecretError(path, "google", str(error)) from error
