"""Synapses of many neurons, with what other tables say about each synapse."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cortical_tools.conditions import Condition
from cortical_tools.connection import Connection
from cortical_tools.errors import NotConfiguredError
from cortical_tools.ids import Ids, int_ids
from cortical_tools.instants import in_utc
from cortical_tools.positions import joined_positions, require_resolution
from cortical_tools.progress import progress_bar
from cortical_tools.queries import run_all
from cortical_tools.query_protocol import Moment, Query
from cortical_tools.roots import require_roots_at


def query_synapses(
    connection: Connection,
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
    """Every synapse that some neurons make, receive, or either.

    Parameters
    ----------
    connection
        Whom to ask.
    root_ids
        One or any number of root ids; repetitions count once.
    pre, post
        The synapses that they make, and those that they receive. At least one.
    reference_tables
        Tables that annotate synapses: their columns are joined to the synapse that their
        ``target_id`` names. A synapse that is not annotated has missing values there, and one
        that is annotated twice has two rows.
    synapse_table
        Instead of the datastack's default.
    omit_self_synapse
        Whether to leave out synapses of a neuron with itself.
    resolution
        Nanometres per unit of the positions.
    split_positions
        Whether positions come as three columns rather than as one of arrays.
    live
        Ask about `timestamp`, by default now, instead of the client's version.
    timestamp
        Ask about this time; it does not need `live`.
    suffixes
        By reference table, the suffix for those of its columns that synapses have, too; by
        default ``_<table>``.
    batch_size, ref_batch_size
        Root ids, and synapses, per request. A request that a server cuts short is split further.
    progress
        Whether to show a progress bar.

    Returns
    -------
    DataFrame
        One row per synapse, `pre` before `post`; each synapse once. Ids are integers, nullable
        where a reference table leaves gaps. Without root ids it has no rows.

    Raises
    ------
    StaleRootError
        If a root id did not exist at the time that is asked about: it has no synapses then.
    TruncatedAnswerError
        If one neuron has more synapses than can be asked for in parts.
    """
    if not (pre or post):
        raise ValueError("pre, post: at least one has to be True")
    require_resolution(resolution, "resolution")
    ids = _neurons(root_ids)
    table = _table(connection, synapse_table)
    moment, when, what = _moment(connection, live, timestamp)
    if len(ids):
        require_roots_at(connection, ids, when, what)
    sides = [side for side, wanted in (("pre", pre), ("post", post)) if wanted]
    queries = [
        Query(
            table=table,
            conditions=(
                Condition(column=f"{side}_pt_root_id", operator="in", value=batch.tolist()),
            ),
            resolution=resolution,
        )
        for side in sides
        for batch in _batches(ids, batch_size, "batch_size")
    ]
    with progress_bar("synapses", len(queries), progress) as step:
        frames = run_all(connection, queries, moment, step)
    synapses = pd.concat(frames, ignore_index=True).drop_duplicates("id", ignore_index=True)
    if omit_self_synapse:
        to_itself = synapses["pre_pt_root_id"] == synapses["post_pt_root_id"]
        synapses = synapses[~to_itself.fillna(False)].reset_index(drop=True)
    for name in _names(reference_tables):
        suffix = (suffixes or {}).get(name, f"_{name}")
        batches = _batches(_keys(synapses), ref_batch_size, "ref_batch_size")
        synapses = _with_reference(
            synapses, _references(connection, name, batches, resolution, moment, progress), suffix
        )
    return synapses if split_positions else joined_positions(synapses)


def _neurons(root_ids: Ids) -> NDArray[np.int64]:
    """Each root id once, in the order given."""
    ids = int_ids(root_ids, "root ids")
    if (ids == 0).any():
        raise ValueError("root ids: 0 is no neuron; it stands for what lies in no segmented object")
    return pd.unique(ids)


def _table(connection: Connection, synapse_table: str | None) -> str:
    table = synapse_table or connection.materialize.synapse_table
    if not table:
        raise NotConfiguredError(
            f"{connection.datastack_name} has no default synapse table: give synapse_table"
        )
    return str(table)


def _moment(
    connection: Connection, live: bool, timestamp: datetime | None
) -> tuple[Moment, datetime, str]:
    """What to ask about, the instant that is, and what to call it."""
    if timestamp is not None or live:
        when = datetime.now(UTC) if timestamp is None else in_utc(timestamp)
        return Moment(timestamp=when), when, "that time"
    version = connection.version
    return Moment(version=version), connection.timestamp_of(version), f"version {version}"


def _batches(values: NDArray[np.int64], size: int, what: str) -> list[NDArray[np.int64]]:
    """Nearly equal parts of at most `size`; of nothing one that is empty, to know the columns."""
    if size < 1:
        raise ValueError(f"{what}: at least 1, not {size}")
    return np.array_split(values, max(1, -(-len(values) // size)))


def _names(tables: Sequence[str] | Mapping[str, object] | str | None) -> list[str]:
    if tables is None:
        return []
    return [tables] if isinstance(tables, str) else list(dict.fromkeys(tables))


def _keys(synapses: pd.DataFrame) -> NDArray[np.int64]:
    return pd.unique(synapses["id"].to_numpy(dtype=np.int64))


def _references(
    connection: Connection,
    name: str,
    batches: Sequence[NDArray[np.int64]],
    resolution: Sequence[float],
    moment: Moment,
    progress: bool,
) -> pd.DataFrame:
    """What one reference table says about some synapses."""
    from requests import HTTPError

    queries = [
        Query(
            table=name,
            conditions=(Condition(column="target_id", operator="in", value=batch.tolist()),),
            resolution=resolution,
        )
        for batch in batches
    ]
    try:
        with progress_bar(name, len(queries), progress) as step:
            found = pd.concat(run_all(connection, queries, moment, step), ignore_index=True)
    except HTTPError as error:
        # A filter by a column that is not there: servers have different words for it.
        if connection.materialize.get_table_metadata(name).get("reference_table"):
            raise
        raise _no_reference(name) from error
    if "target_id" not in found:
        raise _no_reference(name)
    return found


def _no_reference(name: str) -> ValueError:
    return ValueError(
        f"reference_tables: {name} annotates no other table; it has no column target_id"
    )


def _with_reference(synapses: pd.DataFrame, references: pd.DataFrame, suffix: str) -> pd.DataFrame:
    """Synapses with the columns of their annotations; those without have missing values."""
    colliding = set(synapses.columns) & set(references.columns)
    renamed = references.rename(columns={name: f"{name}{suffix}" for name in colliding})
    # Plain integers would turn to floats where an annotation is missing.
    whole = [name for name in renamed if pd.api.types.is_integer_dtype(renamed[name].dtype)]
    renamed = renamed.astype(dict.fromkeys(whole, "Int64"))
    key = f"target_id{suffix}" if "target_id" in colliding else "target_id"
    keys = synapses["id"].astype("Int64")
    merged = synapses.assign(**{key: keys}).merge(renamed, on=key, how="left")
    return merged.drop(columns=key)
