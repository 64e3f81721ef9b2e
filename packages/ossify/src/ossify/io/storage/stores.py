"""What is common to all remote stores."""

from __future__ import annotations

import secrets
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from ossify.io.storage.places import Address
from ossify.io.storage.sources import Source

Made = TypeVar("Made")

UPLOAD = "ossify-upload"
"""Where the metadata of an object say which attempt has written it."""


def new_token() -> str:
    """A word that no other attempt to write a file has."""
    return secrets.token_hex(16)


class Store(ABC):
    """The bucket or server of an address.

    Parameters
    ----------
    address
        Any address in it.
    anonymous
        Read without credentials.
    """

    saveable = True

    def __init__(self, address: Address, anonymous: bool = False) -> None:
        self.address = address
        self.anonymous = anonymous

    @abstractmethod
    def open(self, key: str) -> Source:
        """The file under a key.

        Raises
        ------
        FileNotFoundError, PermissionError, ConnectionError
            If there is none, it may not be read, or the store does not answer.
        """

    @abstractmethod
    def exists(self, key: str) -> bool:
        """Whether there is a file under a key."""

    @abstractmethod
    def put(self, key: str, content: bytes, allow_overwrite: bool) -> None:
        """Write a file, whole or not at all.

        Raises
        ------
        FileExistsError
            If there is one and `allow_overwrite` is False.
        """

    @abstractmethod
    def delete(self, key: str) -> None:
        """Delete the file under a key, if there is one."""

    @abstractmethod
    def keys(self, prefix: str) -> Iterator[str]:
        """The keys that begin with `prefix`."""

    def key_of(self, name: str) -> str:
        """The key of a file's name."""
        return name

    def check_free(self, key: str, allow_overwrite: bool) -> None:
        """Raise if a file cannot be written under a key because of what is there.

        Raises
        ------
        FileExistsError
            If there is one and `allow_overwrite` is False.
        """
        if not allow_overwrite and self.exists(key):
            raise self.taken(key)

    def label(self, key: str) -> str:
        """A key as a whole address."""
        return str(self.address.with_key(key))

    def missing(self, key: str) -> FileNotFoundError:
        """The error for a key without a file."""
        return FileNotFoundError(
            f"{self.label(key)}: there is no such file, or no bucket or folder of that name"
        )

    def taken(self, key: str) -> FileExistsError:
        """The error for a key that has a file."""
        return FileExistsError(
            f"{self.label(key)} exists already; pass allow_overwrite=True, or choose another name"
        )


class Bucket(Store):
    """What is read with credentials or, where there are none or they do not help, without.

    Credentials for one bucket are refused by others, even by public ones. What has worked is tried
    first from then on.
    """

    signed: Any
    """What to ask with credentials; None if there are none."""
    public: Any
    """What to ask without."""
    trouble: str | None = None
    """Why `signed` is None where there are credentials that cannot be had."""
    _as_public = False

    @abstractmethod
    def asked(self, key: str, ask: Callable[..., Made], client: Any) -> Made:
        """What `ask` makes of a client; what goes wrong is said as it is of files."""

    @abstractmethod
    def denied(self, key: str, reason: str) -> PermissionError:
        """The error for what may not be read or written."""

    def reading(self, key: str, ask: Callable[..., Made]) -> Made:
        """What `ask` makes of what may read."""
        if self.anonymous:
            return self.asked(key, ask, self.public)
        try:
            return self._read(key, ask, self._as_public)
        except PermissionError as denied:
            if self.signed is None:
                raise self._troubled(key) or denied from None
            try:
                made = self._read(key, ask, not self._as_public)
            except PermissionError:
                raise denied from None
        self._as_public = not self._as_public
        return made

    def _read(self, key: str, ask: Callable[..., Made], as_public: bool) -> Made:
        as_public = as_public or self.signed is None
        return self.asked(key, ask, self.public if as_public else self.signed)

    def writing(self, key: str, ask: Callable[..., Made]) -> Made:
        """What `ask` makes of what may write."""
        if self.signed is None and (trouble := self._troubled(key)):
            raise trouble
        return self.asked(key, ask, self.public if self.signed is None else self.signed)

    def _troubled(self, key: str) -> PermissionError | None:
        return None if self.trouble is None else self.denied(key, self.trouble)
