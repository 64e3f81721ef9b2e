"""The one thing that everything here needs and that may not be installed."""

from __future__ import annotations

import importlib.util


def require_matplotlib() -> None:
    """Make sure that matplotlib can be imported.

    Raises
    ------
    ImportError
        If it cannot; it says which extra brings it.
    """
    if importlib.util.find_spec("matplotlib") is None:
        raise ImportError(
            'ossify.plot needs matplotlib: pip install "ossify[plot]"', name="matplotlib"
        )
