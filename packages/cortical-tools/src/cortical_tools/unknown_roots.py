"""Root ids that never were: servers fail where they are asked about one, and do not say which."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
from numpy.typing import NDArray

from cortical_tools.connection import Connection
from cortical_tools.errors import StaleRootError


@contextmanager
def unknown_roots_named(connection: Connection, root_ids: NDArray[np.int64]) -> Iterator[None]:
    """Within, a failure of the server that is due to unknown root ids is an error naming them.

    Raises
    ------
    StaleRootError
        In place of the server's error, if some of the ids never existed.
    """
    from requests import HTTPError

    try:
        yield
    except HTTPError as error:
        is_known = np.asarray(connection.chunkedgraph.is_valid_nodes(root_ids), dtype=bool)
        unknown = root_ids[~is_known]
        if len(unknown) == 0:
            raise
        raise StaleRootError(
            f"{len(unknown)} of {len(root_ids)} root ids never existed, the first is {unknown[0]}",
            tuple(unknown.tolist()),
        ) from error
