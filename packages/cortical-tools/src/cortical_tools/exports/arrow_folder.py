"""Folders of this machine and of buckets, which pyarrow, that is there anyway, lists and reads."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta
from functools import cached_property, partial
from pathlib import Path
from typing import IO, Any, TypeAlias
from urllib.parse import urlsplit

from pyarrow import fs

from cortical_tools.errors import UnreachableServerError
from cortical_tools.exports.found import Found

# A file system of pyarrow's, which has no types.
Way: TypeAlias = Callable[[], Any]

_CONNECT, _READ = 10, 60
_DENIED = re.compile(r"ACCESS_DENIED|PERMISSION_DENIED|UNAUTHENTICATED|Forbidden|\b40[13]\b")
_UNREACHABLE = re.compile(r"NETWORK_CONNECTION|UNAVAILABLE|resolve|connect|[Tt]imeout|timed out")


class ArrowFolder:
    """A folder of one of pyarrow's file systems.

    Parameters
    ----------
    url
        The folder's address, for messages and as a name.
    base
        Its path in the file system.
    ways
        Make the file system; of several, with other credentials each, the first that is let in is
        taken.
    """

    def __init__(self, url: str, base: str, ways: Sequence[Way]) -> None:
        self.url = url
        self.is_local: bool = "://" not in url
        self._is_flat = url.startswith("gs://")
        self._every: list[Found] | None = None
        self._base = base
        self._ways = ways

    def refresh(self) -> None:
        """Forget what is known of what is in the folder."""
        self._every = None

    def listed(self, path: str = "") -> tuple[list[str], list[Found]]:
        """The paths of the folders, and the files, directly in a folder of this folder."""
        if not self._is_flat:
            infos = self._infos(path)
            folders = {info.path for info in infos if info.type == fs.FileType.Directory}
            return sorted(folders), _files(infos)
        # pyarrow names no folders of Google's storage, where names only look as if there were any.
        # So all names are asked for, once.
        if self._every is None:
            self._every = _files(self._infos("", recursive=True))
        start = f"{path}/" if path else ""
        inside = [
            (file, file.path[len(start) :]) for file in self._every if file.path.startswith(start)
        ]
        folders = {start + rest.partition("/")[0] for _, rest in inside if "/" in rest}
        return sorted(folders), [file for file, rest in inside if "/" not in rest]

    def _infos(self, path: str, recursive: bool = False) -> list[fs.FileInfo]:
        # A folder of a bucket is only what the names in it begin with: an empty one is none.
        selector = fs.FileSelector(path, allow_not_found=not self.is_local, recursive=recursive)
        with self._explained(path):
            infos: list[fs.FileInfo] = self.arrow().get_file_info(selector)
        return infos

    def open(self, path: str) -> IO[bytes]:
        """A file, to be read from its beginning."""
        with self._explained(path):
            # By its name alone, pyarrow would take the compression off.
            stream: IO[bytes] = self.arrow().open_input_stream(path, compression=None)
            return stream

    def arrow(self) -> fs.FileSystem:
        """The folder as a file system of pyarrow, whose paths are relative to it."""
        return self._filesystem

    @cached_property
    def _filesystem(self) -> fs.FileSystem:
        for way in self._ways[:-1]:
            filesystem = fs.SubTreeFileSystem(self._base, way())
            try:
                with self._explained(""):
                    filesystem.get_file_info(fs.FileSelector("", allow_not_found=True))
            except PermissionError:
                continue
            return filesystem
        return fs.SubTreeFileSystem(self._base, self._ways[-1]())

    def _explained(self, path: str) -> AbstractContextManager[None]:
        return explained(f"{self.url}/{path}".rstrip("/"))


@contextmanager
def explained(place: str) -> Iterator[None]:
    """Errors of pyarrow's file systems as what they are: access denied, unreachable, not there."""
    try:
        yield
    except FileNotFoundError as error:
        raise FileNotFoundError(f"{place} does not exist") from error
    except (NotADirectoryError, IsADirectoryError):
        raise
    except OSError as error:
        if isinstance(error, PermissionError) or _DENIED.search(str(error)):
            raise PermissionError(f"{place}: access denied ({error}). {_HINT}") from error
        if _UNREACHABLE.search(str(error)):
            raise UnreachableServerError(f"{place} cannot be reached: {error}") from error
        raise


def _files(infos: Iterable[fs.FileInfo]) -> list[Found]:
    files = [
        Found(path=info.path, size=int(info.size), stamp=str(info.mtime_ns))
        for info in infos
        if info.type == fs.FileType.File and info.base_name
    ]
    return sorted(files, key=lambda file: file.path)


_HINT = (
    "Whoever runs the bucket gives access to it; credentials are found through "
    "GOOGLE_APPLICATION_CREDENTIALS or `gcloud auth application-default login` for gs://, and "
    "through AWS_PROFILE or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY for s3://"
)


def google_ways() -> list[Way]:
    """How Google's storage may let us in; at the emulator that STORAGE_EMULATOR_HOST names."""
    emulator = os.environ.get("STORAGE_EMULATOR_HOST")
    if emulator:
        parts = urlsplit(emulator if "://" in emulator else f"http://{emulator}")
        options = {"endpoint_override": parts.netloc, "scheme": parts.scheme}
        return [partial(fs.GcsFileSystem, anonymous=True, **options)]
    patience = timedelta(seconds=_READ)
    public = partial(fs.GcsFileSystem, anonymous=True, retry_time_limit=patience)
    signed = partial(fs.GcsFileSystem, retry_time_limit=patience)
    config = os.environ.get("CLOUDSDK_CONFIG", "~/.config/gcloud")
    login = Path(config).expanduser() / "application_default_credentials.json"
    known = os.environ.get("GOOGLE_APPLICATION_CREDENTIALS") or login.is_file()
    # Without credentials at hand, Google's library asks the network for seconds whether this is a
    # machine of Google's. A public bucket is read before that.
    return [signed, public] if known else [public, signed]


def amazon_ways(bucket: str) -> list[Way]:
    """How S3 may let us in; at the server that AWS_ENDPOINT_URL names, if it names one."""
    endpoint = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL")
    region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
    options: dict[str, Any] = {"connect_timeout": _CONNECT, "request_timeout": _READ}
    if endpoint:
        parts = urlsplit(endpoint)
        options |= {"endpoint_override": parts.netloc, "scheme": parts.scheme}

    def way(anonymous: bool) -> Way:
        def make() -> fs.FileSystem:
            where = region or ("us-east-1" if endpoint else fs.resolve_s3_region(bucket))
            return fs.S3FileSystem(anonymous=anonymous, region=where, **options)

        return make

    names = ("AWS_ACCESS_KEY_ID", "AWS_PROFILE", "AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE")
    login = Path(os.environ.get("AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials")).expanduser()
    known = any(os.environ.get(name) for name in names) or login.is_file()
    return [way(False), way(True)] if known else [way(True), way(False)]
