"""ListenBrainz listens as JSON lines or as the answer of its API: one play a record, at its start.

The listener is ``user_name`` where the export has it. A play whose player told its Spotify id has an
id; others are known by their names.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from jobs.ingest.faults import RowFault
from jobs.ingest.landing import LandedFile
from jobs.ingest.sources.source import (
    SCROBBLE_MS,
    Row,
    Source,
    instant,
    listener,
    named_track,
    needed,
    spotify_track,
)


def _rows(record: Mapping[str, Any], file: LandedFile) -> Iterator[Row]:
    if record.get("playing_now"):
        return
    track = needed(record, "track_metadata")
    if not isinstance(track, dict):
        raise RowFault("wrong type: track_metadata", "track_metadata is no object")
    more = track.get("additional_info")
    more = more if isinstance(more, dict) else {}
    yield {
        "user_id": record.get("user_name") or listener(file),
        "track_id": _track_id(track, more),
        "listened_at": instant(record, "listened_at"),
        "ms_played": _ms(more),
        "skipped": False,
        "source": "listenbrainz",
    }


def _track_id(track: Mapping[str, Any], more: Mapping[str, Any]) -> str:
    return spotify_track(more.get("spotify_id")) or named_track(
        track.get("artist_name"), track.get("track_name")
    )


def _ms(more: Mapping[str, Any]) -> int:
    """Half of the track, or four minutes, is what a listen needs; of it no more is known."""
    lengths = (_length(more.get("duration_ms"), 1), _length(more.get("duration"), 1000))
    return min(next((ms for ms in lengths if ms), SCROBBLE_MS), SCROBBLE_MS)


def _length(value: Any, unit: int) -> int | None:
    """The length in milliseconds, written as a number or as a text of one; None for anything else."""
    try:
        ms = float(value) * unit
    except (TypeError, ValueError, OverflowError):
        return None
    return round(ms) if 0 < ms < 2**53 and not isinstance(value, bool) else None


# What plays now has no time.
LISTENBRAINZ = tuple(
    Source("listenbrainz", "listens", frozenset({"track_metadata", more}), _rows, named=True)
    for more in ("listened_at", "playing_now")
)
