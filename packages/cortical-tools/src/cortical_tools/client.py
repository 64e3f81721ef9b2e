"""The clients: one object per dataset, through which everything about it is asked.

A client is cheap to make. It connects when it is first asked something.
"""

from __future__ import annotations

import html
import os
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal, overload

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from cortical_tools import (
    coordinates,
    datastack,
    level2,
    morphology,
    roots,
    skeleton_cache,
    snapshots,
    staging,
    states,
    synapses,
    viewer,
    viewer_tables,
)
from cortical_tools._described import described_by
from cortical_tools.catalogue import Catalogue
from cortical_tools.cell_ids import LookupTables, cell_id_to_root_id, root_id_to_cell_id
from cortical_tools.connection import Connection
from cortical_tools.coordinates import Transform
from cortical_tools.dataset_spec import DatasetSpec, find_dataset, server_of
from cortical_tools.errors import NotConfiguredError
from cortical_tools.exports import TableExportClient
from cortical_tools.ids import Ids
from cortical_tools.meshes import MeshClient
from cortical_tools.morphology import ReferenceTables
from cortical_tools.tables import Tables
from cortical_tools.web import Patience

if TYPE_CHECKING:
    from caveclient.frameworkclient import CAVEclientFull
    from standard_transform.datasets import Dataset

    from cortical_tools.morphology import Cell


