import numpy as np
import pandas as pd
import pytest
from hypothesis import strategies as st

from ossify import Cell, Link

BIG = 2**53 + 1


@pytest.fixture
def cell():
    """A tree, level-2 vertices, a mesh, synapses and points that hang on nothing."""
    #  syn       5   6   7   8      far 1, 2: on nothing
    #            |    \ /    |
    #  graph    70    71    72    73
    #             \  /      |      |
    #  skeleton   12        13   (nothing)
    #               \      /
    #                 11       mesh 0, 1, 2: on 12, 13, 13
    #                 |
    #                 10
    skeleton = pd.DataFrame(
        [[0, 0, 0], [0, 1, 0], [0, 3, 0], [0, 1, 3]], columns=list("xyz"), index=[10, 11, 12, 13]
    )
    skeleton["compartment"] = np.array([1, 3, 2, 3], np.int8)
    synapses = pd.DataFrame(
        {
            "id": [5, 6, 7, 8],
            "l2_id": [70, 71, 71, 72],
            "partner": [BIG, BIG + 1, BIG, BIG],
            "pt_x": [0.0, 0, 0, 0],
            "pt_y": [3.0, 3, 3, 1],
            "pt_z": [0.0, 0, 1, 3],
        }
    )
    return (
        Cell(BIG, {"source": "drawn"}, space="atlas")
        .add_skeleton(skeleton, [[11, 10], [12, 11], [13, 11]], root=10)
        .add_graph(
            np.arange(12).reshape(4, 3),
            [[0, 1], [1, 2], [2, 3]],
            {"size": [1, 2, 3, 4]},
            vertex_index=[70, 71, 72, 73],
            linkage=Link([12, 12, 13, -1], target="skeleton"),
        )
        .add_mesh(np.eye(3), [[0, 1, 2]], linkage=Link([12, 13, 13], target="skeleton"))
        .add_point_annotations(
            "syn", synapses, "pt", vertex_index="id", linkage=Link("l2_id", target="graph")
        )
        .add_point_layer("far", [[99, 0, 0], [0, 99, 0]], vertex_index=[1, 2])
    )


@st.composite
def _cells(draw):
    """Small cells: any of the layers, links with gaps, features, one or several trees."""
    cell = Cell("drawn", units=draw(st.sampled_from(["nm", "um", None])))
    first = draw(st.sampled_from([0, BIG]))
    sizes = {}
    for name in ("skeleton", "graph", "mesh", "cloud", "syn"):
        n = draw(st.integers(0, 6))
        if name != "skeleton" and draw(st.booleans()) and draw(st.booleans()):
            continue
        ids = np.array(draw(st.permutations(range(first, first + n))), np.int64)
        frame = pd.DataFrame(
            np.array(
                draw(st.lists(st.integers(0, 9), min_size=3 * n, max_size=3 * n)), float
            ).reshape(n, 3),
            columns=list("xyz"),
            index=ids,
        )
        frame["value"] = pd.array(
            draw(st.lists(st.none() | st.integers(0, 3), min_size=n, max_size=n)), "Int64"
        )
        link = None
        if sizes and draw(st.integers(0, 3)):
            target = draw(st.sampled_from(sorted(sizes)))
            rows = st.lists(st.integers(-1, sizes[target] - 1), min_size=n, max_size=n)
            link = Link(draw(rows), target=target, map_value_is_index=False)
        sizes[name] = n
        if name == "skeleton":
            parents = [draw(st.integers(-1, row - 1)) for row in range(n)]
            edges = [(ids[row], ids[up]) for row, up in enumerate(parents) if up >= 0]
            cell.add_skeleton(frame, edges)
        elif name == "graph":
            pairs = (
                st.lists(st.tuples(*[st.sampled_from(ids)] * 2), max_size=6) if n else st.just([])
            )
            cell.add_graph(frame, draw(pairs), linkage=link)
        elif name == "mesh":
            faces = (
                st.lists(st.tuples(*[st.sampled_from(ids)] * 3), max_size=4) if n else st.just([])
            )
            cell.add_mesh(frame, draw(faces), linkage=link)
        elif name == "cloud":
            cell.add_point_layer(name, frame, linkage=link)
        else:
            cell.add_point_annotations(name, frame, linkage=link)
    return cell


@pytest.fixture(scope="session")
def cells():
    """A strategy for small cells."""
    return _cells()
