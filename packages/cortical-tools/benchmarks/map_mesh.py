"""Maps the mesh of a file once: `map_mesh.py ours|published FILE SERVER DATASTACK ROOT_ID`.

Leaves the labels in a file beside it, and prints seconds, those of the processor, and megabytes as
JSON.
"""

import importlib
import json
import sys
import time
from pathlib import Path

import numpy as np


def prepared(who, server, datastack, root_id):
    """What maps arrays of a mesh; everything that can be is loaded."""
    if who == "ours":
        # They would be loaded at first use.
        for module in ("scipy.optimize", "scipy.sparse.csgraph", "scipy.spatial"):
            importlib.import_module(module)
        from cortical_tools.local.world.plan import chunks
        from cortical_tools.mesh_labels import VertexAssigner

        return lambda **arrays: VertexAssigner(root_id, **arrays, chunks=chunks()).mesh_label
    from caveclient import CAVEclient
    from cortical_tools.mesh import MeshClient

    cave = CAVEclient(datastack, server_address=server, auth_token="abc", write_server_cache=False)
    client = MeshClient(caveclient=cave)
    return lambda **arrays: client.compute_vertex_to_l2_mapping(root_id, n_jobs=1, **arrays)


def kilobytes(what):
    """What Linux says of this process' memory."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith(what)).split()[1])


def main():
    who, path, server, datastack, root_id = sys.argv[1:]
    map_mesh = prepared(who, server, datastack, int(root_id))
    with np.load(path) as stored:
        arrays = {name: stored[name] for name in ("vertices", "faces", "lvl2_ids", "lvl2_pts")}
    # From here on the peak is measured anew.
    Path("/proc/self/clear_refs").write_text("5")
    before = kilobytes("VmRSS")
    started, busy = time.perf_counter(), time.process_time()
    labels = map_mesh(**arrays)
    found = {"seconds": time.perf_counter() - started, "processor": time.process_time() - busy}
    found["megabytes"] = (kilobytes("VmHWM") - before) / 1024
    np.save(f"{path}.{who}.npy", labels)
    print(json.dumps(found))


if __name__ == "__main__":
    main()
