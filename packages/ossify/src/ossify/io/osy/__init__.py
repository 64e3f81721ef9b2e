"""The ``.osy`` format: a tar archive of tables and arrays, with an index of everything in front."""

from ossify.io.osy.manifest import Manifest
from ossify.io.osy.reader import describe_file, load_cell, open_cell
from ossify.io.osy.writer import save_cell

__all__ = ["Manifest", "describe_file", "load_cell", "open_cell", "save_cell"]
