"""Pictures of cells, with matplotlib, which comes with the extra ``plot``.

Importing this loads no matplotlib; the first picture does.
"""

from ossify.plot.mesh import plot_mesh_2d
from ossify.plot.morphology import plot_morphology_2d
from ossify.plot.scale_bar import add_scale_bar

__all__ = ["add_scale_bar", "plot_mesh_2d", "plot_morphology_2d"]
