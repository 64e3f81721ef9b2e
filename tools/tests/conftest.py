"""Lets tests import what is in tools: nothing installs it, for it is only run."""

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE)]
