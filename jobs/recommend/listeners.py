"""All that the night knows of one listener, gathered into one row, and that row as arrays."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from jobs.lake.catalog import FEATURES

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Circle:
    """A listener's neighbors, closest first, and what they rate.

    Neighbor j rates track ``positions[ptr[j] + i]`` with ``ratings[ptr[j] + i]``; ``totals`` and
    ``n_rated`` are the sum and the number of all their ratings, tracks outside the catalog included.
    """

    ids: tuple[str, ...]
    similarity: Floats
    totals: Floats
    n_rated: Ints
    ptr: Ints
    positions: Ints
    ratings: Floats

    def __len__(self) -> int:
        return len(self.ids)


@dataclass(frozen=True)
class Listener:
    """One listener. Tracks are positions in the night's catalog; ``centroids`` float64[n_tastes, 13]."""

    user_id: str
    heard: Ints
    blocked: Ints
    blocked_artists: tuple[str, ...]
    rated: Ints
    ratings: Floats
    total: float
    n_rated: int
    n_plays: int
    n_skips: int
    taste_weights: Floats
    centroids: Floats
    circle: Circle


def gather(
    listens: DataFrame,
    feedback: DataFrame,
    ratings: DataFrame,
    profiles: DataFrame,
    neighbors: DataFrame,
    positions: DataFrame,
) -> DataFrame:
    """One row a listener with a listen; ``positions`` are the rows (track_id, position).

    Every list is sorted, because sums of floating-point numbers depend on their order.
    """
    shelves = shelf(ratings, positions)
    return (
        listens.select("user_id")
        .distinct()
        .join(known(listens, feedback, positions), "user_id", how="left")
        .join(blocks(feedback, positions), "user_id", how="left")
        .join(shelves, "user_id", how="left")
        .join(tastes(profiles), "user_id", how="left")
        .join(circles(neighbors, shelves), "user_id", how="left")
        .select("user_id", *(_or_nothing(name, kind) for name, kind in LISTENER_COLUMNS.items()))
    )


LISTENER_COLUMNS = {
    "heard": "array<int>",
    "blocked": "array<int>",
    "blocked_artists": "array<string>",
    "rated": "array<int>",
    "ratings": "array<double>",
    "total": "double",
    "n_rated": "bigint",
    "n_plays": "bigint",
    "n_skips": "bigint",
    "taste_weights": "array<double>",
    "centroids": "array<array<double>>",
    "neighbor_ids": "array<string>",
    "similarity": "array<double>",
    "neighbor_totals": "array<double>",
    "neighbor_n_rated": "array<bigint>",
    "neighbor_rated": "array<array<int>>",
    "neighbor_ratings": "array<array<double>>",
}


def known(listens: DataFrame, feedback: DataFrame, positions: DataFrame) -> DataFrame:
    """Rows (user_id, heard): tracks the listener has played or says to like."""
    liked = feedback.where("kind = 'like'").select("user_id", F.col("target_id").alias("track_id"))
    heard = listens.select("user_id", "track_id").union(liked)
    located = heard.join(positions, "track_id", how="inner")
    return located.groupBy("user_id").agg(F.sort_array(F.collect_set("position")).alias("heard"))


def blocks(feedback: DataFrame, positions: DataFrame) -> DataFrame:
    """Rows (user_id, blocked, blocked_artists): what the listener never wants to get."""
    tracks = feedback.where(F.col("kind").isin("dislike", "block_track"))
    located = tracks.join(positions, F.col("target_id") == F.col("track_id"), how="inner")
    artists = feedback.where("kind = 'block_artist'")
    return (
        located.groupBy("user_id")
        .agg(F.sort_array(F.collect_set("position")).alias("blocked"))
        .join(
            artists.groupBy("user_id").agg(
                F.sort_array(F.collect_set("target_id")).alias("blocked_artists")
            ),
            "user_id",
            how="full",
        )
    )


