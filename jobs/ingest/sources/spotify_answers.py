"""Answers of Spotify's API, or a table of them: the features of tracks, where ``id``, or the end of
``uri`` or ``track_uri``, is the track. Services that answer alike have an ``id`` of their own, and name
Spotify's page of the track in ``href``."""

from collections.abc import Iterator, Mapping
from typing import Any

from jobs.ingest.contract import from_text
from jobs.ingest.landing import LandedFile
from jobs.ingest.sources.source import Row, Source, needed, spotify_track
from models.features import FEATURES


def _features(record: Mapping[str, Any], _: LandedFile) -> Iterator[Row]:
    values = {name: record[name] for name in FEATURES if name in record}
    texts = {name: value for name, value in values.items() if isinstance(value, str)}
    numbers = {name: value for name, value in values.items() if name not in texts}
    yield {"track_id": _track_id(record), **numbers, **from_text("audio_features", texts)}


def _track_id(record: Mapping[str, Any]) -> str:
    if found := spotify_track(record.get("href")):
        return found
    addresses = (spotify_track(record.get(name)) for name in ("uri", "track_uri"))
    return str(record.get("id") or next(filter(None, addresses), None) or needed(record, "id"))


# A file of the contract has track_id, and is looked at first.
SPOTIFY_FEATURES = tuple(
    Source("spotify_features", "audio_features", frozenset({name, "danceability", "energy"}), _features)
    for name in ("uri", "track_uri", "id")
)
