"""The public releases of the MICrONS cubic millimetre (minnie65)."""

from cortical_tools.client import MinniePublicClient

__all__ = ["MinniePublicClient", "client"]

# Cheap: nothing is asked, read or loaded before the first question.
client: MinniePublicClient = MinniePublicClient()
