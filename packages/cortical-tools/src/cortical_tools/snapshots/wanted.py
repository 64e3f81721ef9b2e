"""What a snapshot is to be of: checked against the dataset before anything is asked for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cortical_tools.catalogue import Catalogue, TableFacts
from cortical_tools.connection import Connection
from cortical_tools.errors import UnknownTableError
from cortical_tools.ids import Ids, int_ids
from cortical_tools.query_protocol import Moment
from cortical_tools.roots import lifetimes, require_roots_at


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What a snapshot is to be of.

    Parameters
    ----------
    connection
        Whom to ask.
    version, when
        The version, and its time.
    roots
        The neurons.
    lineage_of
        The roots of which all relatives are wanted: the neurons, and others.
    tables, views
        With their records, those that the tables annotate among them.
    synapse_table
        The one of which the neurons' part is wanted.
    skeletons, meshes
        Whether those of the neurons are.
    live
        Whether the rows of the present are wanted, too, as a client asks about it whose time is
        not that of its version.
    """

    connection: Connection
    version: int
    when: datetime
    roots: NDArray[np.int64]
    lineage_of: NDArray[np.int64]
    tables: Mapping[str, TableFacts]
    views: Mapping[str, TableFacts]
    synapse_table: str | None
    skeletons: bool
    meshes: bool
    live: bool

    @property
    def moment(self) -> Moment:
        """The version, as queries take it."""
        return Moment(version=self.version)

    @property
    def partial(self) -> dict[str, dict[str, list[int] | str]]:
        """Of which values the tables that are not wanted whole have every row."""
        synapses = self.synapse_table
        if synapses is None or synapses not in self.tables:
            return {}
        roots: list[int] = self.roots.tolist()
        partial: dict[str, dict[str, list[int] | str]] = {
            synapses: {"pre_pt_root_id": roots, "post_pt_root_id": roots}
        }
        for name, facts in self.tables.items():
            if facts.target == synapses:
                partial[name] = {"target_id": synapses}
        return partial

    def as_record(self) -> dict[str, Any]:
        """As it stands in the provenance; two that are the same have the same."""
        return {
            "datastack": self.connection.datastack_name,
            "version": self.version,
            "root_ids": self.roots.tolist(),
            "lineage_of": self.lineage_of.tolist(),
            "tables": sorted(self.tables),
            "views": sorted(self.views),
            "skeletons": self.skeletons,
            "meshes": self.meshes,
            "live": self.live,
        }


def checked(
    connection: Connection,
    catalogue: Catalogue,
    root_ids: Ids,
    lineage_of: Ids,
    tables: Iterable[str] | None,
    views: Iterable[str] | None,
    *,
    skeletons: bool,
    meshes: bool,
) -> Wanted:
    """What `take_snapshot` was asked for, once the dataset has it all."""
    version = connection.version
    when = connection.timestamp_of(version)
    roots = pd.unique(int_ids(root_ids, "root ids"))
    if len(roots):
        require_roots_at(connection, roots, when, f"version {version}")
    others = int_ids(lineage_of, "lineage_of")
    if (others == 0).any():
        raise ValueError("lineage_of: 0 is no root id; it stands for what lies in no object")
    # Of one that never was no lineage can be asked for, which is to be known before the rest is.
    lifetimes(connection, others, when)
    synapses: str | None = connection.materialize.synapse_table
    names = _listed(tables)
    if len(roots) and synapses:
        names.append(synapses)
    chosen = _with_targets(names, catalogue.tables(version))
    if synapses in chosen and not len(roots):
        raise ValueError(
            f"root_ids: {synapses} is kept for neurons, and none are given; tables that annotate "
            "synapses bring it along"
        )
    shown = _listed(views)
    return Wanted(
        connection=connection,
        version=version,
        when=when,
        roots=roots,
        lineage_of=pd.unique(np.concatenate([roots, others])),
        tables=chosen,
        views=_named(shown, catalogue.views(version), "views") if shown else {},
        synapse_table=synapses,
        skeletons=skeletons,
        meshes=meshes,
        live=connection.timestamp is None,
    )


def present() -> datetime:
    """Now, to the millisecond: as finely as every server tells moments."""
    now = datetime.now(UTC)
    return now.replace(microsecond=now.microsecond // 1000 * 1000)


def _listed(names: Iterable[str] | None) -> list[str]:
    return [names] if isinstance(names, str) else list(names or ())


def _named(names: Iterable[str], known: Any, what: str) -> dict[str, TableFacts]:
    if missing := [name for name in names if name not in known]:
        raise UnknownTableError(f"{what}: the version has no {', '.join(map(str, missing))}")
    return {name: known[name] for name in sorted(set(names))}


def _with_targets(names: Iterable[str], known: Any) -> dict[str, TableFacts]:
    """The tables with those that they annotate."""
    chosen = _named(names, known, "tables")
    targets = {facts.target for facts in chosen.values() if facts.target is not None}
    return chosen | {name: known[name] for name in sorted(targets)}
