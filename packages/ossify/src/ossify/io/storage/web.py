"""``http://`` and ``https://``: files that a web server offers, to read only."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from ossify.io.storage.places import Address
from ossify.io.storage.sources import (
    Answer,
    NoAnswerError,
    RemoteSource,
    changed,
)
from ossify.io.storage.stores import Store

if TYPE_CHECKING:
    import requests

_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+)")
# Seconds to connect, and without a sign of life.
TIMEOUT = (10, 60)
# What is larger is not kept on a server that cannot send parts of it, or has no end.
_MOST_WITHOUT_RANGES = 2**31
# A buffer of the size of what may come would be made before anything has.
_PIECE = 2**23


class WebStore(Store):
    """A web server."""

    saveable = False

    def open(self, key: str) -> RemoteSource:
        """The file under a key."""
        return RemoteSource(_WebFile(str(self.address.with_key(key)), self.label(key)))

    def label(self, key: str) -> str:
        """A key as a whole address, without the name and password that may stand in it."""
        host = self.address.bucket.rpartition("@")[2]
        return str(Address(self.address.scheme, host, key))

    def key_of(self, name: str) -> str:
        """The key of a file's name, in which some characters mean something else than in a URL."""
        return re.sub(r"[?#]|%(?![0-9A-Fa-f]{2})", lambda found: quote(found[0]), name)

    def exists(self, key: str) -> bool:
        """Whether the server has a file under a key."""
        try:
            self.open(key).close()
        except FileNotFoundError:
            return False
        return True

    def check_free(self, key: str, allow_overwrite: bool) -> None:
        """Nothing is free here."""
        raise self._read_only(key, "written to")

    def put(self, key: str, content: bytes, allow_overwrite: bool) -> None:
        """Nothing can be written here."""
        raise self._read_only(key, "written to")

    def delete(self, key: str) -> None:
        """Nothing can be deleted here."""
        raise self._read_only(key, "deleted from")

    def keys(self, prefix: str) -> Iterator[str]:
        """Nothing can be listed here."""
        raise io.UnsupportedOperation(
            f"{self.label(prefix)}: a web server does not list its files; load them by name, or "
            "use the address of the bucket, s3:// or gs://"
        )

    def _read_only(self, key: str, what: str) -> ValueError:
        return ValueError(
            f"{self.label(key)}: web servers cannot be {what}; use a path, or s3:// or gs://"
        )


class _WebFile:
    """One file of a web server."""

    def __init__(self, address: str, label: str) -> None:
        import requests

        self.label = label
        self._address = address
        self._session = requests.Session()
        # Packed on the way, bytes are not where the index says.
        self._session.headers["Accept-Encoding"] = "identity"

    def first(self, size: int) -> Answer:
        """The first bytes; all, where the server does not send parts."""
        with self._asked({"Range": f"bytes=0-{size - 1}"}) as response:
            version = _version(response)
            if response.status_code == 416:
                # An empty file has no first byte.
                return Answer(b"", 0, version)
            if response.status_code != 206:
                data = _body(response, _MOST_WITHOUT_RANGES)
                if len(data) > _MOST_WITHOUT_RANGES:
                    raise OSError(
                        f"{self.label}: the server sends no parts of files, and of this one more "
                        f"than {_MOST_WITHOUT_RANGES:,} bytes; if it is a cell, download it first"
                    )
                return Answer(data, len(data), version)
            first, last, total = _range(response)
            if first or last != min(size, total) - 1:
                raise NoAnswerError(f"bytes {first}–{last} came, not the first {size:,}")
            return Answer(_body(response, size), total, version)

    def range(self, offset: int, size: int, start: Answer) -> bytes:
        """A range of the content that `start` is of."""
        headers = {"Range": f"bytes={offset}-{offset + size - 1}"}
        if start.version is not None and start.version.startswith('"'):
            headers["If-Match"] = start.version
        with self._asked(headers) as response:
            if response.status_code in (412, 416):
                raise changed(self.label)
            # Many servers do not heed If-Match, so what came is compared in any case.
            if _version(response) != start.version:
                raise changed(self.label)
            if response.status_code != 206:
                raise NoAnswerError("the whole file came where a part was asked for")
            first, last, total = _range(response)
            if total != start.size:
                raise changed(self.label)
            if (first, last) != (offset, offset + size - 1):
                raise NoAnswerError(f"bytes {first}–{last} came, not {offset}–")
            return _body(response, size)

    def close(self) -> None:
        """Close connections."""
        self._session.close()

    @contextmanager
    def _asked(self, headers: dict[str, str]) -> Iterator[requests.Response]:
        import requests

        try:
            with self._session.get(
                self._address, headers=headers, stream=True, timeout=TIMEOUT
            ) as response:
                _check_status(response, self.label)
                yield response
        except requests.exceptions.SSLError as error:
            raise ConnectionError(f"{self.label}: no safe connection ({error})") from error
        except requests.exceptions.InvalidURL as error:
            raise ValueError(f"{self.label} is no address ({error})") from error
        except requests.RequestException as error:
            raise NoAnswerError(f"{type(error).__name__}: {error}") from error


def _check_status(response: requests.Response, label: str) -> None:
    status = response.status_code
    if status in (404, 410):
        raise FileNotFoundError(f"{label}: there is no such file (HTTP {status})")
    if status in (401, 403, 407):
        raise PermissionError(
            f"{label} may not be read (HTTP {status}); some servers answer so where there is no "
            "such file. Check the address; a name and password for the host can be put in ~/.netrc"
        )
    if status in (408, 429) or status >= 500:
        raise NoAnswerError(f"HTTP {status} {response.reason}")
    if status not in (200, 206, 412, 416):
        raise OSError(f"{label} could not be read: HTTP {status} {response.reason}")


def _version(response: requests.Response) -> str | None:
    headers = response.headers
    version: str | None = headers.get("ETag") or headers.get("Last-Modified")
    return version


def _range(response: requests.Response) -> tuple[int, int, int]:
    stated = response.headers.get("Content-Range", "")
    found = _RANGE.fullmatch(stated.strip())
    if found is None:
        raise NoAnswerError(f"the answer says it is the range {stated!r}")
    return int(found[1]), int(found[2]), int(found[3])


def _body(response: requests.Response, most: int) -> bytes:
    """The body as it was sent, one byte more than `most` at the most."""
    import urllib3

    raw: Any = response.raw
    try:
        # Decoded, it would not be what the file is.
        pieces = [raw.read(min(_PIECE, most + 1), decode_content=False)]
        while pieces[-1] and (left := most + 1 - sum(map(len, pieces))):
            pieces.append(raw.read(min(_PIECE, left), decode_content=False))
    except (urllib3.exceptions.HTTPError, OSError) as error:
        raise NoAnswerError(f"{type(error).__name__}: {error}") from error
    data = b"".join(pieces)
    stated = response.headers.get("Content-Length", "")
    if stated.isdecimal() and len(data) < min(int(stated), most):
        raise NoAnswerError(f"it broke off after {len(data):,} of {stated} bytes")
    return data
