"""What an analysis needs of a dataset, frozen into a folder that answers like the dataset."""

from cortical_tools.snapshots.take import take_snapshot

__all__ = ["take_snapshot"]
