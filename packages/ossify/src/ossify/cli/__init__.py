"""The ``ossify`` command."""

from ossify.cli.commands import app, main

__all__ = ["app", "main"]
