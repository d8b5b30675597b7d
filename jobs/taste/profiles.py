"""Taste profiles: the few kinds of music that one listener likes, each by its mean features."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from jobs.lake.catalog import FEATURES
from jobs.taste.clusters import cluster

# What sets kinds of music apart, and the typical spread of each in its own unit (standard deviations
# over 40,560 charting and non-charting tracks of six decades, rounded). Key, mode and time signature
# say little about taste; fixed spreads keep the tastes of different nights comparable.
SPREADS = {
    "danceability": 0.18, "energy": 0.25, "loudness": 5.3, "speechiness": 0.09, "acousticness": 0.34,
    "instrumentalness": 0.30, "liveness": 0.17, "valence": 0.27, "tempo": 29.0, "duration_ms": 120_000.0,
}  # fmt: skip
_COLUMNS = [FEATURES.index(name) for name in SPREADS]
_SCALE = np.array(list(SPREADS.values()))

SCHEMA = "user_id string, taste_no int, weight double, n_tracks int, centroid array<double>"


def taste_profiles(
    ratings: DataFrame, features: DataFrame, *, n_tastes: int, tracks_per_taste: int
) -> DataFrame:
    """Rows (user_id, taste_no, weight, n_tracks, centroid) from tracks rated above 0.

    A listener gets a taste for each ``tracks_per_taste`` tracks, at least one, at most ``n_tastes``;
    weights are shares of the ratings. Listeners without a rated track with features have no row.
    """
    vector = F.array(*(F.col(name).cast("double") for name in FEATURES)).alias("features")
    rated = ratings.where("rating > 0").join(
        features.select("track_id", vector), "track_id", how="inner"
    )
    # Sorted, because sums of floating-point numbers depend on their order.
    tracks = F.sort_array(F.collect_list(F.struct("track_id", "rating", "features")))
    listeners = rated.groupBy("user_id").agg(tracks.alias("tracks"))
    flat = listeners.select("user_id", "tracks.rating", "tracks.features")

    def profile(batches: Iterable[pa.RecordBatch]) -> Iterable[pa.RecordBatch]:
        for batch in batches:
            if batch.num_rows:
                yield profile_batch(batch, n_tastes, tracks_per_taste)

    return flat.mapInArrow(profile, SCHEMA)


@dataclass(frozen=True)
class Tastes:
    """Tastes of several listeners: each by its listener's row number, heaviest first."""

    listener: NDArray[np.int64]
    taste_no: NDArray[np.int64]
    weight: NDArray[np.float64]
    n_tracks: NDArray[np.int64]
    centroid: NDArray[np.float64]


def profile_batch(batch: pa.RecordBatch, n_tastes: int, tracks_per_taste: int) -> pa.RecordBatch:
    """Tastes of a batch of listeners: user_id, rating (list), features (list of 13 doubles)."""
    ratings = batch.column("rating")
    counts = np.diff(ratings.offsets.to_numpy())
    vectors = batch.column("features").flatten().flatten().to_numpy(zero_copy_only=False)
    n_clusters = np.clip(counts // tracks_per_taste, 1, n_tastes)
    found = tastes(
        vectors.reshape(-1, len(FEATURES)),
        ratings.flatten().to_numpy(zero_copy_only=False),
        counts,
        n_clusters,
    )
    return pa.RecordBatch.from_arrays(
        [
            batch.column("user_id").take(pa.array(found.listener)),
            pa.array(found.taste_no, pa.int32()),
            pa.array(found.weight),
            pa.array(found.n_tracks, pa.int32()),
            pa.array(list(found.centroid), pa.list_(pa.float64())),
        ],
        names=["user_id", "taste_no", "weight", "n_tracks", "centroid"],
    )


def tastes(
    vectors: NDArray[np.float64],
    ratings: NDArray[np.float64],
    counts: NDArray[np.int64],
    n_clusters: NDArray[np.int64],
) -> Tastes:
    """Cluster each listener's rows (``counts`` rows each) and describe the clusters."""
    owner = np.repeat(np.arange(len(counts)), counts)
    n_slots = int(n_clusters.max())
    labels = cluster(vectors[:, _COLUMNS] / _SCALE, ratings, counts, n_clusters)
    slot = owner * n_slots + labels
    size = len(counts) * n_slots
    total = np.bincount(slot, ratings, size)
    sums = np.stack([np.bincount(slot, ratings * column, size) for column in vectors.T], axis=1)
    used = np.flatnonzero(np.bincount(slot, minlength=size))
    used = used[np.lexsort((used, -total[used], used // n_slots))]
    listener = used // n_slots
    first = np.searchsorted(listener, listener)
    return Tastes(
        listener=listener,
        taste_no=np.arange(len(used)) - first,
        weight=total[used] / np.bincount(owner, ratings)[listener],
        n_tracks=np.bincount(slot, minlength=size)[used],
        centroid=sums[used] / total[used, None],
    )
