"""Taste profiles: the few kinds of music that one listener likes, each by its mean features."""

from collections.abc import Iterable

import numpy as np
import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from models.features import FEATURES
from models.tastes import tastes

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