class DatasetClient:
    """Everything about one dataset in CAVE.

    Parameters
    ----------
    datastack_name
        What CAVE calls the dataset. May be left out where `caveclient` is given.
    server_address
        The CAVE server. By default the one that caveclient has noted for the datastack.
    caveclient
        An existing CAVEclient to work with, instead of one of the client's own.
    materialization_version
        The version that everything refers to, with its timestamp. By default the most recent
        version for tables, and the present for root ids.
    cell_id_lookup_view, root_id_lookup_main_table, root_id_lookup_alt_tables
        Where cell ids are looked up; see `DatasetSpec`.
    dataset_transform
        The transforms into cortical space: a dataset of ``standard_transform``, or its name there.
    static_table_cloudpath
        Where tables are exported to.
    auth_token
        Instead of the one that caveclient has stored.
    patience
        How long servers are waited for, and how often they are asked again.

    Examples
    --------
    >>> client = DatasetClient("minnie65_public", "https://global.daf-apis.com")
    >>> client
    DatasetClient(datastack_name='minnie65_public', version=None)
    """

    def __init__(
        self,
        datastack_name: str | None = None,
        server_address: str | None = None,
        caveclient: CAVEclientFull | None = None,
        *,
        materialization_version: int | None = None,
        cell_id_lookup_view: str | None = None,
        root_id_lookup_main_table: str | None = None,
        root_id_lookup_alt_tables: Sequence[str] | None = None,
        dataset_transform: Dataset | str | None = None,
        static_table_cloudpath: str | None = None,
        auth_token: str | None = None,
        patience: Patience | None = None,
    ) -> None:
        self._connection = Connection(
            datastack_name,
            server_address,
            caveclient=caveclient,
            version=materialization_version,
            auth_token=auth_token,
            patience=patience,
        )
        self._catalogue = Catalogue(self._connection)
        self._mesh = MeshClient(self._connection)
        self._lookup = LookupTables(
            view=cell_id_lookup_view,
            main=root_id_lookup_main_table,
            alternatives=tuple(root_id_lookup_alt_tables or ()),
        )
        self._transform = dataset_transform
        self._exports: TableExportClient | None = None
        if static_table_cloudpath is not None:
            self.set_export_cloudpath(static_table_cloudpath)

    @classmethod
    def from_spec(cls, spec: DatasetSpec, **options: Any) -> DatasetClient:
        """A client for a dataset; `options` are those of the constructor and go before the spec."""
        facts = {
            "datastack_name": spec.datastack_name,
            "server_address": spec.server_address,
            "cell_id_lookup_view": spec.cell_id_lookup_view,
            "root_id_lookup_main_table": spec.root_id_lookup_main_table,
            "root_id_lookup_alt_tables": spec.root_id_lookup_alt_tables,
            "dataset_transform": spec.transform_name,
            "static_table_cloudpath": spec.static_table_cloudpath,
        }
        return DatasetClient(**(facts | options))

    # What it is

    @property
    def cave(self) -> CAVEclientFull:
        """The CAVEclient itself, connected."""
        return self._connection.cave

    @property
    def datastack_name(self) -> str:
        """What CAVE calls the dataset."""
        return self._connection.datastack_name

    @property
    def server_address(self) -> str | None:
        """The CAVE server."""
        return self._connection.server_address

    @property
    def tables(self) -> Tables:
        """The tables of the version; see `Tables`."""
        return Tables(self._connection, self._catalogue, "tables", self.version)

    @property
    def views(self) -> Tables:
        """The views of the version; see `Tables`."""
        return Tables(self._connection, self._catalogue, "views", self.version)

    @property
    def space(self) -> Dataset:
        """The transforms into cortical space, of the package ``standard_transform``."""
        if self._transform is None or isinstance(self._transform, str):
            return coordinates.named_transform(self._transform, self.datastack_name)
        return self._transform

    @property
    def dataset_transform(self) -> Dataset:
        """The same as `space`."""
        return self.space

    @property
    def exports(self) -> TableExportClient:
        """Table exports, once `set_export_cloudpath` has said where they are."""
        if self._exports is None:
            raise NotConfiguredError(
                f"it is not known where the tables of {self.datastack_name} are exported to: ask "
                "its administrators, and say it with client.set_export_cloudpath(cloudpath)"
            )
        return self._exports

    def set_export_cloudpath(
        self,
        cloudpath: str | os.PathLike[str],
        *,
        cache: bool | str | os.PathLike[str] = True,
    ) -> None:
        """Say where the tables of the dataset are exported to; see `TableExportClient`."""
        self._exports = TableExportClient(cloudpath, cache)

    @property
    def mesh(self) -> MeshClient:
        """Meshes, and the level-2 ids of their vertices; see `MeshClient`."""
        return self._mesh

    # When

    @property
    def version(self) -> int:
        """The materialization version that queries refer to. Can be set."""
        return self._connection.version

    @version.setter
    def version(self, version: int) -> None:
        self._connection.version = version

    def fix_mat_timestamp(self, version: int | None = None) -> None:
        """Take a version, by default the present one, and its time for everything from now on."""
        self._connection.pin(version)

    def unfix_mat_timestamp(self) -> None:
        """Look root ids up at the present again; the version for tables stays."""
        self._connection.unpin()

    def version_timestamp(self, version: int | None = None) -> datetime:
        """When a version, by default the present one, was frozen; in UTC."""
        return self._connection.timestamp_of(version)

    def most_recent_materialization_version(self) -> int:
        """The newest version whose tables are there; asked anew every time."""
        return int(self._connection.materialize.most_recent_version())

    @staticmethod
    def now() -> datetime:
        """The present, in UTC."""
        return datetime.now(UTC)

    # Root ids

    @described_by(roots.get_roots)
    def get_roots(
        self,
        supervoxel_ids: Ids,
        timestamp: datetime | None = None,
        stop_layer: int | None = None,
    ) -> NDArray[np.int64]:
        return roots.get_roots(self._connection, supervoxel_ids, timestamp, stop_layer)

    @described_by(roots.is_latest_roots)
    def is_latest_roots(
        self, root_ids: Ids, timestamp: datetime | None = None
    ) -> NDArray[np.bool_]:
        return roots.is_latest_roots(self._connection, root_ids, timestamp)

    @described_by(roots.latest_valid_timestamp)
    def latest_valid_timestamp(self, root_ids: Ids) -> NDArray[np.object_]:
        return roots.latest_valid_timestamp(self._connection, root_ids)

    @described_by(roots.get_latest_roots)
    def get_latest_roots(
        self,
        root_id: Ids,
        timestamp: datetime | None = None,
        timestamp_future: datetime | None = None,
    ) -> NDArray[np.int64]:
        return roots.get_latest_roots(self._connection, root_id, timestamp, timestamp_future)

    @described_by(roots.suggest_latest_roots)
    def suggest_latest_roots(
        self,
        root_id: Ids,
        timestamp: datetime | None = None,
        stop_layer: int | None = None,
        return_all: bool = False,
        return_fraction_overlap: bool = False,
    ) -> Any:
        return roots.suggest_latest_roots(
            self._connection, root_id, timestamp, stop_layer, return_all, return_fraction_overlap
        )

    # Cell ids

    @described_by(cell_id_to_root_id)
    def cell_id_to_root_id(
        self,
        cell_ids: Ids,
        timestamp: datetime | None = None,
        materialization_version: int | None = None,
        filter_empty: bool = False,
        omit_multiple: bool = False,
    ) -> pd.DataFrame:
        return cell_id_to_root_id(
            self._connection,
            self._lookup,
            cell_ids,
            timestamp,
            materialization_version,
            filter_empty,
            omit_multiple,
        )

    @described_by(root_id_to_cell_id)
    def root_id_to_cell_id(self, root_ids: Ids, filter_empty: bool = False) -> pd.DataFrame:
        return root_id_to_cell_id(self._connection, self._lookup, root_ids, filter_empty)

    # Synapses

    @described_by(synapses.query_synapses)
    def query_synapses(
        self,
        root_ids: Ids,
        pre: bool = False,
        post: bool = False,
        reference_tables: Sequence[str] | str | None = None,
        synapse_table: str | None = None,
        omit_self_synapse: bool = True,
        resolution: Sequence[float] = (1, 1, 1),
        split_positions: bool = True,
        live: bool = False,
        timestamp: datetime | None = None,
        suffixes: Mapping[str, str] | None = None,
        batch_size: int = 10,
        ref_batch_size: int = 5000,
        progress: bool = True,
    ) -> pd.DataFrame:
        return synapses.query_synapses(
            self._connection,
            root_ids,
            pre=pre,
            post=post,
            reference_tables=reference_tables,
            synapse_table=synapse_table,
            omit_self_synapse=omit_self_synapse,
            resolution=resolution,
            split_positions=split_positions,
            live=live,
            timestamp=timestamp,
            suffixes=suffixes,
            batch_size=batch_size,
            ref_batch_size=ref_batch_size,
            progress=progress,
        )

    # Level 2 and skeletons

    @described_by(level2.get_l2_ids)
    def get_l2_ids(self, root_id: Ids, bounds: ArrayLike | None = None) -> NDArray[np.int64]:
        return level2.get_l2_ids(self._connection, root_id, bounds)

    @overload
    def get_l2data(
        self,
        l2_ids: Ids,
        attributes: Sequence[str] | None = None,
        as_dataframe: Literal[True] = True,
        split_columns: bool = True,
    ) -> pd.DataFrame: ...

    @overload
    def get_l2data(
        self,
        l2_ids: Ids,
        attributes: Sequence[str] | None = None,
        *,
        as_dataframe: Literal[False],
        split_columns: bool = True,
    ) -> dict[str, dict[str, Any]]: ...

    @overload
    def get_l2data(
        self,
        l2_ids: Ids,
        attributes: Sequence[str] | None = None,
        as_dataframe: bool = True,
        split_columns: bool = True,
    ) -> pd.DataFrame | dict[str, dict[str, Any]]: ...

    @described_by(level2.get_l2data)
    def get_l2data(
        self,
        l2_ids: Ids,
        attributes: Sequence[str] | None = None,
        as_dataframe: bool = True,
        split_columns: bool = True,
    ) -> pd.DataFrame | dict[str, dict[str, Any]]:
        return level2.get_l2data(self._connection, l2_ids, attributes, as_dataframe, split_columns)

    @described_by(skeleton_cache.skeletons_exist)
    def skeletons_exist(
        self,
        skeleton_version: int = 4,
        root_ids: Ids = (),
        log_warning: bool = True,
        verbose_level: int = 0,
    ) -> dict[int, bool]:
        return skeleton_cache.skeletons_exist(
            self._connection, skeleton_version, root_ids, log_warning, verbose_level
        )

    @described_by(morphology.get_skeleton)
    def get_skeleton(
        self,
        root_id: Ids,
        synapses: bool = True,
        restore_graph: bool = False,
        restore_properties: bool = True,
        synapse_reference_tables: ReferenceTables = None,
        skeleton_version: int | None = None,
        transform: Transform | None = None,
        *,
        reference_tables: ReferenceTables = None,
        include_partner_root_id: bool = False,
        timestamp: datetime | None = None,
        synapse_spatial_point: str = "ctr_pt_position",
        omit_self_synapses: bool = True,
    ) -> Cell:
        return morphology.get_skeleton(
            self._connection,
            root_id,
            synapses,
            restore_graph,
            restore_properties,
            synapse_reference_tables,
            skeleton_version,
            transform,
            reference_tables=reference_tables,
            include_partner_root_id=include_partner_root_id,
            timestamp=timestamp,
            synapse_spatial_point=synapse_spatial_point,
            omit_self_synapses=omit_self_synapses,
            space=lambda: self.space,
        )

    @described_by(morphology.get_skeletons)
    def get_skeletons(
        self,
        root_ids: Ids,
        synapses: bool = True,
        restore_graph: bool = False,
        restore_properties: bool = True,
        synapse_reference_tables: ReferenceTables = None,
        skeleton_version: int | None = None,
        transform: Transform | None = None,
        *,
        reference_tables: ReferenceTables = None,
        include_partner_root_id: bool = False,
        timestamp: datetime | None = None,
        synapse_spatial_point: str = "ctr_pt_position",
        omit_self_synapses: bool = True,
        skip_invalid: bool = False,
        method: Literal["server", "gcs"] = "server",
        max_workers: int | None = None,
        progress: bool = True,
    ) -> dict[int, Cell]:
        return morphology.get_skeletons(
            self._connection,
            root_ids,
            synapses,
            restore_graph,
            restore_properties,
            synapse_reference_tables,
            skeleton_version,
            transform,
            reference_tables=reference_tables,
            include_partner_root_id=include_partner_root_id,
            timestamp=timestamp,
            synapse_spatial_point=synapse_spatial_point,
            omit_self_synapses=omit_self_synapses,
            skip_invalid=skip_invalid,
            method=method,
            max_workers=max_workers,
            progress=progress,
            space=lambda: self.space,
        )

    @described_by(morphology.add_mesh)
    def add_mesh(
        self,
        cell: Cell,
        root_id: int | None = None,
        vertices: ArrayLike | None = None,
        faces: ArrayLike | None = None,
        **options: Any,
    ) -> Cell:
        return morphology.add_mesh(cell, self._mesh, root_id, vertices, faces, **options)

    # The datastack

    @described_by(datastack.get_datastack_info)
    def get_datastack_info(
        self, *, use_stored: bool = True, image_mirror: str | None = None
    ) -> dict[str, Any]:
        return datastack.get_datastack_info(
            self._connection, use_stored=use_stored, image_mirror=image_mirror
        )

    @described_by(datastack.image_source)
    def image_source(
        self, *, use_stored: bool = True, format_for: str = "raw", image_mirror: str | None = None
    ) -> str:
        return datastack.image_source(
            self._connection,
            use_stored=use_stored,
            format_for=format_for,
            image_mirror=image_mirror,
        )

    @described_by(datastack.segmentation_source)
    def segmentation_source(self, *, use_stored: bool = True, format_for: str = "raw") -> str:
        return datastack.segmentation_source(
            self._connection, use_stored=use_stored, format_for=format_for
        )

    @described_by(datastack.viewer_resolution)
    def viewer_resolution(self, *, use_stored: bool = True) -> NDArray[np.float64]:
        return datastack.viewer_resolution(self._connection, use_stored=use_stored)

    def image_cloudvolume(self, image_mirror: str | None = None, **options: Any) -> Any:
        """The images as a CloudVolume; needs ``cortical-tools[mesh]``."""
        return datastack.cloudvolume(
            self._connection, "image", image_mirror=image_mirror, **options
        )

    def segmentation_cloudvolume(self, use_client_secret: bool = True, **options: Any) -> Any:
        """The segmentation as a CloudVolume; needs ``cortical-tools[mesh]``."""
        return datastack.cloudvolume(
            self._connection, "segmentation", use_client_secret=use_client_secret, **options
        )

    # States, links, annotations

    @described_by(states.upload_state_json)
    def upload_state_json(
        self,
        json_state: Mapping[str, Any],
        state_id: int | None = None,
        timestamp: datetime | None = None,
    ) -> int:
        return states.upload_state_json(self._connection, json_state, state_id, timestamp)

    @described_by(states.get_state_json)
    def get_state_json(self, state_id: int | str) -> dict[str, Any]:
        return states.get_state_json(self._connection, state_id)

    @described_by(viewer.neuroglancer_url)
    def neuroglancer_url(
        self,
        target_url: str | None = None,
        clipboard: bool = False,
        shorten: bool | str = False,
        root_ids: Ids | None = None,
        seg_prop: Mapping[str, Any] | None = None,
        *,
        layers: Sequence[Mapping[str, Any]] = (),
        position: ArrayLike | None = None,
    ) -> str:
        return viewer.neuroglancer_url(
            self._connection,
            target_url,
            clipboard,
            shorten,
            root_ids,
            seg_prop,
            layers=layers,
            position=position,
        )

    @described_by(viewer.neuroglancer_viewer)
    def neuroglancer_viewer(
        self,
        root_ids: Ids | None = None,
        seg_prop: Mapping[str, Any] | None = None,
        *,
        layers: Sequence[Mapping[str, Any]] = (),
        position: ArrayLike | None = None,
    ) -> Any:
        return viewer.neuroglancer_viewer(
            self._connection, root_ids, seg_prop, layers=layers, position=position
        )

    @described_by(viewer_tables.neuroglancer_tables)
    def neuroglancer_tables(
        self, link: Mapping[str, Any] | str | int
    ) -> viewer_tables.ViewerTables:
        return viewer_tables.neuroglancer_tables(self._connection, link)

    @described_by(staging.stage_annotations)
    def stage_annotations(
        self,
        table_name: str | None = None,
        schema_name: str | None = None,
        update: bool = False,
        id_field: bool = False,
        table_resolution: Sequence[float] | None = None,
        annotation_resolution: Sequence[float] | None = None,
    ) -> Any:
        return staging.stage_annotations(
            self._connection,
            table_name,
            schema_name,
            update,
            id_field,
            table_resolution,
            annotation_resolution,
        )

    @described_by(staging.upload_staged_annotations)
    def upload_staged_annotations(
        self, staged_annos: Any, **options: Any
    ) -> list[int] | dict[int, int]:
        return staging.upload_staged_annotations(self._connection, staged_annos, **options)

    @described_by(snapshots.take_snapshot)
    def snapshot(
        self,
        folder: str | os.PathLike[str],
        root_ids: Ids = (),
        tables: Sequence[str] | None = (),
        views: Sequence[str] | None = (),
        *,
        lineage_of: Ids = (),
        skeletons: bool = True,
        meshes: bool = False,
        progress: bool = True,
    ) -> Path:
        return snapshots.take_snapshot(
            self._connection,
            self._catalogue,
            folder,
            root_ids,
            tables,
            views,
            lineage_of=lineage_of,
            skeletons=skeletons,
            meshes=meshes,
            progress=progress,
        )

    # How it looks

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}(datastack_name={self.datastack_name!r}, "
            f"version={self._connection.known_version})"
        )

    def _repr_html_(self) -> str:
        """Its repr; once connected, as a link to neuroglancer. Asks no server."""
        text = html.escape(repr(self))
        if not self._connection.is_connected:
            return f"<code>{text}</code>"
        url = html.escape(self.neuroglancer_url(), quote=True)
        return f'<a href="{url}" target="_blank"><code>{text}</code></a>'


