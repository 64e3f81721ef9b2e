"""``mem://``: files in the memory of this process, for tests. cloud-files keeps them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ossify.io.storage.places import Address
from ossify.io.storage.sources import MemorySource
from ossify.io.storage.stores import Store


class MemoryStore(Store):
    """A bucket of cloud-files' memory: what others put there with cloud-files is there too."""

    def __init__(self, address: Address, anonymous: bool = False) -> None:
        super().__init__(address, anonymous)
        self._files = cloud_files(f"{address.scheme}://{address.bucket}")

    def open(self, key: str) -> MemorySource:
        """The file under a key."""
        # cloud-files answers None for what is not there.
        content = self._files.get(key) if key else None
        if content is None:
            raise self.missing(key)
        return MemorySource(self.label(key), content)

    def exists(self, key: str) -> bool:
        """Whether there is a file under a key."""
        return bool(key) and bool(self._files.exists(key))

    def put(self, key: str, content: bytes, allow_overwrite: bool) -> None:
        """Write a file. Two threads that write the same one are not kept apart."""
        self.check_free(key, allow_overwrite)
        self._files.put(key, content, content_type="application/x-tar")

    def delete(self, key: str) -> None:
        """Delete the file under a key, if there is one."""
        self._files.delete(key)

    def keys(self, prefix: str) -> Iterator[str]:
        """The keys that begin with `prefix`."""
        yield from self._files.list(prefix=prefix)


def cloud_files(address: str, use_https: bool = False) -> Any:
    """The `cloudfiles.CloudFiles` of a folder or bucket."""
    from cloudfiles import CloudFiles

    return CloudFiles(address, use_https=use_https, progress=False)
