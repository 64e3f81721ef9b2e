"""Links between layers, and how masks and mappings follow them.

A link gives every vertex of its source at most one vertex of its target: each level-2 vertex lies
on one skeleton vertex, each synapse on one level-2 vertex. Links are stored once and followed in
both directions and through one another, along the fewest links.
"""

from ossify.links.link import Link
from ossify.links.link_table import LinkTable
from ossify.links.linkage import Linkage, Step, Unmapped

__all__ = ["Link", "LinkTable", "Linkage", "Step", "Unmapped"]
