"""What can go wrong. Each class is also the builtin that it refines.

Nobody has to import these to catch them: ``except ValueError`` or ``except LookupError`` is enough.
"""

from __future__ import annotations

from typing import Any


class CorticalToolsError(Exception):
    """Anything that this package raises on its own account."""


class NotConfiguredError(CorticalToolsError, NotImplementedError):
    """A feature that needs a fact which the dataset does not give."""


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


class UnknownDatasetError(CorticalToolsError, ValueError):
    """A name that no dataset goes by."""


class UnknownDatastackError(CorticalToolsError, LookupError):
    """A datastack that the server does not have."""


class UnknownTableError(CorticalToolsError, AttributeError, KeyError):
    """A table or view that the materialization does not have."""

    # KeyError shows the repr of its argument, which turns a sentence into a quoted string.
    def __str__(self) -> str:
        return Exception.__str__(self)


class FilterError(CorticalToolsError, TypeError, ValueError):
    """A filter that a table does not have, or a value that this filter does not take."""


class UnknownVersionError(CorticalToolsError, ValueError):
    """A materialization version that the datastack never had."""


class ExpiredVersionError(CorticalToolsError, LookupError):
    """A materialization version whose tables are no longer on the server."""


class StaleRootError(CorticalToolsError, ValueError):
    """Root ids that did not exist, or no longer existed, at the time that was asked about.

    Attributes
    ----------
    root_ids
        The root ids in question, as far as they are known.
    """

    def __init__(self, message: str, root_ids: tuple[int, ...] = ()) -> None:
        super().__init__(message)
        self.root_ids = root_ids

    def __reduce__(self) -> tuple[type[StaleRootError], tuple[str, tuple[int, ...]]]:
        return type(self), (str(self), self.root_ids)


class IdError(CorticalToolsError, ValueError, TypeError):
    """Numbers that cannot be ids: not whole, through floating point, negative or too large."""


class TruncatedAnswerError(CorticalToolsError, RuntimeError):
    """A server kept rows back, and the query cannot be split into parts that are small enough."""


class AnswerError(CorticalToolsError, RuntimeError):
    """An answer that is not what the protocol says."""


class MissingTokenError(CorticalToolsError, PermissionError):
    """The server wants a token and there is none."""


class RefusedLoginError(CorticalToolsError, PermissionError):
    """The server does not accept the token, or not for this dataset."""


class UnreachableServerError(CorticalToolsError, ConnectionError):
    """Nobody answers at the server's address, or the connection broke."""


class ServerTimeoutError(CorticalToolsError, TimeoutError):
    """The server accepted the request and did not answer in time."""


class ServerBusyError(CorticalToolsError, ConnectionError):
    """The server turned the request away, and still did when it was asked again later."""


class ExportError(CorticalToolsError, ValueError):
    """An exported file is damaged, changed while it was read, or is not what its header says."""


class UnknownExportError(CorticalToolsError, ValueError, LookupError):
    """A table, or a version of it, that has not been exported."""


class MissingMeshError(CorticalToolsError, LookupError):
    """Objects whose meshes could not be had.

    Attributes
    ----------
    failures
        What went wrong, by root id.
    meshes
        Those that came, by root id.
    """

    def __init__(
        self,
        message: str,
        failures: dict[int, Exception] | None = None,
        meshes: dict[int, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.failures: dict[int, Exception] = failures or {}
        self.meshes: dict[int, Any] = meshes or {}

    def __reduce__(self) -> tuple[type[MissingMeshError], tuple[Any, ...]]:
        return type(self), (str(self), self.failures, self.meshes)


class SnapshotError(CorticalToolsError, ValueError):
    """A folder is not a snapshot, is damaged, or cannot be written."""


class ServiceError(CorticalToolsError, OSError):
    """The local CAVE service cannot run as asked."""
