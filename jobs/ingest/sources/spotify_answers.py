"""Answers of Spotify's API: the features of tracks, where ``id`` is the track."""

from collections.abc import Iterator, Mapping
from typing import Any

from jobs.ingest.landing import LandedFile
from jobs.ingest.sources.source import Row, Source, needed
from models.features import FEATURES


def _features(record: Mapping[str, Any], _: LandedFile) -> Iterator[Row]:
    yield {"track_id": needed(record, "id"), **{name: record.get(name) for name in FEATURES}}


SPOTIFY_FEATURES = Source(
    "spotify_features", "audio_features", frozenset({"id", "uri", "danceability", "energy"}), _features
)
