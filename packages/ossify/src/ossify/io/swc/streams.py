"""Files that are open in text mode: SWC is text, so these are taken as well as binary ones."""

from __future__ import annotations

import io
from typing import TextIO, TypeGuard


def is_text_file(file: object) -> TypeGuard[TextIO]:
    """Whether a file gives and takes text, not bytes."""
    # Wrappers such as those of tempfile are no TextIOBase, and io.StringIO has no encoding.
    return isinstance(file, io.TextIOBase) or getattr(file, "encoding", None) is not None
