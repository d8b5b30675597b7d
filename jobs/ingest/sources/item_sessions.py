"""Anonymous sessions as lists of items in the order played, without times (Nowplaying as published).

A session stands for a listener. Plays are put a minute apart, from the beginning of the day on which
the file landed.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime, time, timedelta
from typing import Any

from jobs.ingest.faults import RowFault
from jobs.ingest.landing import LandedFile
from jobs.ingest.sources.source import SCROBBLE_MS, Row, Source, needed

MAX_ITEMS = 1440


def _rows(record: Mapping[str, Any], file: LandedFile) -> Iterator[Row]:
    session, items = str(needed(record, "session_id")), needed(record, "items")
    if not isinstance(items, list) or len(items) > MAX_ITEMS:
        raise RowFault("wrong type: items", f"items is no list of at most {MAX_ITEMS} items")
    midnight = datetime.combine(file.landed_on, time())
    for nth, item in enumerate(items):
        yield {
            "listen_id": f"{session}-{nth + 1}",
            "user_id": session,
            "track_id": str(item),
            "listened_at": f"{(midnight + timedelta(minutes=nth)).isoformat()}Z",
            "ms_played": SCROBBLE_MS,
            "skipped": False,
            "source": "session",
        }


ITEM_SESSIONS = Source("item_sessions", "listens", frozenset({"session_id", "items"}), _rows)
