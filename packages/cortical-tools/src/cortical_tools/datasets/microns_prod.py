"""Another name of ``cortical_tools.datasets.minnie_prod``, with the same client."""

from cortical_tools.datasets.minnie_prod import MicronsProdClient, client

__all__ = ["MicronsProdClient", "client"]
