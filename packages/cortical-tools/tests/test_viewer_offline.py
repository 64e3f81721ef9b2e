"""No view is looked up: in a process in which every try to reach anybody is noted and fails."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

VIEWS = """
import json, socket, sys, types
import numpy as np, pandas as pd
from cortical_tools import DatasetClient

client = DatasetClient(sys.argv[1], sys.argv[2])
client.neuroglancer_url()
tried = []

def refuse(event, arguments):
    if event in ("socket.connect", "socket.sendto", "socket.sendmsg") or event.startswith(
        ("socket.getaddrinfo", "socket.gethostby", "urllib.Request", "http.client.connect")
    ):
        tried.append(f"{event} {arguments[1:]}")
        raise OSError("this machine has no network")

# Unlike what is put in the place of a function, it sees whoever holds the function already.
sys.addaudithook(refuse)

from cortical_tools import cell_layers, point_layer, read_state, skeleton_layer

ONE = 864691135639806263
axes = [f"ctr_pt_position_{axis}" for axis in "xyz"]
synapses = pd.DataFrame([[7, 1.0, 2.0, 3.0, ONE, "a"]], columns=["id", *axes, "root", "tag"])
skeleton = types.SimpleNamespace(
    name="skeleton",
    vertices=np.zeros((2, 3)),
    edges_positional=np.array([[1, 0]]),
    nodes=pd.DataFrame({"kind": ["soma", "axon"]}),
    units="nm",
)
class Annotations(dict):
    names = ()
cell = types.SimpleNamespace(name="c", skeleton=skeleton, annotations=Annotations())
layers = [
    point_layer(synapses, "synapses", color_by="tag", segment_columns="root"),
    *cell_layers(cell, color_by="kind"),
    skeleton_layer(cell, "again"),
]
links = [
    client.neuroglancer_url(),
    client.neuroglancer_url("https://a.example/", root_ids=[ONE], layers=layers),
    client.neuroglancer_url(root_ids=ONE, position=[1, 2, 3], shorten="if_long"),
]
for options in ({}, {"layers": layers}, {"position": [1, 2, 3]}):
    view = client.neuroglancer_viewer(ONE, **options)
    links += [view.to_url(), view.to_url(target_url="https://a.example/")]
    view.to_dict(), view.to_json_string(), repr(view)
    view.add_points(synapses, name="more", point_column=axes, data_resolution=[1, 1, 1]).to_url()
shown = [client._repr_html_(), repr(client), repr(client.mesh)]
segments = [client.neuroglancer_tables(link).segments["root_id"].tolist() for link in links]
assert segments[1:] == [[ONE]] * (len(links) - 1), segments
assert read_state(links[1]).annotations["id"].tolist()[0] == "7"
by_views = list(tried)
try:
    socket.socket().connect(("127.0.0.1", 9))
except OSError:
    pass
print(json.dumps({"views": by_views, "test": tried[len(by_views) :]}))
"""


def test_views_links_and_layers_try_to_reach_nobody(service, tmp_path):
    pytest.importorskip("nglui")
    script = tmp_path / "views.py"
    script.write_text(VIEWS)
    done = subprocess.run(
        [sys.executable, "-W", "ignore", str(script), service.datastack, service.url],
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    tried = json.loads(done.stdout.splitlines()[-1])
    assert tried["views"] == []
    # Had they tried, it would have been seen.
    assert len(tried["test"]) == 1
    assert tried["test"][0].startswith("socket.connect")
