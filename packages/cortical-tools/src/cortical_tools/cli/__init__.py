"""The ``cortical-tools`` command."""

from cortical_tools.cli.commands import app, main

__all__ = ["app", "main"]
