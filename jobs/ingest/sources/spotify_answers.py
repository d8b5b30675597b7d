"""Answers of Spotify's API, or a CSV of them: the features of tracks, where ``id`` is the track."""

from collections.abc import Iterator, Mapping
from typing import Any

from jobs.ingest.contract import from_text
from jobs.ingest.landing import LandedFile
from jobs.ingest.sources.source import Row, Source, needed
from models.features import FEATURES


def _features(record: Mapping[str, Any], _: LandedFile) -> Iterator[Row]:
    values = {name: record[name] for name in FEATURES if name in record}
    texts = {name: value for name, value in values.items() if isinstance(value, str)}
    numbers = {name: value for name, value in values.items() if name not in texts}
    yield {"track_id": needed(record, "id"), **numbers, **from_text("audio_features", texts)}


SPOTIFY_FEATURES = Source(
    "spotify_features", "audio_features", frozenset({"id", "uri", "danceability", "energy"}), _features
)
