"""Which level-2 id each vertex of a mesh belongs to, from arrays alone.

`VertexAssigner` does it in steps, a module each: `pieces` cuts the mesh where chunks end,
`labelling` gives pieces their ids, with `winding` to tell what is inside of what, `proximity` does
so for what floats, `lookup` from voxels where somebody has them, and `propagation` along the mesh.
"""

from cortical_tools.mesh_labels.assigner import Assignment, VertexAssigner
from cortical_tools.mesh_labels.labelling import Method

__all__ = ["Assignment", "Method", "VertexAssigner"]
