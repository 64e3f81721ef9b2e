"""What happens where the extra is not installed."""

from __future__ import annotations

import importlib.util
import subprocess
import sys

import pytest

import ossify


def test_the_error_names_the_extra(monkeypatch, y_shaped, ax):
    found = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == "matplotlib" else found(name)
    )
    for draw in (lambda: ossify.plot_morphology_2d(y_shaped), lambda: ossify.add_scale_bar(ax, 1)):
        with pytest.raises(ImportError, match=r'pip install "ossify\[plot\]"') as caught:
            draw()
        assert caught.value.name == "matplotlib"


def test_naming_a_function_that_draws_loads_no_matplotlib():
    code = "import sys, ossify; ossify.plot_morphology_2d; assert 'matplotlib' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
