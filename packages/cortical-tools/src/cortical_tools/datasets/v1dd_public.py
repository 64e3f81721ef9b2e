"""The public releases of V1 Deep Dive."""

from cortical_tools.client import V1ddPublicClient

__all__ = ["V1ddPublicClient", "client"]

# Cheap: nothing is asked, read or loaded before the first question.
client: V1ddPublicClient = V1ddPublicClient()
