"""Exports on a web server that lists what is in a folder as a page of links."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from html.parser import HTMLParser
from typing import IO, TYPE_CHECKING, Any
from urllib.parse import quote, unquote, urljoin, urlsplit

from pyarrow import fs

from cortical_tools.errors import ServerTimeoutError, UnreachableServerError
from cortical_tools.exports.found import Found
from cortical_tools.parallel import AT_ONCE, side_by_side

if TYPE_CHECKING:
    import requests

_PATIENCE = (10, 60)


class WebFolder:
    """A folder of a web server.

    Parameters
    ----------
    url
        Its address, without a slash at the end.
    """

    is_local = False

    def __init__(self, url: str) -> None:
        self.url = url

    def refresh(self) -> None:
        """Nothing: the server is asked every time."""

    def listed(self, path: str = "") -> tuple[list[str], list[Found]]:
        """The paths of the folders, and the files, directly in a folder of this folder."""
        page = self._ask("GET", f"{path}/" if path else "")
        if "html" not in page.headers.get("Content-Type", ""):
            raise ValueError(
                f"{page.url} is no list of files but {page.headers.get('Content-Type')}: this "
                "server cannot be asked what it has. Give the gs:// or s3:// address of the bucket."
            )
        names = _names(page.text, page.url)
        prefix = f"{path}/" if path else ""
        folders = [prefix + name.rstrip("/") for name in names if name.endswith("/")]
        files = [prefix + name for name in names if not name.endswith("/")]
        return folders, side_by_side(self._found, files)

    def open(self, path: str) -> IO[bytes]:
        """A file, to be read from its beginning."""
        stream: IO[bytes] = self._ask("GET", path, stream=True).raw
        return stream

    def arrow(self) -> fs.FileSystem:
        """Refused: a server that only answers whole files has no file system."""
        raise ValueError(
            f"{self.url}: Parquet files and Delta Lakes are read from folders and buckets, not "
            "from web servers; give the gs:// or s3:// address"
        )

    def _found(self, path: str) -> Found:
        headers = self._ask("HEAD", path).headers
        stamp = headers.get("ETag") or headers.get("Last-Modified") or ""
        return Found(path=path, size=int(headers.get("Content-Length", -1)), stamp=stamp)

    @cached_property
    def _session(self) -> requests.Session:
        import requests
        from requests.adapters import HTTPAdapter
        from urllib3.util import Retry

        session = requests.Session()
        # A file that is compressed comes as it is.
        session.headers["Accept-Encoding"] = "identity"
        again = Retry(total=3, backoff_factor=0.3, status_forcelist=(429, 502, 503, 504))
        session.mount("http://", HTTPAdapter(max_retries=again, pool_maxsize=AT_ONCE))
        session.mount("https://", HTTPAdapter(max_retries=again, pool_maxsize=AT_ONCE))
        return session

    def _ask(self, method: str, path: str, **options: Any) -> requests.Response:
        url = f"{self.url}/{quote(path)}"
        with explained(url):
            answer = self._session.request(
                method, url, timeout=_PATIENCE, allow_redirects=True, **options
            )
        if answer.status_code in (401, 403):
            raise PermissionError(f"{url}: access denied (status {answer.status_code})")
        if answer.status_code in (404, 410):
            raise FileNotFoundError(f"{url} does not exist")
        if not answer.ok:
            raise UnreachableServerError(f"{url}: the server answers {answer.status_code}")
        return answer


@contextmanager
def explained(url: str) -> Iterator[None]:
    """Errors of connections as ours."""
    import requests
    import urllib3

    try:
        yield
    except (requests.Timeout, urllib3.exceptions.ReadTimeoutError) as error:
        raise ServerTimeoutError(f"{url} did not answer in time: {error}") from error
    except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
        raise UnreachableServerError(f"{url} cannot be reached: {error}") from error


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.targets: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.targets += [value for name, value in attrs if tag == "a" and name == "href" and value]


def _names(page: str, url: str) -> list[str]:
    """Names of what a page links to directly beneath its own address; folders end in a slash."""
    links = _Links()
    links.feed(page)
    here = urlsplit(url)
    names: dict[str, None] = {}
    for target in links.targets:
        there = urlsplit(urljoin(url, target))
        # Links that sort the list, or lead out of the folder.
        if there.query or there.netloc != here.netloc or not there.path.startswith(here.path):
            continue
        name = unquote(there.path[len(here.path) :])
        if name and "/" not in name.rstrip("/"):
            names[name] = None
    return sorted(names)
