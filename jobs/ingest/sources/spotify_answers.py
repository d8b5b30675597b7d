"""Answers of Spotify's API, or a table of them: the features of tracks, where ``id``, or the end of
``uri`` or ``track_uri``, is the track."""

from collections.abc import Iterator, Mapping
from typing import Any

from jobs.ingest.contract import from_text
from jobs.ingest.landing import LandedFile
from jobs.ingest.sources.source import Row, Source, needed
from models.features import FEATURES

_TRACK = "spotify:track:"


def _features(record: Mapping[str, Any], _: LandedFile) -> Iterator[Row]:
    values = {name: record[name] for name in FEATURES if name in record}
    texts = {name: value for name, value in values.items() if isinstance(value, str)}
    numbers = {name: value for name, value in values.items() if name not in texts}
    yield {"track_id": _track_id(record), **numbers, **from_text("audio_features", texts)}


def _track_id(record: Mapping[str, Any]) -> str:
    uri = record.get("uri") or record.get("track_uri")
    if not record.get("id") and isinstance(uri, str) and uri.startswith(_TRACK):
        return uri.removeprefix(_TRACK)
    return str(needed(record, "id"))


# A file of the contract has track_id, and is looked at first.
SPOTIFY_FEATURES = tuple(
    Source("spotify_features", "audio_features", frozenset({name, "danceability", "energy"}), _features)
    for name in ("uri", "track_uri", "id")
)