class _KnownDataset(DatasetClient):
    """A client that needs to be told nothing."""

    _dataset: ClassVar[str]

    def __init__(
        self,
        caveclient: CAVEclientFull | None = None,
        *,
        materialization_version: int | None = None,
        server_address: str | None = None,
        auth_token: str | None = None,
        patience: Patience | None = None,
    ) -> None:
        spec = find_dataset(self._dataset)
        super().__init__(
            spec.datastack_name,
            server_address or server_of(spec),
            caveclient,
            materialization_version=materialization_version,
            cell_id_lookup_view=spec.cell_id_lookup_view,
            root_id_lookup_main_table=spec.root_id_lookup_main_table,
            root_id_lookup_alt_tables=spec.root_id_lookup_alt_tables,
            dataset_transform=spec.transform_name,
            static_table_cloudpath=spec.static_table_cloudpath,
            auth_token=auth_token,
            patience=patience,
        )


class MinniePublicClient(_KnownDataset):
    """The public releases of the MICrONS cubic millimetre (minnie65).

    Parameters
    ----------
    caveclient, materialization_version, server_address, auth_token, patience
        As for `DatasetClient`.
    """

    _dataset = "minnie_public"


class MicronsProdClient(_KnownDataset):
    """The MICrONS cubic millimetre (minnie65) as it is being proofread; for members.

    Parameters
    ----------
    caveclient, materialization_version, server_address, auth_token, patience
        As for `DatasetClient`.
    """

    _dataset = "minnie_prod"


class V1ddPublicClient(_KnownDataset):
    """The public releases of V1 Deep Dive.

    Parameters
    ----------
    caveclient, materialization_version, server_address, auth_token, patience
        As for `DatasetClient`.
    """

    _dataset = "v1dd_public"


class V1ddClient(_KnownDataset):
    """V1 Deep Dive as it is being proofread; for members.

    Parameters
    ----------
    caveclient, materialization_version, server_address, auth_token, patience
        As for `DatasetClient`.
    """

    _dataset = "v1dd"
