"""The secret files of cloud-files.

They are read without it: to be imported takes it longer than most cells, and one file that is
broken keeps it from that.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

_EXPECTED = {
    "aws": 'a JSON object such as {"AWS_ACCESS_KEY_ID": "…", "AWS_SECRET_ACCESS_KEY": "…"}',
    "google": "the key of a service account, a JSON object as Google gives it out",
}


class BrokenSecretError(ValueError):
    """A secret file that cannot be used: which, why, and what is expected."""

    def __init__(self, path: Path, service: str, why: str) -> None:
        super().__init__(f"{path} is broken: {why}; expected is {_EXPECTED[service]}")


def secret_file(bucket: str, service: str) -> Path | None:
    """The secret file for a bucket or, without one, that for all; None where there is none.

    Parameters
    ----------
    bucket
        Its name.
    service
        ``"aws"`` or ``"google"``.
    """
    for name in (f"{bucket}-{service}-secret.json", f"{service}-secret.json"):
        for folder in _folders():
            if (folder / name).is_file():
                return folder / name
    return None


def read_secret(path: Path, service: str) -> dict[str, Any]:
    """What a secret file says.

    Raises
    ------
    BrokenSecretError
        If it is no JSON object.
    """
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise BrokenSecretError(path, service, str(error)) from error
    if not isinstance(found, dict):
        raise BrokenSecretError(path, service, f"a JSON {type(found).__name__}")
    return found


def _folders() -> list[Path]:
    """Where secret files may be, in the order in which cloud-files looks."""
    volume = os.environ.get("CLOUD_VOLUME_DIR", "~/.cloudvolume")
    files = os.environ.get("CLOUD_FILES_DIR", "~/.cloudfiles")
    return [Path(volume).expanduser() / "secrets", Path("/"), Path(files).expanduser() / "secrets"]
