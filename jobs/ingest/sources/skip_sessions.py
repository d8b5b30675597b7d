"""The sequential-skip sessions: a log of anonymous sessions, and the table of their tracks.

A session stands for a listener. The log has an hour and a position, no instant, and no zone: plays are
put a minute apart into the hour, read as UTC. Of the length of a play it knows only how far it got,
in four steps; ``ms_played`` is a nominal value of the step. The table fills tracks when it lands among
tracks, and audio features when it lands among audio_features.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from jobs.ingest.faults import RowFault
from jobs.ingest.landing import LandedFile
from jobs.ingest.names import artist_id
from jobs.ingest.sources.source import Row, Source, flag, needed, whole_number

_STEPS = (("skip_1", 5_000), ("skip_2", 20_000), ("skip_3", 90_000))
_WHOLE_MS = 200_000
_FEATURES = (
    "danceability", "energy", "key", "loudness", "speechiness", "acousticness", "instrumentalness",
    "liveness", "valence", "tempo", "time_signature",
)  # fmt: skip
_NUMBERS = {"key", "time_signature"}


def _listens(record: Mapping[str, Any], _: LandedFile) -> Iterator[Row]:
    session, position = needed(record, "session_id"), whole_number(record, "session_position")
    reached = {name for name, _ in _STEPS if flag(record, name)}
    if reached and flag(record, "not_skipped"):
        raise RowFault(
            "contradiction: not_skipped", f"not_skipped, and yet {', '.join(sorted(reached))}"
        )
    hour = whole_number(record, "hour_of_day")
    if not 0 <= hour < 24 or not 1 <= position <= 1000:
        raise RowFault("out of range: hour_of_day", f"hour {hour}, position {position} of a session")
    began = day("date", needed(record, "date")) + timedelta(hours=hour, minutes=position - 1)
    yield {
        "listen_id": f"{session}-{position}",
        "user_id": session,
        "track_id": needed(record, "track_id_clean"),
        "listened_at": f"{began.isoformat()}Z",
        "ms_played": next((ms for name, ms in _STEPS if name in reached), _WHOLE_MS),
        "skipped": "skip_2" in reached,
        "source": record.get("context_type") or None,
    }


def day(name: str, text: str) -> datetime:
    """Return midnight of a day written 2018-07-15 or, as in the published samples, 15/07/2018."""
    for pattern in ("%Y-%m-%d", "%d/%m/%Y"):
        try:
            return datetime.strptime(text, pattern)  # noqa: DTZ007 - the log has no zone
        except ValueError:
            continue
    raise RowFault(f"not a day: {name}", f"{name} is {text[:60]!r}: neither 2018-07-15 nor 15/07/2018")


def _duration_ms(record: Mapping[str, Any]) -> int:
    return round(_number(record, "duration") * 1000)


def _number(record: Mapping[str, Any], name: str) -> float:
    text = needed(record, name)
    try:
        return float(text)
    except ValueError:
        raise RowFault(f"wrong type: {name}", f"{name} is {text[:60]!r}, not a number") from None


def _tracks(record: Mapping[str, Any], _: LandedFile) -> Iterator[Row]:
    artist, released = needed(record, "artist"), record.get("release_date_estimate")
    yield {
        "track_id": needed(record, "track_id"),
        "title": needed(record, "track_name"),
        "artist_id": artist_id(artist),
        "artist": artist,
        "album": record.get("album_name") or None,
        "release_date": day("release_date_estimate", released).date().isoformat() if released else None,
        "duration_ms": _duration_ms(record),
    }


def _features(record: Mapping[str, Any], _: LandedFile) -> Iterator[Row]:
    mode = needed(record, "mode")
    if mode not in ("major", "minor"):
        raise RowFault("out of range: mode", f"mode is {mode[:60]!r}, neither major nor minor")
    numbers = {
        name: whole_number(record, name) if name in _NUMBERS else _number(record, name)
        for name in _FEATURES
    }
    yield {
        "track_id": needed(record, "track_id"),
        **numbers,
        "mode": int(mode == "major"),
        "duration_ms": _duration_ms(record),
    }


_TABLE = frozenset({"track_id", "track_name", "duration", "us_popularity_estimate", "mechanism"})
SKIP_SESSIONS = (
    Source(
        "skip_sessions", "listens",
        frozenset({"session_id", "session_position", "track_id_clean", "skip_1"}), _listens,
    ),
    Source("skip_tracks", "tracks", _TABLE, _tracks),
    Source("skip_features", "audio_features", _TABLE, _features),
)  # fmt: skip
