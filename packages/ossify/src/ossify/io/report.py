"""What a conversion between formats could not carry."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ossify.errors import ConversionError, ConversionWarning


@dataclass(frozen=True)
class NotCarried:
    """One thing that the other side has no place for.

    Attributes
    ----------
    kind
        What it is: ``"layer"``, ``"annotation"``, ``"feature"``, ``"link"`` and so on.
    name
        What it is called.
    count
        How many there are of it: vertices of a layer, values of a feature.
    reason
        Why it stays behind.
    """

    kind: str
    name: str
    count: int
    reason: str

    def __str__(self) -> str:
        return f"{self.kind} {self.name!r} ({self.count:,}): {self.reason}"


@dataclass(frozen=True)
class ConversionReport:
    """All that a conversion could not carry. True if there is anything.

    Attributes
    ----------
    what
        The conversion, in words.
    items
        What was left behind, in the order in which it was met.

    Examples
    --------
    >>> item = NotCarried("layer", "mesh", 1200, "an SWC file holds a skeleton alone")
    >>> print(ConversionReport("cell 'y' to SWC", (item,)))
    cell 'y' to SWC: 1 thing could not be carried
      layer 'mesh' (1,200): an SWC file holds a skeleton alone
    """

    what: str
    items: tuple[NotCarried, ...] = ()

    @classmethod
    def of(cls, what: str, items: Iterable[NotCarried]) -> ConversionReport:
        """The report of what `items` yields."""
        return cls(what, tuple(items))

    def __len__(self) -> int:
        return len(self.items)

    def __iter__(self) -> Iterator[NotCarried]:
        return iter(self.items)

    def __str__(self) -> str:
        if not self.items:
            return f"{self.what}: everything was carried"
        things = "1 thing" if len(self) == 1 else f"{len(self):,} things"
        return "\n".join(
            [f"{self.what}: {things} could not be carried", *(f"  {item}" for item in self)]
        )

    def check(self, strict: bool) -> None:
        """Raise if the conversion was to be complete and is not.

        Raises
        ------
        ConversionError
            If `strict` and there is anything to report; its attribute ``report`` is the report.
        """
        if strict and self.items:
            raise ConversionError(
                f"{self}\nstrict=True asks for a conversion that carries everything", self
            )

    def warn(self, stacklevel: int) -> None:
        """Warn with a `ConversionWarning` if there is anything to report."""
        if self.items:
            warnings.warn(str(self), ConversionWarning, stacklevel=stacklevel + 1)
