"""The folder that a cloudpath means."""

from __future__ import annotations

import os
import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

from pyarrow import fs

from cortical_tools.exports.arrow_folder import ArrowFolder, amazon_ways, google_ways
from cortical_tools.exports.found import Folder
from cortical_tools.exports.web_folder import WebFolder

_SCHEMES = ("file", "gs", "s3", "http", "https")


def folder_at(cloudpath: str | os.PathLike[str]) -> Folder:
    """The folder at a path of this machine, or at a URL.

    Raises
    ------
    ValueError
        If the URL is of an unknown kind, or names no bucket or server.
    """
    text = os.fspath(cloudpath)
    found = re.match(r"([A-Za-z][A-Za-z0-9+.-]+)://", text)
    scheme = found[1].lower() if found else "file"
    if scheme not in _SCHEMES:
        raise ValueError(
            f"{text}: {scheme}:// is unknown; exports are read from a folder of this machine and "
            f"from {', '.join(f'{known}://' for known in _SCHEMES)}"
        )
    if scheme == "file":
        path = Path(unquote(urlsplit(text).path) if found else text).expanduser().absolute()
        return ArrowFolder(str(path), path.as_posix(), [fs.LocalFileSystem])
    parts = urlsplit(text)
    if not parts.netloc:
        raise ValueError(f"{text} names no {'server' if scheme.startswith('http') else 'bucket'}")
    url = f"{scheme}://{parts.netloc}{parts.path}".rstrip("/")
    if scheme.startswith("http"):
        return WebFolder(url)
    base = f"{parts.netloc}{parts.path}".rstrip("/")
    ways = google_ways() if scheme == "gs" else amazon_ways(parts.netloc)
    return ArrowFolder(url, base, ways)
