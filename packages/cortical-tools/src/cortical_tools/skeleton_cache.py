"""Which skeletons CAVE's service has ready."""

from __future__ import annotations

from cortical_tools.connection import Connection
from cortical_tools.ids import Ids, int_ids
from cortical_tools.parallel import portions, side_by_side

# caveclient passes over what is beyond a thousand in one call.
_BATCH = 500


def skeletons_exist(
    connection: Connection,
    skeleton_version: int = 4,
    root_ids: Ids = (),
    log_warning: bool = True,
    verbose_level: int = 0,
) -> dict[int, bool]:
    """Whether a skeleton is ready for each root id.

    Parameters
    ----------
    connection
        Whom to ask.
    skeleton_version
        Of the way skeletons are made.
    root_ids
        One or any number.
    log_warning, verbose_level
        Handed on to the service.

    Returns
    -------
    dict of int to bool
        By root id, in the order given; a dict, too, for one id or none.
    """
    ids = list(dict.fromkeys(int_ids(root_ids, "root ids").tolist()))
    skeleton = connection.service("skeleton")

    def ask(part: list[int]) -> dict[int, bool]:
        answer = skeleton.skeletons_exist(
            skeleton_version=skeleton_version,
            root_ids=part,
            log_warning=log_warning,
            verbose_level=verbose_level,
        )
        # One answer comes without the id that it is about.
        if isinstance(answer, bool):
            return dict.fromkeys(part, answer)
        return {int(key): bool(value) for key, value in answer.items()}

    found: dict[int, bool] = {}
    for answer in side_by_side(ask, portions(ids, _BATCH)):
        found |= answer
    return {one: found.get(one, False) for one in ids}
