"""Another name of ``cortical_tools.datasets.minnie_public``, with the same client."""

from cortical_tools.datasets.minnie_public import MinniePublicClient, client

__all__ = ["MinniePublicClient", "client"]
