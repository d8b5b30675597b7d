"""The lists that a listener may get of a night, and which of them a row of ``playlists`` is of."""

from collections.abc import Mapping
from typing import Any, Literal, get_args

DISCOVER = "discover"
# Made beside it, where there is anything for them.
OtherList = Literal["rediscover", "new_releases"]
REDISCOVER, NEW_RELEASES = get_args(OtherList)
LISTS = (DISCOVER, REDISCOVER, NEW_RELEASES)
# By which a track is on a list to be discovered; also the order in which they stand in for one another.
# On another list it is by the strategy of the list's name.
EXPLOIT, NEIGHBORS, NEW_ARTISTS, EXPLORE, POPULAR, RETURNING = STRATEGIES = (
    "exploit", "neighbors", "new_artists", "explore", "popular", "returning",
)  # fmt: skip
# In SQL: rows of nights of before there was a second list have no name.
LIST_OF_ROW = f"coalesce(playlist, '{DISCOVER}')"
IS_DISCOVER = f"{LIST_OF_ROW} = '{DISCOVER}'"


def list_of(row: Mapping[str, Any]) -> str:
    """Return the name of the list that a row of ``playlists`` is of."""
    return str(row["playlist"] or DISCOVER)
