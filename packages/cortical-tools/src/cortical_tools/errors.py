"""What can go wrong. Each class is also the builtin that it refines.

Nobody has to import these to catch them: ``except ValueError`` or ``except LookupError`` is enough.
"""

from __future__ import annotations


class CorticalToolsError(Exception):
    """Anything that this package raises on its own account."""


class MissingExtraError(CorticalToolsError, ImportError):
    """A feature that needs packages which are not installed.

    Parameters
    ----------
    feature
        What was asked for, as the subject of a sentence.
    extra
        The extra of cortical-tools that brings what is missing.
    """

    def __init__(self, feature: str, extra: str) -> None:
        super().__init__(
            f"{feature} needs packages that are not installed: "
            f'python -m pip install "cortical-tools[{extra}]"'
        )
        self.feature = feature
        self.extra = extra

    def __reduce__(self) -> tuple[type[MissingExtraError], tuple[str, str]]:
        return type(self), (self.feature, self.extra)


class SnapshotError(CorticalToolsError, ValueError):
    """A folder is not a snapshot, is damaged, or cannot be written."""


class ServiceError(CorticalToolsError, OSError):
    """The local CAVE service cannot run as asked."""
