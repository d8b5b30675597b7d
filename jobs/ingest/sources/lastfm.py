"""Last.fm scrobbles as CSV: one play a row, at its start, by names alone.

Known by the column of their time: ``ts`` or ``timestamp`` (ISO 8601, or a number since 1970), ``uts``
(such a number) or ``date`` (as Last.fm's pages write it, or ISO 8601). The exports ``uts, track,
artist, …`` and ``artist, album, track, date`` also come without a header. None names the listener: see
``listener``.

The thousand listeners of the Last.fm-1K data set name theirs in a column.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from jobs.ingest.faults import RowFault
from jobs.ingest.landing import LandedFile
from jobs.ingest.sources.source import (
    SCROBBLE_MS,
    Row,
    Source,
    instant,
    is_number,
    listener,
    named_track,
    needed,
    seconds_since_1970,
)
from jobs.ingest.times import parse_time

_WORDS = re.compile(r"(\d{1,2}) ([A-Z][a-z]{2}) (\d{4}),? (\d\d:\d\d)")
# Columns that tell who listened, where a log is of several people.
_ACCOUNTS = ("user_id", "username", "user_name", "user")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def _scrobble(record: Mapping[str, Any], file: LandedFile, listened_at: str) -> Row:
    return {
        "user_id": listener(file, next(filter(None, map(record.get, _ACCOUNTS)), None)),
        "track_id": named_track(record.get("artist"), record.get("track")),
        "listened_at": listened_at,
        "ms_played": SCROBBLE_MS,
        "skipped": False,
        "source": "lastfm",
    }


def _by_time(record: Mapping[str, Any], file: LandedFile) -> Iterator[Row]:
    yield _scrobble(record, file, instant(record, "ts"))


def _by_timestamp(record: Mapping[str, Any], file: LandedFile) -> Iterator[Row]:
    yield _scrobble(record, file, instant(record, "timestamp"))


def _of_thousand(record: Mapping[str, Any], file: LandedFile) -> Iterator[Row]:
    named = {
        "user_id": needed(record, "user_id"),
        "artist": record.get("artist_name"),
        "track": record.get("track_name"),
    }
    yield _scrobble(named, file, instant(record, "timestamp"))


def _by_seconds(record: Mapping[str, Any], file: LandedFile) -> Iterator[Row]:
    yield _scrobble(record, file, seconds_since_1970(record, "uts"))


def _by_date(record: Mapping[str, Any], file: LandedFile) -> Iterator[Row]:
    yield _scrobble(record, file, _dated(record))


def _dated(record: Mapping[str, Any]) -> str:
    """The instant of a record's ``date``: a number since 1970, or a text of Last.fm's pages."""
    date = needed(record, "date")
    return seconds_since_1970(record, "date") if is_number(date) else _from_words(date)


def _from_words(text: str) -> str:
    """The time of Last.fm's pages, ``17 Nov 2009, 23:41``, which is UTC, as an ISO time; one with a
    zone, as it is."""
    found = _WORDS.fullmatch(str(text).strip())
    try:
        if not found:
            return parse_time("date", str(text).strip()).isoformat()
        day, month, year, clock = found.groups()
        at = f"{year}-{_MONTHS.index(month) + 1:02}-{int(day):02}T{clock}Z"
        parse_time("date", at)
    except (ValueError, RowFault):
        raise RowFault(
            "not a time: date",
            f"date is {str(text)[:60]!r}, neither as Last.fm writes it, 17 Nov 2009, 23:41, nor "
            "ISO 8601 with a zone",
        ) from None
    return at


def _page_entry(record: Mapping[str, Any], file: LandedFile) -> Iterator[Row]:
    """Yield the play of an entry of a page of Last.fm's API; what plays just now is left out."""
    attributes = record.get("@attr")
    if isinstance(attributes, dict) and str(attributes.get("nowplaying")).lower() == "true":
        return
    artist, date = record.get("artist"), record.get("date")
    if isinstance(artist, dict):
        artist = artist.get("#text") or artist.get("name")
    named = {"artist": artist, "track": record.get("name")}
    at = _dated(record) if isinstance(date, (str, int)) else seconds_since_1970(date or {}, "uts")
    yield _scrobble(named, file, at)


# What plays now has no date; what a tool has kept of an entry may have no address.
LASTFM_JSON = tuple(
    Source("lastfm_json", "listens", frozenset({"artist", "name", more}), _page_entry, named=True)
    for more in ("url", "date")
)
LASTFM = (
    Source("lastfm", "listens", frozenset({"ts", "track", "artist"}), _by_time, named=True),
    Source("lastfm_dates", "listens", frozenset({"date", "track", "artist"}), _by_date, named=True),
    Source("lastfm_uts", "listens", frozenset({"uts", "track", "artist"}), _by_seconds, named=True),
    Source(
        "lastfm_timestamp", "listens", frozenset({"timestamp", "track", "artist"}), _by_timestamp,
        named=True,
    ),
    Source(
        "lastfm_1k", "listens", frozenset({"user_id", "timestamp", "artist_name", "track_name"}),
        _of_thousand, named=True,
    ),
)  # fmt: skip
