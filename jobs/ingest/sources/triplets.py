"""Triplets of listener, item and number of plays, without times.

Last.fm's 360 thousand listeners have artists by MusicBrainz id, or by name alone, as items.

Each becomes as many plays as it counts, ten at most: taste knows little difference beyond. They are
put a second apart at the beginning of the day on which the file landed.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, time, timedelta
from typing import Any

from jobs.ingest.faults import RowFault
from jobs.ingest.landing import LandedFile
from jobs.ingest.names import artist_id
from jobs.ingest.sources.source import SCROBBLE_MS, Row, Source, needed, whole_number

MAX_PLAYS = 10


def _reader(
    user: str, item: str, plays: str, name: str = ""
) -> Callable[[Mapping[str, Any], LandedFile], Iterator[Row]]:
    def rows(record: Mapping[str, Any], file: LandedFile) -> Iterator[Row]:
        listener = str(needed(record, user))
        by_name = name and record.get(item) in (None, "")
        track = artist_id(needed(record, name)) if by_name else str(needed(record, item))
        n_plays = whole_number(record, plays)
        if n_plays < 1:
            raise RowFault(f"out of range: {plays}", f"{plays} is {n_plays}: a triplet counts plays")
        midnight = datetime.combine(file.landed_on, time())
        for nth in range(min(n_plays, MAX_PLAYS)):
            yield {
                "user_id": listener,
                "track_id": track,
                "listened_at": f"{(midnight + timedelta(seconds=nth)).isoformat()}Z",
                "ms_played": SCROBBLE_MS,
                "skipped": False,
                "source": "triplets",
            }

    return rows


TRIPLETS = tuple(
    Source("triplets", "listens", frozenset(columns), _reader(*columns))
    for columns in (
        ("user_id", "track_id", "plays"),
        ("user_id", "item_id", "plays"),
        ("user", "item", "plays"),
        ("user_id", "artist_id", "weight"),
        ("user_id", "song_id", "play_count"),
        ("user", "artist_mbid", "plays", "artist"),
    )
)
