"""Meshes of objects, and which level-2 id each of their vertices belongs to."""

from __future__ import annotations

import hashlib
import threading
import warnings
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cortical_tools import datastack, level2
from cortical_tools.chunks import Chunks
from cortical_tools.connection import Connection
from cortical_tools.errors import MissingExtraError, MissingMeshError
from cortical_tools.ids import Ids, int_ids, one_id
from cortical_tools.mesh_labels import VertexAssigner
from cortical_tools.parallel import side_by_side
from cortical_tools.progress import progress_bar
from cortical_tools.roots import get_roots, latest_valid_timestamp
from cortical_tools.voxels import l2_ids_at

if TYPE_CHECKING:
    from caveclient.frameworkclient import CAVEclientFull
    from cloudvolume import CloudVolume, Mesh

# Meshes downloaded at once; each of them has its own threads.
_AT_ONCE = 4


class MeshClient:
    """The meshes of one dataset; ``client.mesh``.

    Downloading needs ``cortical-tools[mesh]``, mapping a mesh that is there does not.

    Parameters
    ----------
    caveclient
        Who is asked: a CAVEclient, or the `Connection` of a `DatasetClient`.
    cv_path
        Where the segmentation is, as cloud-volume wants it; by default where the datastack has it.

    Examples
    --------
    >>> from cortical_tools import DatasetClient
    >>> DatasetClient("minnie65_public").mesh
    MeshClient('minnie65_public')
    """

    def __init__(
        self, caveclient: CAVEclientFull | Connection | None = None, cv_path: str | None = None
    ) -> None:
        if caveclient is None:
            raise TypeError("a MeshClient needs a caveclient")
        is_ours = isinstance(caveclient, Connection)
        self._connection = caveclient if is_ours else Connection(caveclient=caveclient)
        self._cv_path = cv_path
        self._cv: Any = None
        self._making = threading.RLock()
        self._finished: dict[int, tuple[object, VertexAssigner]] = {}

    def __repr__(self) -> str:
        return f"MeshClient({self._connection.datastack_name!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        """In another process it connects anew, and has mapped nothing yet."""
        return type(self), (self._connection, self._cv_path)

    @property
    def cv(self) -> CloudVolume:
        """The CloudVolume of the segmentation, made at first use."""
        with self._making:
            if self._cv is None:
                self._cv = self._cloudvolume()
            return self._cv

    def get_mesh(self, root_id: Ids, *, progress: bool = False, **kwargs: Any) -> Mesh:
        """The mesh of one object.

        Parameters
        ----------
        root_id
            One root id.
        progress
            Whether cloud-volume shows how far it is.
        **kwargs
            As for ``cloudvolume.CloudVolume.mesh.get``, such as ``deduplicate_chunk_boundaries``.

        Returns
        -------
        cloudvolume.Mesh
            Its ``vertices`` (V, 3) float32 in nanometres, and ``faces`` (F, 3).

        Raises
        ------
        MissingMeshError
            If there is none. A LookupError.
        MissingExtraError
            If cloud-volume is not installed. An ImportError.
        """
        root = one_id(root_id, "root_id")
        with self._making:
            before, self.cv.progress = self.cv.progress, progress
        try:
            return self._downloaded(root, kwargs)
        except _absences() as error:
            raise self._missing({root: error}, {}) from error
        finally:
            self.cv.progress = before

    def get_meshes(
        self,
        root_ids: Ids,
        *,
        progress: bool = True,
        skip_missing: bool = False,
        **kwargs: Any,
    ) -> dict[int, Mesh]:
        """The meshes of several objects, some at a time.

        Parameters
        ----------
        root_ids
            Any number; each is downloaded once.
        progress
            Whether to show how many are there.
        skip_missing
            Whether those that cannot be had are left out with a warning that names them. Otherwise
            they are an error, which has those that came.
        **kwargs
            As for `get_mesh`.

        Returns
        -------
        dict of root id → cloudvolume.Mesh
            In the order of `root_ids`.

        Raises
        ------
        MissingMeshError
            If some could not be had: their errors are its ``failures``, the others its ``meshes``.
        """
        roots = list(dict.fromkeys(int_ids(root_ids, "root_ids").tolist()))
        if not roots:
            return {}
        _ = self.cv
        failures: dict[int, Exception] = {}

        def fetch(root: int) -> Mesh | None:
            try:
                return self._downloaded(root, kwargs)
            except _absences() as error:
                failures[root] = error
                return None

        with progress_bar("meshes", len(roots), progress) as step:
            found = side_by_side(fetch, roots, _AT_ONCE, step)
        meshes = {root: mesh for root, mesh in zip(roots, found, strict=True) if mesh is not None}
        if failures:
            failures = {root: failures[root] for root in roots if root in failures}
            if not skip_missing:
                raise self._missing(failures, meshes)
            warnings.warn(str(self._missing(failures, meshes)), UserWarning, stacklevel=2)
        return meshes

    @property
    def mesh_l2_mappings(self) -> dict[int, NDArray[np.int64]]:
        """The last mapping of each root id that was computed here; see `forget_mappings`."""
        return {root: assigner.mesh_label for root, (_, assigner) in self._finished.items()}

    def forget_mappings(self) -> None:
        """Let go of all mappings, and of the meshes they are of."""
        self._finished.clear()

    def compute_vertex_to_l2_mapping(
        self,
        root_id: Ids,
        vertices: ArrayLike | None = None,
        faces: ArrayLike | None = None,
        lvl2_ids: Ids | None = None,
        lvl2_pts: ArrayLike | None = None,
        max_distance: float = 500,
        ratio_better: float = 0.5,
        hop_limit: int | None = None,
        cloudvolume_fallback: bool = False,
        n_jobs: int = -1,
        return_assigner: bool = False,
        mesh_kwargs: Mapping[str, Any] | None = None,
        *,
        chunks: Chunks | None = None,
        fill_unknown: bool = False,
    ) -> Any:
        """The level-2 id of every vertex of a mesh.

        What is not given is asked for. With everything given, `chunks` too, nobody is asked, except
        for a `cloudvolume_fallback`. A mapping that was computed before is handed out again.

        Parameters
        ----------
        root_id
            Whose mesh it is.
        vertices, faces
            A mesh that is there already: (V, 3) nanometres, and (F, 3) rows of them.
        lvl2_ids, lvl2_pts
            All level-2 ids of the object, and a point inside of each, in nanometres.
        max_distance, ratio_better, hop_limit, fill_unknown
            As for `VertexAssigner.compute_mesh_label`.
        cloudvolume_fallback
            Whether what nothing else tells the id of is looked up in the segmentation: every file
            of voxels around it is downloaded, which is much slower. `lvl2_ids` are those that it
            can get.
        n_jobs
            Without effect: one processor is quicker than handing a mesh to several.
        return_assigner
            Whether the `VertexAssigner` comes, too, which has the mesh and how each vertex was
            assigned.
        mesh_kwargs
            As for `get_mesh`, where the mesh is downloaded.
        chunks
            The geometry of the segmentation; by default that of the datastack.

        Returns
        -------
        (V,) int64 array, or that and a VertexAssigner
            0 where there is none.
        """
        root = one_id(root_id, "root_id")
        if (vertices is None) != (faces is None):
            raise ValueError("vertices and faces: give both, or none to have the mesh downloaded")
        if lvl2_pts is not None and lvl2_ids is None:
            raise ValueError("lvl2_pts: they are points of lvl2_ids, which are not given")
        options = (max_distance, ratio_better, hop_limit, fill_unknown, cloudvolume_fallback)
        given = [vertices, faces, lvl2_ids, lvl2_pts]
        key = (options, _digest(given), repr(sorted((mesh_kwargs or {}).items())), repr(chunks))
        finished = self._finished.get(root)
        if finished is None or finished[0] != key:
            if vertices is None or faces is None:
                mesh = self.get_mesh(root, **(mesh_kwargs or {}))
                vertices, faces = mesh.vertices, mesh.faces
            assigner = self._assigner(root, vertices, faces, lvl2_ids, lvl2_pts, chunks)
            look_up = self._voxels_of(root) if cloudvolume_fallback else None
            assigner.compute_mesh_label(
                max_distance, ratio_better, hop_limit, fill_unknown=fill_unknown, look_up=look_up
            )
            self._finished[root] = finished = key, assigner
        assigner = finished[1]
        return (assigner.mesh_label, assigner) if return_assigner else assigner.mesh_label

    def _assigner(
        self,
        root: int,
        vertices: ArrayLike,
        faces: ArrayLike,
        lvl2_ids: Ids | None,
        lvl2_pts: ArrayLike | None,
        chunks: Chunks | None,
    ) -> VertexAssigner:
        ids = level2.get_l2_ids(self._connection, root) if lvl2_ids is None else lvl2_ids
        if lvl2_pts is None:
            ids = int_ids(ids, "lvl2_ids")
            found = level2.get_l2data(self._connection, ids, attributes=["rep_coord_nm"])
            lvl2_pts = np.asarray(found, dtype=np.float64)
        if chunks is None:
            chunks = Chunks.from_info(self._connection.chunkedgraph.segmentation_info)
        return VertexAssigner(root, vertices, faces, ids, lvl2_pts, chunks)

    def _voxels_of(self, root: int) -> Callable[[NDArray[np.float64]], NDArray[np.int64]]:
        """What says which level-2 ids of an object are at points, while it stands."""

        def look_up(points: NDArray[np.float64]) -> NDArray[np.int64]:
            when = latest_valid_timestamp(self._connection, root)[0]
            found = l2_ids_at(self._connection, self.cv, points, when)
            distinct, which = np.unique(found, return_inverse=True)
            is_its = get_roots(self._connection, distinct, when) == root
            return np.where(is_its, distinct, 0)[which]

        return look_up

    def _cloudvolume(self) -> Any:
        if self._cv_path is None:
            return datastack.cloudvolume(self._connection, "segmentation", progress=False)
        try:
            import cloudvolume
        except ImportError as error:
            raise MissingExtraError("downloading meshes", "mesh") from error
        return cloudvolume.CloudVolume(self._cv_path, progress=False, use_https=True)

    def _downloaded(self, root: int, options: Mapping[str, Any]) -> Mesh:
        found = self.cv.mesh.get(root, **options)
        # Some layouts come by root id, others as they are.
        return found[root] if isinstance(found, Mapping) else found

    def _missing(
        self, failures: Mapping[int, Exception], meshes: Mapping[int, Mesh]
    ) -> MissingMeshError:
        first, error = next(iter(failures.items()))
        n_roots = len(failures) + len(meshes)
        return MissingMeshError(
            f"{len(failures)} of {n_roots} meshes of {self._connection.datastack_name} could not "
            f"be had, the first is that of {first}: {error}",
            dict(failures),
            dict(meshes),
        )


def _absences() -> tuple[type[Exception], ...]:
    """What cloud-volume and its requests raise where there is no mesh, or no answer."""
    from cloudvolume.exceptions import MeshDecodeError
    from requests import RequestException

    return (RequestException, MeshDecodeError, IndexError, KeyError)


def _digest(values: Iterable[Any]) -> str:
    """What stands for the contents of some arrays."""
    digest = hashlib.blake2b(digest_size=16)
    for value in values:
        array = None if value is None else np.ascontiguousarray(value)
        digest.update(b"none" if array is None else f"{array.dtype}{array.shape}".encode())
        if array is not None:
            digest.update(repr(array.tolist()).encode() if array.dtype == object else array.data)
    return digest.hexdigest()
