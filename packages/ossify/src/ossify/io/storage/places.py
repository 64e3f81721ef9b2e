"""What readers and writers may be given, and how remote addresses are read."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import Protocol, TypeAlias, runtime_checkable

Buffer: TypeAlias = bytes | memoryview
Location: TypeAlias = str | os.PathLike[str]

URL = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+)://")

HTTP = ("http", "https")
BUCKETS = ("gs", "s3")
MEMORY = "mem"
REMOTE = (*BUCKETS, *HTTP)
"""What is reached over the network."""

AT_ONCE = 4
"""How many connections one file is worth."""

_KNOWN = ("file", MEMORY, *REMOTE)


@runtime_checkable
class Readable(Protocol):
    """A binary file to read from."""

    def read(self) -> bytes:
        """All that is left."""


@runtime_checkable
class Writable(Protocol):
    """A binary file to write to."""

    def write(self, data: bytes, /) -> object:
        """Append."""


@dataclass(frozen=True)
class Address:
    """A place that is not on a disk of this machine.

    Attributes
    ----------
    scheme
        ``"mem"``, ``"gs"``, ``"s3"``, ``"http"`` or ``"https"``.
    bucket
        The bucket, or the host with its port.
    key
        What follows it, without the slash in between.
    """

    scheme: str
    bucket: str
    key: str

    def __str__(self) -> str:
        return f"{self.scheme}://{self.bucket}/{self.key}"

    @property
    def name(self) -> str:
        """The last part of the key."""
        return self.key.rstrip("/").rpartition("/")[2]

    def with_key(self, key: str) -> Address:
        """Another place in the same bucket."""
        return Address(self.scheme, self.bucket, key)


def address_of(location: Location) -> Address | None:
    """The address that a URL is; None for a path or a ``file://`` URL.

    Raises
    ------
    ValueError
        If the scheme is unknown, or there is no bucket or host.

    Examples
    --------
    >>> address_of("s3://my-bucket/cells/neuron.osy")
    Address(scheme='s3', bucket='my-bucket', key='cells/neuron.osy')
    """
    found = URL.match(location) if isinstance(location, str) else None
    if found is None:
        return None
    text, scheme = found.string, found[1].lower()
    if scheme not in _KNOWN:
        raise ValueError(
            f"{text}: {scheme}:// is unknown; cells are read from and written to "
            f"{', '.join(f'{known}://' for known in _KNOWN)} and paths"
        )
    if scheme == "file":
        return None
    bucket, _, key = text[found.end() :].partition("/")
    if not bucket:
        what = "host" if scheme in HTTP else "bucket"
        raise ValueError(f"{text}: the {what} is missing, as in {scheme}://{what}/cell.osy")
    return Address(scheme, bucket, key)
