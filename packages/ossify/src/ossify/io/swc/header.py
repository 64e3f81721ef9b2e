"""What the comments at the top of an SWC file say of its units, and what ours say."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ossify._version import __version__
from ossify.units import NOT_STATED, canonical_units

CONVENTION = "um"
"""What SWC files are in unless they say otherwise."""

_WRITTEN_BY = "SWC written by ossify"
_COLUMNS = "id type x y z radius parent"
# `units: nm`, `units = nm`, and `"units": "1 nanometer"` within the JSON that navis writes.
_UNITS = re.compile(r"""\bunits?["']?\s*[:=]\s*["']?([^"',;}]+)""", re.IGNORECASE)
_A_UNIT = re.compile(r"(\d+(?:\.\d*)?)?\s*([^\W\d]+)")
_NAME = re.compile(r"name:\s*(.+)")
_SPACE = re.compile(r"space:\s*(.+)")
_OURS = re.compile(rf"({_WRITTEN_BY}|name:|space:|units:|{_COLUMNS}$)")


@dataclass(frozen=True)
class Facts:
    """What a header says.

    Attributes
    ----------
    name
        The name of the cell, if it is given.
    units
        The units of the coordinates; µm, the convention, if none are given, and None if they are
        said to be unknown.
    space
        The name of the space that the coordinates are in, if it is given.
    """

    name: str | None = None
    units: str | None = CONVENTION
    space: str | None = None

    @classmethod
    def of(cls, header: Iterable[str]) -> Facts:
        """The facts among comment lines; the first line that tells one counts.

        Examples
        --------
        >>> Facts.of(["units: nanometers", "name: y"])
        Facts(name='y', units='nm', space=None)
        """
        lines = list(header)
        told = (_units(found[1]) for line in lines for found in [_UNITS.search(line)] if found)
        units = next((text for text in told if text), CONVENTION)
        return cls(
            _first(_NAME, lines), None if units == NOT_STATED else units, _first(_SPACE, lines)
        )

    def lines(self) -> list[str]:
        """The comment lines that say so."""
        known = {"name": self.name, "units": self.units or NOT_STATED, "space": self.space}
        told = [f"{key}: {' '.join(text.split())}" for key, text in known.items() if text]
        return [f"{_WRITTEN_BY} {__version__}", *told]


def header_lines(facts: Facts, further: str | Sequence[str] | None) -> list[str]:
    """The comment lines of a file: the facts, further lines, and what the columns are.

    Lines among `further` that an earlier export has written are left out.
    """
    if isinstance(further, str):
        further = further.splitlines()
    kept = [part for line in further or () for part in str(line).splitlines() or [""]]
    return [*facts.lines(), *(line for line in kept if not _OURS.match(line)), _COLUMNS]


def _first(pattern: re.Pattern[str], lines: Iterable[str]) -> str | None:
    return next((found[1].strip() for line in lines if (found := pattern.match(line))), None)


def _units(text: str) -> str | None:
    """The units that a text names, None if it is about something else."""
    text = re.sub(r"\(.*", "", text).strip()
    if text == NOT_STATED:
        return text
    found = _A_UNIT.fullmatch(text)
    if found is None:
        return None
    # "1 nanometer" is a nanometer; "8 nanometer" is a unit of its own.
    is_plain = float(found[1] or 1) == 1
    return canonical_units(found[2] if is_plain else text)
