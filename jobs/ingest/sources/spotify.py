"""Spotify's extended streaming history, as its JSON files or a CSV of them.

``ts`` is the end of a play: the listen began ``ms_played`` earlier. Podcasts and audiobooks are left
out, and so are records of which the service tells neither a name nor an address any more. Older exports
name the account in ``username``; else see ``listener``.

What a play, a start or a skip is, is not decided here:
``skipped`` stays null where an older export leaves it open, ``end_reason`` says how the play ended, and
``private`` that it was played in a private session.
"""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from jobs.ingest.faults import RowFault
from jobs.ingest.landing import LandedFile
from jobs.ingest.nothing import is_nothing
from jobs.ingest.sources.source import (
    Row,
    Source,
    flag,
    listener,
    named_track,
    needed,
    spotify_track,
    whole_number,
)
from jobs.ingest.times import parse_time

_SPOKEN = ("spotify_episode_uri", "episode_name", "audiobook_uri", "audiobook_title")
# Where an address says NA, the file writes nothing as NA: then a name NA is none in that row either.
_NOTHING = ("NA", "NULL", "None", "NaN", "nan", "null", "\\N")
_NAMES = ("master_metadata_track_name", "master_metadata_album_artist_name")
_ADDRESSES = ("spotify_track_uri", "spotify_episode_uri", "audiobook_uri")


def _rows(record: Mapping[str, Any], file: LandedFile) -> Iterator[Row]:
    nothing = {record.get(name) for name in _ADDRESSES} & set(_NOTHING)
    record = (
        {name: None if value in nothing else value for name, value in record.items()}
        if nothing
        else record
    )
    if any(not is_nothing(record.get(name)) for name in _SPOKEN) and not record.get("spotify_track_uri"):
        return
    user_id = listener(file, record.get("username"))
    ms_played = whole_number(record, "ms_played")
    ended_at = parse_time("ts", needed(record, "ts"))
    if not any(map(record.get, ("spotify_track_uri", *_NAMES))):
        return
    # A play of a day or more is refused by the rules; here it must only not leave the calendar.
    played = timedelta(milliseconds=max(0, min(ms_played, 10**9)))
    yield {
        "user_id": user_id,
        "track_id": _track_id(record),
        "listened_at": (ended_at - played).isoformat(),
        "ms_played": ms_played,
        "skipped": _optional_flag(record, "skipped"),
        "source": "spotify",
        "private": _optional_flag(record, "incognito_mode"),
        "end_reason": record.get("reason_end") or None,
    }


def _optional_flag(record: Mapping[str, Any], name: str) -> Any:
    """True, false or None; what is neither, as it is: the contract nulls and counts it."""
    try:
        return flag(record, name)
    except RowFault:
        return record[name]


def _track_id(record: Mapping[str, Any]) -> str:
    # A file of the listener's own, played with Spotify, has no such address.
    return spotify_track(record.get("spotify_track_uri")) or named_track(
        record.get("master_metadata_album_artist_name"), record.get("master_metadata_track_name")
    )


def _account_rows(record: Mapping[str, Any], file: LandedFile) -> Iterator[Row]:
    """The account data has names, and the minute in which a play ended, in UTC."""
    if record.get("podcastName") or "trackName" not in record:
        return
    names = record["trackName"], record.get("artistName")
    if names == ("Unknown Track", "Unknown Artist") or not any(names):
        return
    user_id, ms_played = listener(file), whole_number(record, "msPlayed")
    ended_at = parse_time("endTime", f"{needed(record, 'endTime')}Z")
    yield {
        "user_id": user_id,
        "track_id": named_track(record.get("artistName"), record["trackName"]),
        "listened_at": (ended_at - timedelta(milliseconds=max(0, min(ms_played, 10**9)))).isoformat(),
        "ms_played": ms_played,
        "source": "spotify",
    }


SPOTIFY_ACCOUNT = Source(
    "spotify_account", "listens", frozenset({"endTime", "msPlayed"}), _account_rows, named=True
)
SPOTIFY = Source(
    "spotify", "listens", frozenset({"ts", "ms_played", "master_metadata_track_name"}), _rows, named=True
)
