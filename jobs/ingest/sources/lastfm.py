"""Last.fm scrobbles as CSV: one play a row, at its start, by names alone.

Two exports are known: ``ts, track, artist, album`` with an ISO time, and ``uts, artist, track, …`` with
seconds since 1970. Neither names the listener: see ``listener``.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from jobs.ingest.faults import RowFault
from jobs.ingest.landing import LandedFile
from jobs.ingest.sources.source import (
    SCROBBLE_MS,
    Row,
    Source,
    listener,
    named_track,
    needed,
    whole_number,
)


def _scrobble(record: Mapping[str, Any], file: LandedFile, listened_at: str) -> Row:
    return {
        "user_id": listener(file),
        "track_id": named_track(record.get("artist"), record.get("track")),
        "listened_at": listened_at,
        "ms_played": SCROBBLE_MS,
        "skipped": False,
        "source": "lastfm",
    }


def _by_time(record: Mapping[str, Any], file: LandedFile) -> Iterator[Row]:
    yield _scrobble(record, file, needed(record, "ts"))


def _by_seconds(record: Mapping[str, Any], file: LandedFile) -> Iterator[Row]:
    yield _scrobble(record, file, from_epoch(whole_number(record, "uts")))


def from_epoch(seconds: int) -> str:
    """Seconds since 1970 as an ISO time; RowFault if no calendar has that day."""
    try:
        return datetime.fromtimestamp(seconds, UTC).isoformat()
    except (ValueError, OverflowError, OSError):
        raise RowFault("out of range: listened_at", f"{seconds} seconds since 1970 is no day") from None


def _page_entry(record: Mapping[str, Any], file: LandedFile) -> Iterator[Row]:
    """Yield the play of an entry of a page of Last.fm's API; what plays just now is left out."""
    attributes = record.get("@attr")
    if isinstance(attributes, dict) and str(attributes.get("nowplaying")).lower() == "true":
        return
    artist, date = record.get("artist"), record.get("date")
    if isinstance(artist, dict):
        artist = artist.get("#text") or artist.get("name")
    uts = date if isinstance(date, dict) else {}
    named = {"artist": artist, "track": record.get("name")}
    yield _scrobble(named, file, from_epoch(whole_number(uts, "uts")))


LASTFM_JSON = Source(
    "lastfm_json", "listens", frozenset({"artist", "name", "url"}), _page_entry, named=True
)
LASTFM = (
    Source("lastfm", "listens", frozenset({"ts", "track", "artist"}), _by_time, named=True),
    Source("lastfm_uts", "listens", frozenset({"uts", "track", "artist"}), _by_seconds, named=True),
)
