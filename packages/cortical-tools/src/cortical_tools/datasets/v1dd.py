"""V1 Deep Dive as it is being proofread."""

from cortical_tools.client import V1ddClient

__all__ = ["V1ddClient", "client"]

# Cheap: nothing is asked, read or loaded before the first question.
client: V1ddClient = V1ddClient()
