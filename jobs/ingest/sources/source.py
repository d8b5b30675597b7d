"""What an adapter is: how a log format is known, and how one of its records becomes rows of ours."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from expectations.landing_files import UNKNOWN_LISTENER
from expectations.tracks import MAX_NAME
from jobs.ingest.contract import FLAGS
from jobs.ingest.faults import RowFault
from jobs.ingest.landing import LandedFile
from jobs.ingest.names import name_id
from jobs.ingest.numbers import TwoReadingsError, plain_number
from jobs.ingest.times import parse_time

Row = dict[str, Any]
# A scrobble says that half of the track, or four minutes of it, was played; not how much.
SCROBBLE_MS = 240_000
_1970 = datetime(1970, 1, 1, tzinfo=UTC)
# The end of the year 5138: what is more is no number of seconds since 1970.
_SECONDS = 10**11
_SPOTIFY_TRACK = re.compile(
    r"spotify:track:([^/?#:\s]+)|https?://open\.spotify\.com/(?:[\w-]+/)?track/([^/?#\s]+).*"
)
_NUMBER = re.compile(r"[+-]?(\d+(\.0*)?|(?P<ticks>\d{9,})\.\d+)", re.ASCII)
# What spreadsheets make of a long number where a column is narrow: its other digits are gone.
_SHORTENED = re.compile(r"[+-]?\d[.,]\d+[eE]\+\d+", re.ASCII)


@dataclass(frozen=True)
class Source:
    """One log format of one kind of landing.

    ``columns`` are those whose presence in a header (CSV) or a first object (JSON) tells the format.
    ``rows`` gives the rows of a record, with the fields of ``jobs.ingest.contract``: none for what is
    not ours (a podcast), several where a record counts plays. It raises RowFault for what it cannot
    read. Records of CSV have texts for values. ``named`` formats know tracks by artist and title.
    """

    name: str
    kind: str
    columns: frozenset[str]
    rows: Callable[[Mapping[str, Any], LandedFile], Iterable[Row]]
    named: bool = False


def listener(file: LandedFile, account: Any = None) -> str:
    """Return who listened, never guessed from a file's name; RowFault if nothing tells it.

    A folder ``user=<id>`` says whose the file is, before the ``account`` that its log names and the
    one of its export.
    """
    told = file.folder_listener or account or file.exported_by
    if not told:
        raise RowFault(UNKNOWN_LISTENER, f"nothing says who listened: {remedy(file)}")
    return str(told)


def remedy(file: LandedFile) -> str:
    """Return what to do with a file whose listener nothing tells."""
    whole = "the archive" if file.archive else "the file"
    return f"move {whole} into a folder user=<id>/ of the same date= folder"


def needed(record: Mapping[str, Any], name: str) -> Any:
    """Return the record's value; RowFault if it has none."""
    value = record.get(name)
    if value is None or value == "":
        raise RowFault(f"missing field: {name}", f"{name} is missing or blank")
    return value


def named_track(artist: Any, title: Any) -> str:
    """Return the id of a track known by its names alone; RowFault if one of them is missing."""
    names = {"artist": artist, "title": title}
    for name, value in names.items():
        if not isinstance(value, str) or not value.strip():
            raise RowFault(f"missing field: {name}", f"the play has no {name}: {repr(value)[:60]}")
        if len(value) > MAX_NAME:
            raise RowFault(f"too long: {name}", f"{name} has more than {MAX_NAME:,} characters")
    return name_id(artist, title)


def spotify_track(address: Any) -> str | None:
    """Return the id of the track that an address of Spotify names, as URI or page; None if of none."""
    found = _SPOTIFY_TRACK.fullmatch(address) if isinstance(address, str) else None
    return (found[1] or found[2]) if found else None


def whole_number(record: Mapping[str, Any], name: str) -> int:
    """Return the value as a whole number; RowFault if it is none."""
    value = needed(record, name)
    try:
        if isinstance(value, bool):
            raise ValueError
        return _whole_text(value) if isinstance(value, str) else int(value)
    except (TypeError, ValueError, OverflowError) as error:
        why = f": {error}" if isinstance(error, TwoReadingsError) else ""
        if isinstance(value, str) and _SHORTENED.fullmatch(value.strip()):
            why = ": a spreadsheet has cut its digits off; take the log as it was downloaded"
        shown = repr(value)[:60]
        raise RowFault(f"wrong type: {name}", f"{name} is {shown}, not a whole number{why}") from None


def _whole_text(text: str) -> int:
    """The number; ValueError if it is none, or has thousands or decimals and nobody knows which."""
    plain = plain_number(text, ";", whole=True)
    if "_" in plain or not plain.isascii():
        raise ValueError
    head, _, zeros = plain.partition(".")
    if zeros.strip("0"):
        raise ValueError
    return int(head)


def from_epoch(ticks: int) -> str:
    """Return seconds since 1970, or milli-, micro- or nanoseconds, as an ISO time.

    Their size tells which they are: as seconds, milliseconds are of the year 5138 or later, as
    milliseconds microseconds are, and so on. RowFault if no calendar has that day.
    """
    unit = next((unit for unit in (1, 10**3, 10**6) if abs(ticks) < unit * _SECONDS), 10**9)
    try:
        return (_1970 + timedelta(microseconds=ticks * 10**6 // unit)).isoformat()
    except OverflowError:
        raise RowFault("out of range: listened_at", f"{ticks} since 1970 is no day") from None


def seconds_since_1970(record: Mapping[str, Any], name: str) -> str:
    """Return the instant of a record that is written as a number, as an ISO time: see ``from_epoch``.
    Fractions of a number that is large enough for an instant are cut."""
    value = record.get(name)
    found = _NUMBER.fullmatch(value.strip()) if isinstance(value, str) else None
    return from_epoch(int(found["ticks"]) if found and found["ticks"] else whole_number(record, name))


def instant(record: Mapping[str, Any], name: str) -> str:
    """Return the record's instant, written as a number or as ISO 8601, as an ISO time; RowFault if it is
    neither."""
    value = needed(record, name)
    if is_number(value):
        return seconds_since_1970(record, name)
    return parse_time(name, value.strip()).isoformat()


def is_number(value: Any) -> bool:
    """Return whether a value is the text of a whole number or of an instant, or no text at all."""
    return not isinstance(value, str) or _NUMBER.fullmatch(value.strip()) is not None


def flag(record: Mapping[str, Any], name: str) -> bool | None:
    """Return the value as true or false, None where there is none; RowFault if it is neither."""
    value = record.get(name)
    if value is None or value == "":
        return None
    if isinstance(value, bool):
        return value
    found = FLAGS.get(str(value).strip().lower())
    if found is None:
        raise RowFault(f"wrong type: {name}", f"{name} is {repr(value)[:60]}, not true or false")
    return found
