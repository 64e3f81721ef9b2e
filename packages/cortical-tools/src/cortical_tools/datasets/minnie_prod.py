"""The MICrONS cubic millimetre (minnie65) as it is being proofread."""

from cortical_tools.client import MicronsProdClient

__all__ = ["MicronsProdClient", "client"]

# Cheap: nothing is asked, read or loaded before the first question.
client: MicronsProdClient = MicronsProdClient()
