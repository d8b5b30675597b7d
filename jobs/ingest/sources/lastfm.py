"""Last.fm scrobbles as CSV: one play a row, at its start, by names alone.

Three exports are known: ``ts, track, artist, album`` with an ISO time, ``uts, artist, track, …`` with
seconds since 1970, and ``artist, album, track, date`` with the time as Last.fm's pages write it; the
last two also without a header. None names the listener: see ``listener``.
"""

import re
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
from jobs.ingest.times import parse_time

_WORDS = re.compile(r"(\d{1,2}) ([A-Z][a-z]{2}) (\d{4}),? (\d\d:\d\d)")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


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


def _by_words(record: Mapping[str, Any], file: LandedFile) -> Iterator[Row]:
    yield _scrobble(record, file, _from_words(needed(record, "date")))


def _from_words(text: str) -> str:
    """The time of Last.fm's pages, ``17 Nov 2009, 23:41``, which is UTC, as an ISO time."""
    found = _WORDS.fullmatch(str(text).strip())
    try:
        day, month, year, clock = found.groups() if found else ("", "", "", "")
        at = f"{year}-{_MONTHS.index(month) + 1:02}-{int(day):02}T{clock}Z"
        parse_time("date", at)
    except (ValueError, RowFault):
        raise RowFault(
            "not a time: date",
            f"date is {str(text)[:60]!r}, not as Last.fm writes it: 17 Nov 2009, 23:41",
        ) from None
    return at


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
    Source("lastfm_dates", "listens", frozenset({"date", "track", "artist"}), _by_words, named=True),
    Source("lastfm_uts", "listens", frozenset({"uts", "track", "artist"}), _by_seconds, named=True),
)
