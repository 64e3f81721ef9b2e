"""Text that lines up."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Columns under their heads, the first flush left and the others flush right.

    Examples
    --------
    >>> print(table(["part", "µm"], [["axon", "1,234"], ["soma", "0"]]))
      part     µm
      axon  1,234
      soma      0
    """
    lines = [list(head), *map(list, rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(_line(cells, widths) for cells in lines)


def _line(cells: list[str], widths: list[int]) -> str:
    first = cells[0].ljust(widths[0])
    others = (cell.rjust(width) for cell, width in zip(cells[1:], widths[1:], strict=True))
    return "  " + "  ".join([first, *others]).rstrip()


def size_text(n_bytes: int) -> str:
    """A number of bytes, in the unit that keeps it short.

    Examples
    --------
    >>> size_text(999), size_text(1_234_567)
    ('999 B', '1.2 MB')
    """
    size = float(n_bytes)
    for unit in ("B", "kB", "MB", "GB"):
        if size < 1000 or unit == "GB":
            break
        size /= 1000
    return f"{size:.0f} {unit}" if unit == "B" else f"{size:,.1f} {unit}"
