"""Spotify's extended streaming history, as its JSON files or a CSV of them.

``ts`` is the end of a play: the listen began ``ms_played`` earlier. Podcasts and audiobooks are left
out. The listener is not named: see ``listener``. What a play, a start or a skip is, is not decided here:
``skipped`` stays null where an older export leaves it open, ``end_reason`` says how the play ended, and
``private`` that it was played in a private session.
"""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from jobs.ingest.landing import LandedFile
from jobs.ingest.sources.source import Row, Source, flag, listener, named_track, needed, whole_number
from jobs.ingest.times import parse_time

_SPOKEN = ("spotify_episode_uri", "episode_name", "audiobook_uri", "audiobook_title")


def _rows(record: Mapping[str, Any], file: LandedFile) -> Iterator[Row]:
    if any(record.get(name) for name in _SPOKEN) and not record.get("spotify_track_uri"):
        return
    ms_played = whole_number(record, "ms_played")
    ended_at = parse_time("ts", needed(record, "ts"))
    # A play of a day or more is refused by the rules; here it must only not leave the calendar.
    played = timedelta(milliseconds=max(0, min(ms_played, 10**9)))
    yield {
        "user_id": listener(file),
        "track_id": _track_id(record),
        "listened_at": (ended_at - played).isoformat(),
        "ms_played": ms_played,
        "skipped": flag(record, "skipped"),
        "source": "spotify",
        "private": flag(record, "incognito_mode"),
        "end_reason": record.get("reason_end") or None,
    }


def _track_id(record: Mapping[str, Any]) -> str:
    uri = record.get("spotify_track_uri")
    if isinstance(uri, str) and uri.startswith("spotify:track:"):
        return uri.removeprefix("spotify:track:")
    # A file of the listener's own, played with Spotify.
    return named_track(
        record.get("master_metadata_album_artist_name"), record.get("master_metadata_track_name")
    )


SPOTIFY = Source(
    "spotify", "listens", frozenset({"ts", "ms_played", "master_metadata_track_name"}), _rows, named=True
)
