"""The local CAVE service: a snapshot folder, served to the real clients of CAVE on this machine."""

from cortical_tools.local.faults import Fault, Faults, Request
from cortical_tools.local.recording import convert_recording
from cortical_tools.local.server import LocalService, serve
from cortical_tools.local.world import make_world

__all__ = [
    "Fault",
    "Faults",
    "LocalService",
    "Request",
    "convert_recording",
    "make_world",
    "serve",
]