def shelf(ratings: DataFrame, positions: DataFrame) -> DataFrame:
    """Rows (user_id, rated, ratings, total, n_rated, n_plays, n_skips): who rates what, and how."""
    located = ratings.join(positions, "track_id", how="left")
    rated = F.sort_array(F.collect_list(F.struct("position", "rating")))
    in_catalog = F.filter(rated, lambda track: track["position"].isNotNull())
    return (
        located.groupBy("user_id")
        .agg(
            in_catalog.alias("tracks"),
            F.collect_list("rating").alias("all_ratings"),
            F.sum("n_plays").alias("n_plays"),
            F.sum("n_skips").alias("n_skips"),
        )
        .select(
            "user_id",
            F.col("tracks.position").alias("rated"),
            F.col("tracks.rating").alias("ratings"),
            _total(F.sort_array("all_ratings")).alias("total"),
            F.size("all_ratings").cast("bigint").alias("n_rated"),
            "n_plays",
            "n_skips",
        )
    )


def tastes(profiles: DataFrame) -> DataFrame:
    """Rows (user_id, taste_weights, centroids), heaviest taste first."""
    all_tastes = F.sort_array(F.collect_list(F.struct("taste_no", "weight", "centroid")))
    return (
        profiles.groupBy("user_id")
        .agg(all_tastes.alias("tastes"))
        .select(
            "user_id",
            F.col("tastes.weight").alias("taste_weights"),
            F.col("tastes.centroid").alias("centroids"),
        )
    )


def circles(neighbors: DataFrame, shelves: DataFrame) -> DataFrame:
    """Rows (user_id, neighbor_ids, similarity, …): each listener's neighbors with their shelves."""
    theirs = shelves.select(
        F.col("user_id").alias("neighbor_id"), "rated", "ratings", "total", "n_rated"
    )
    members = F.sort_array(
        F.collect_list(
            F.struct("rank", "neighbor_id", "similarity", "total", "n_rated", "rated", "ratings")
        )
    )
    return (
        neighbors.join(theirs, "neighbor_id", how="inner")
        .groupBy("user_id")
        .agg(members.alias("members"))
        .select(
            "user_id",
            F.col("members.neighbor_id").alias("neighbor_ids"),
            F.col("members.similarity").alias("similarity"),
            F.col("members.total").alias("neighbor_totals"),
            F.col("members.n_rated").alias("neighbor_n_rated"),
            F.col("members.rated").alias("neighbor_rated"),
            F.col("members.ratings").alias("neighbor_ratings"),
        )
    )


def listeners_of(batch: pa.RecordBatch) -> Iterator[Listener]:
    """The listeners of an Arrow batch of gathered rows."""
    column = {name: batch.column(name) for name in batch.schema.names}
    for i in range(batch.num_rows):
        row = {name: values[i] for name, values in column.items()}
        yield Listener(
            user_id=row["user_id"].as_py(),
            heard=_ints(row["heard"].values),
            blocked=_ints(row["blocked"].values),
            blocked_artists=tuple(row["blocked_artists"].as_py()),
            rated=_ints(row["rated"].values),
            ratings=_floats(row["ratings"].values),
            total=row["total"].as_py(),
            n_rated=row["n_rated"].as_py(),
            n_plays=row["n_plays"].as_py(),
            n_skips=row["n_skips"].as_py(),
            taste_weights=_floats(row["taste_weights"].values),
            centroids=_floats(row["centroids"].values.flatten()).reshape(-1, len(FEATURES)),
            circle=Circle(
                ids=tuple(row["neighbor_ids"].as_py()),
                similarity=_floats(row["similarity"].values),
                totals=_floats(row["neighbor_totals"].values),
                n_rated=_ints(row["neighbor_n_rated"].values),
                ptr=_starts(row["neighbor_rated"].values),
                positions=_ints(row["neighbor_rated"].values.flatten()),
                ratings=_floats(row["neighbor_ratings"].values.flatten()),
            ),
        )


def _or_nothing(name: str, kind: str) -> Column:
    nothing = F.array() if kind.startswith("array") else F.lit(0)
    return F.coalesce(F.col(name), nothing.cast(kind)).cast(kind).alias(name)


def _total(ratings: Column) -> Column:
    return F.aggregate(ratings, F.lit(0.0), lambda total, rating: total + rating)


def _ints(values: pa.Array) -> Ints:
    return np.asarray(values.to_numpy(zero_copy_only=False), np.int64)


def _floats(values: pa.Array) -> Floats:
    return np.asarray(values.to_numpy(zero_copy_only=False), np.float64)


def _starts(lists: pa.ListArray) -> Ints:
    lengths = lists.value_lengths().to_numpy(zero_copy_only=False)
    return np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
