"""What can be wrong, as subclasses of the builtin each one refines.

Nobody has to import these to catch them: ``except ValueError`` or ``except KeyError`` is enough.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence


class OssifyError(Exception):
    """Base of every exception that is raised by ossify alone."""

    def __str__(self) -> str:
        # KeyError, which some refine, shows the repr of its argument: a sentence in quotes.
        return Exception.__str__(self)


class TopologyError(OssifyError, ValueError):
    """Edges, parents or faces that do not make the tree, graph or surface they should.

    Attributes
    ----------
    rows
        The first offending rows, where there are any.
    """

    def __init__(self, message: str, rows: Sequence[int] = ()) -> None:
        super().__init__(message)
        self.rows: tuple[int, ...] = tuple(int(row) for row in rows)

    def __reduce__(self) -> tuple[type[TopologyError], tuple[str, tuple[int, ...]]]:
        return type(self), (str(self), self.rows)


class VertexIdError(OssifyError, ValueError):
    """Numbers that cannot be vertex ids: negative, too large, not whole, repeated."""


class UnknownVertexError(OssifyError, KeyError, ValueError):
    """Vertex ids or rows that a layer does not have."""


class UnknownLayerError(OssifyError, KeyError, ValueError):
    """A layer or annotation name that the cell does not have."""


class UnknownFeatureError(OssifyError, KeyError, ValueError):
    """A feature name that a layer does not have."""


class LinkError(OssifyError, ValueError):
    """A link that does not fit its layers, or layers that no link connects."""


class UnmappedVertexError(OssifyError, KeyError, ValueError):
    """Vertices that were asked to map to a layer and do not."""


class MaskError(OssifyError, ValueError):
    """A mask or selection that does not fit the layer it is meant for."""


class ShapeError(OssifyError, ValueError):
    """An array or table of the wrong length, shape or kind."""


class UnitsError(OssifyError, ValueError):
    """Units that are unknown, or two that cannot be used together."""


class OsyFormatError(OssifyError, ValueError):
    """A file that is not an ``.osy``, or one that is damaged or from a newer format."""


class SWCFormatError(OssifyError, ValueError):
    """A file that is not SWC, or one that makes no tree."""


class MeshWorkFormatError(OssifyError, ValueError):
    """A file that is no MeshWork file, or one that is damaged or cannot be read safely."""


class ConversionError(OssifyError, ValueError):
    """A conversion that was to carry everything and cannot.

    Attributes
    ----------
    report
        A `ConversionReport` of what would be left behind.
    """

    def __init__(self, message: str, report: object = None) -> None:
        super().__init__(message)
        self.report = report

    def __reduce__(self) -> tuple[type[ConversionError], tuple[str, object]]:
        return type(self), (str(self), self.report)


class ConversionWarning(UserWarning):
    """A conversion that has left something behind, or had to take something for granted."""


class SourceChangedError(OssifyError, OSError):
    """A file that was changed while parts of it were read."""


class CellsNotLoadedError(OssifyError, OSError):
    """Several cells were to be loaded, and some could not be.

    Attributes
    ----------
    failures
        What went wrong, by the name of the file.
    """

    def __init__(self, message: str, failures: Mapping[str, Exception]) -> None:
        super().__init__(message)
        self.failures: dict[str, Exception] = dict(failures)

    def __reduce__(self) -> tuple[type[CellsNotLoadedError], tuple[str, dict[str, Exception]]]:
        return type(self), (str(self), self.failures)


class CaveDataError(OssifyError, ValueError):
    """An answer of CAVE that no cell can be made of, or a root id that it cannot answer for."""


class IncompleteAnswerError(OssifyError, RuntimeError):
    """A server that sends only a part of what was asked for."""


class CaveDataWarning(UserWarning):
    """Something that CAVE does not have of a cell, and what stands in its place."""
