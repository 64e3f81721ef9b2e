import sys
from html.parser import HTMLParser

import numpy as np

from ossify import Cell, Link

# The cell is drawn in conftest.


def test_a_cell_prints_as_a_tree(cell):
    cell.name = "drawn"
    assert str(cell.apply_mask("skeleton", [12])).splitlines() == [
        "# Cell: drawn",
        "Space",
        "└── units: nm, space: atlas",
        "Layers (4)",
        "├── skeleton: 1 vertices, 0 edges, 0 branch points, 1 end points",
        "│       features: compartment (int8)",
        "├── graph: 2 vertices, 1 edges",
        "│       features: size (int64)",
        "├── mesh: 1 vertices, 0 faces",
        "└── far: 2 vertices",
        "Annotations (1)",
        "└── syn: 3 vertices",
        "        features: l2_id (int64), partner (int64)",
        "Linkage (3 connections)",
        "├── graph <-> skeleton",
        "├── mesh <-> skeleton",
        "└── syn <-> graph",
        "Left out by masks, because they map to nothing",
        "└── graph: 1 vertices",
    ]


def test_links_tell_which_side_is_not_mapped_throughout(cell):
    lines = str(cell).splitlines()
    assert "├── graph <-> skeleton (graph 75.0% mapped, skeleton 50.0% mapped)" in lines
    assert "└── syn <-> graph (graph 75.0% mapped)" in lines


def test_a_share_is_a_whole_percentage_only_where_it_is_exact():
    n = 10_000
    rows = np.zeros(n, int)
    rows[0] = -1
    cell = Cell().add_graph(np.zeros((1, 3)))
    cell.add_point_annotations(
        "syn", np.zeros((n, 3)), linkage=Link(rows, target="graph", map_value_is_index=False)
    )
    assert "syn <-> graph (syn 99.9% mapped)" in str(cell)


def test_describing_prints_and_returns_nothing(cell, capsys):
    assert cell.describe() is None
    assert capsys.readouterr().out == f"{cell}\n"
    cell.describe(coverage=False)
    assert "└── syn <-> graph\n" in capsys.readouterr().out


def test_describing_as_html_prints_where_there_is_no_notebook(cell, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "IPython.display", None)
    monkeypatch.setitem(sys.modules, "IPython", None)
    cell.describe(html=True)
    assert capsys.readouterr().out == f"{cell}\n"


def test_an_empty_cell_says_what_is_not_there():
    text = str(Cell())
    assert text.startswith("# Cell: unnamed\n")
    for kind in ("skeleton", "graph", "mesh"):
        assert f"{kind}: not present" in text
    assert "Annotations (0)" in text
    assert "Linkage (0 connections)" in text


def test_units_that_differ_are_told_layer_by_layer(cell):
    cell.graph.transform(lambda xyz: xyz / 1000, inplace=True, units="um")
    cell.layers.far.transform(lambda xyz: xyz, inplace=True)
    assert (
        "units differ: skeleton nm, space: atlas, graph µm, mesh nm, space: atlas, "
        "far not stated, syn nm, space: atlas"
    ) in str(cell)


def test_units_are_told_where_they_are_not_stated(cell):
    assert "units: not stated" in str(cell.transform(lambda xyz: xyz))


class Checker(HTMLParser):
    """Collects text and sees to it that every tag is closed."""

    def __init__(self):
        super().__init__()
        self.open, self.text = [], []

    def handle_starttag(self, tag, attrs):
        if tag != "br":
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)


def test_html_is_whole_and_quotes_names(cell):
    cell.name = "<script>alert(1)</script>"
    cell.add_point_annotations("a<b>&", [[0, 0, 0]], features={"<i>": [1]})
    checker = Checker()
    checker.feed(cell._repr_html_())
    assert checker.open == []
    text = "\n".join(checker.text)
    assert "Cell: <script>alert(1)</script>" in text
    assert "a<b>&: 1 vertices" in text
    assert "features: <i> (int64)" in text
    assert "<script>" not in cell._repr_html_()


def test_a_repr_is_one_line(cell):
    assert repr(cell) == (
        f"Cell(name={2**53 + 1}, layers=['far', 'graph', 'mesh', 'skeleton'], annotations=['syn'])"
    )
    assert repr(cell.graph) == "GraphLayer('graph', 4 vertices, 3 edges)"


def test_describing_derives_nothing_from_the_geometry():
    n = 50_000
    parents = np.column_stack([np.arange(1, n), np.arange(n - 1)])
    cell = Cell().add_skeleton(np.zeros((n, 3)), parents)
    str(cell)
    assert "index" not in vars(cell.skeleton.tree)
    assert not {"csgraph", "from_root", "steps", "graph"} & set(vars(cell.skeleton._embedded))


def test_an_empty_cell_says_what_its_units_will_be():
    assert "units: µm, space: atlas" in str(Cell("x", units="um", space="atlas"))
