"""Cells from CAVE: skeleton, level-2 graph and synapses as its services answer for them."""

from ossify.io.cave.many import fetch_frames_batch, load_cell_batch_from_client
from ossify.io.cave.one import load_cell_from_client

__all__ = ["fetch_frames_batch", "load_cell_batch_from_client", "load_cell_from_client"]
