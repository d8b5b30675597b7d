"""The log of a portable player, ``.scrobbler.log`` (Audioscrobbler's portable player logging 1.0, 1.1).

A line is artist, album, track, number, length in seconds, rating, seconds since 1970 and MusicBrainz
id, with tabs between. The rating is ``L`` for a track of which half was played, ``S`` for one that was
skipped before. ``#TZ/`` above says whose clock the seconds are of: only UTC is an instant.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from jobs.ingest.faults import FileFault, RowFault
from jobs.ingest.landing import LandedFile
from jobs.ingest.sources.source import (
    SCROBBLE_MS,
    Row,
    Source,
    listener,
    named_track,
    needed,
    seconds_since_1970,
    whole_number,
)

_CLOCK = re.compile(r"#TZ/(\S*)")


def check_clock(above: Sequence[str]) -> None:
    """Raise FileFault unless one of the lines above the plays says that their clock shows UTC."""
    found = next(filter(None, (_CLOCK.match(line.strip()) for line in above)), None)
    if not found or found[1].upper() != "UTC":
        told = found[0] if found else "it has no line #TZ/"
        raise FileFault(
            "no zone",
            f"its times are of a clock of unknown zone ({told}): write the line #TZ/UTC above its plays "
            "if the player's clock showed UTC; else turn the times into UTC first",
        )


def _rows(record: Mapping[str, Any], file: LandedFile) -> Iterator[Row]:
    rating = str(needed(record, "rating")).strip().upper()
    if rating not in ("L", "S"):
        raise RowFault("out of range: rating", f"rating is {rating[:60]!r}, neither L nor S")
    played = rating == "L"
    length_ms = whole_number(record, "length") * 1000
    yield {
        "user_id": listener(file),
        "track_id": named_track(record.get("artist"), record.get("track")),
        "listened_at": seconds_since_1970(record, "timestamp"),
        # Of a skipped track no more is known than that not half of it was heard.
        "ms_played": min(length_ms or SCROBBLE_MS, SCROBBLE_MS) if played else 0,
        "skipped": not played,
        "source": "player",
    }


PLAYER_LOG = Source(
    "player_log", "listens", frozenset({"artist", "track", "length", "rating", "timestamp"}), _rows,
    named=True,
)  # fmt: skip
