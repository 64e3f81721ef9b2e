"""Skeletons as the skeleton service answers for them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ossify._typing import AnyArray, IntArray
from ossify.errors import CaveDataError
from ossify.io.cave.work import ask_side_by_side, portions
from ossify.vertex_ids import as_id, as_ids

DEFAULT_VERSION = 4
METHODS = ("server", "gcs")

_NEEDED = ("vertices", "edges", "mesh_to_skel_map", "lvl2_ids")
_FEATURES = ("radius", "compartment")
# The service makes no more than 500 ready in one answer; fewer can be on their way side by side.
_SKELETONS_PER_REQUEST = 25


@dataclass(frozen=True, eq=False)
class ServiceSkeleton:
    """A skeleton of V vertices and the L level-2 vertices that it was made of.

    Parameters
    ----------
    points
        (V, 3) nm.
    edges
        (E, 2) rows [child, parent].
    root
        The row of the root; None where the answer does not say it.
    features
        ``radius`` in nm and ``compartment``, (V,) each, where the answer has them.
    l2_ids
        (L,) level-2 ids.
    row_of_l2
        (L,) the skeleton vertex of each.
    meta
        What the service says of it.
    """

    points: AnyArray
    edges: AnyArray
    root: int | None
    features: dict[str, AnyArray]
    l2_ids: IntArray
    row_of_l2: IntArray
    meta: dict[str, Any]

    @classmethod
    def from_answer(cls, root_id: int, answer: object, notes: list[str]) -> ServiceSkeleton:
        """The skeleton of an answer in ``dict`` form; `notes` says what it lacks.

        Raises
        ------
        CaveDataError
            If it is no such answer, or its parts do not fit together.
        """
        if not isinstance(answer, Mapping):
            raise CaveDataError(
                f"skeleton of root {root_id}: expected a dict of {', '.join(_NEEDED)}; got "
                f"{type(answer).__name__}"
            )
        missing = [name for name in _NEEDED if answer.get(name) is None]
        if missing:
            raise CaveDataError(
                f"skeleton of root {root_id}: the answer has no {', '.join(missing)}; "
                'ask for it with output_format="dict"'
            )
        l2_ids = as_ids(answer["lvl2_ids"], f"skeleton of root {root_id}: lvl2_ids")
        row_of_l2 = as_ids(
            answer["mesh_to_skel_map"],
            f"skeleton of root {root_id}: mesh_to_skel_map",
            allow_none=True,
        )
        if len(l2_ids) != len(row_of_l2):
            raise CaveDataError(
                f"skeleton of root {root_id}: {len(row_of_l2):,} values in mesh_to_skel_map for "
                f"{len(l2_ids):,} lvl2_ids"
            )
        features = {
            name: np.asarray(answer[name]) for name in _FEATURES if answer.get(name) is not None
        }
        notes.extend(
            f"the skeleton service gave no {name}, so the skeleton has no such feature"
            for name in _FEATURES
            if name not in features
        )
        root = answer.get("root")
        return cls(
            np.asarray(answer["vertices"], dtype=np.float64).reshape(-1, 3),
            np.asarray(answer["edges"]).reshape(-1, 2),
            None if root is None else as_id(root, f"skeleton of root {root_id}: root"),
            features,
            l2_ids,
            row_of_l2,
            dict(answer.get("meta") or {}),
        )


def get_skeleton(client: Any, root_id: int, version: int) -> object:
    """The answer for one root; the service makes the skeleton if it has none ready."""
    return client.skeleton.get_skeleton(root_id, skeleton_version=version, output_format="dict")


def get_ready_skeletons(
    client: Any,
    root_ids: IntArray,
    version: int,
    method: str,
    workers: int,
    progress: bool,
) -> dict[int, object]:
    """The answers for many roots, by root id; those that are not ready are not among them.

    Raises
    ------
    ValueError
        If `method` is neither ``"server"`` nor ``"gcs"``.
    """
    if method not in METHODS:
        raise ValueError(
            f"skeleton_download_method must be 'server' or 'gcs', not {method!r}; 'gcs' fetches "
            "from the bucket of the service itself"
        )

    # Clients make their services when they are first asked for, which is not for several threads.
    service = client.skeleton

    def fetch(part: IntArray) -> Mapping[str, object]:
        answers: Mapping[str, object] = service.fetch_skeletons(
            part.tolist(),
            skeleton_version=version,
            output_format="dict",
            method=method,
            generate_missing_skeletons=False,
        )
        return answers

    parts = portions(root_ids, _SKELETONS_PER_REQUEST)
    answers = ask_side_by_side(fetch, parts, workers, progress=progress, what="skeletons")
    return {int(root_id): answer for part in answers for root_id, answer in part.items()}
