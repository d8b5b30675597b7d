"""All that the night knows of one listener: collected by Spark into one row, and read as arrays."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from jobs.domain.arrays import Floats, Ints
from jobs.recommend.shelves import RatingMatrix
from jobs.recommend.tracks import Tracks, located
from models.features import FEATURES


@dataclass(frozen=True)
class Neighborhood:
    """A listener's neighbors, similar and dissimilar, in the order given, and what they rate.

    ``similarity`` is the shrunk one, below 0 for who plays the opposite; it weighs the neighbor.
    Neighbor j rates track ``positions[i]`` with ``ratings[i]`` for i from ``ptr[j]`` to ``ptr[j + 1]``;
    ``totals`` and ``n_rated`` are of all their ratings, tracks outside the catalog included.
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
    neighborhood: Neighborhood


def collect_facts(
    heard: DataFrame, feedback: DataFrame, profiles: DataFrame, neighbors: DataFrame
) -> DataFrame:
    """One row a listener with a recent listen: user_id, heard, blocked, blocked_artists, neighbors (by
    rank) and tastes (heaviest first). ``heard``: see ``jobs.lake.heard``.

    All facts go through one shuffle, in one table. Lists are sorted: rows come in any order.
    """
    listen = F.when(F.col("recent"), "listen").otherwise("heard")
    facts = (
        _facts(heard, listen, "track_id")
        .union(_facts(feedback, F.col("kind"), "target_id"))
        .union(_facts(neighbors, "neighbor", "neighbor_id", "rank", "similarity"))
        .union(_facts(profiles, "taste", F.lit(""), "taste_no", "weight", "centroid"))
    )
    return (
        facts.groupBy("user_id")
        .agg(
            F.bool_or(F.col("fact") == "listen").alias("listened"),
            _set_of("listen", "heard").alias("heard"),
            _set_of("dislike", "block_track").alias("blocked"),
            _set_of("block_artist").alias("blocked_artists"),
            _list_of("neighbor", "number", "id", "value").alias("neighbors"),
            _list_of("taste", "number", "value", "vector").alias("tastes"),
        )
        .where("listened")
        .drop("listened")
    )


def _facts(
    rows: DataFrame,
    fact: Column | str,
    target: Column | str,
    number: str | None = None,
    value: str | None = None,
    vector: str | None = None,
) -> DataFrame:
    return rows.select(
        "user_id",
        (F.lit(fact) if isinstance(fact, str) else fact).alias("fact"),
        (F.col(target) if isinstance(target, str) else target).alias("id"),
        (F.col(number) if number else F.lit(None)).cast("int").alias("number"),
        (F.col(value) if value else F.lit(None)).cast("double").alias("value"),
        (F.col(vector) if vector else F.lit(None)).cast("array<double>").alias("vector"),
    )


def _set_of(*facts: str) -> Column:
    return F.sort_array(F.collect_set(F.when(F.col("fact").isin(*facts), F.col("id"))))


def _list_of(fact: str, *columns: str) -> Column:
    return F.sort_array(F.collect_list(F.when(F.col("fact") == fact, F.struct(*columns))))


def listeners_of(batch: pa.RecordBatch, tracks: Tracks, matrix: RatingMatrix) -> Iterator[Listener]:
    """The listeners of an Arrow batch of collected facts."""
    heard, blocked = (_positions(batch.column(name), tracks) for name in ("heard", "blocked"))
    artists = batch.column("blocked_artists").to_pylist()
    neighbors, tastes = batch.column("neighbors"), batch.column("tastes")
    for row, user_id in enumerate(batch.column("user_id").to_pylist()):
        number = matrix.number_of.get(user_id)
        rated, ratings = (_NO_INTS, _NO_FLOATS) if number is None else matrix.row(number)
        yield Listener(
            user_id=user_id,
            heard=heard[row],
            blocked=blocked[row],
            blocked_artists=tuple(artists[row]),
            rated=rated,
            ratings=ratings,
            total=0.0 if number is None else float(matrix.totals[number]),
            n_rated=0 if number is None else int(matrix.n_rated[number]),
            n_plays=0 if number is None else int(matrix.n_plays[number]),
            n_skips=0 if number is None else int(matrix.n_skips[number]),
            taste_weights=_floats(tastes[row].values.field("value")),
            centroids=_floats(tastes[row].values.field("vector").flatten()).reshape(-1, len(FEATURES)),
            neighborhood=neighborhood(neighbors[row].values, matrix),
        )


def neighborhood(neighbors: pa.StructArray, matrix: RatingMatrix) -> Neighborhood:
    """The neighborhood made of neighbors (id, value: similarity); those without ratings are left out."""
    ids = neighbors.field("id").to_pylist()
    known = [row for row, user_id in enumerate(ids) if user_id in matrix.number_of]
    numbers = [matrix.number_of[ids[row]] for row in known]
    ptr, positions, ratings = matrix.rows(numbers)
    return Neighborhood(
        ids=tuple(ids[row] for row in known),
        similarity=_floats(neighbors.field("value"))[known],
        totals=matrix.totals[numbers],
        n_rated=matrix.n_rated[numbers],
        ptr=ptr,
        positions=positions,
        ratings=ratings,
    )


_NO_INTS, _NO_FLOATS = np.empty(0, np.int64), np.empty(0)


def _positions(ids: pa.ListArray, tracks: Tracks) -> list[Ints]:
    """Positions of each row's tracks, those outside the catalog left out."""
    positions = located(ids.flatten(), tracks)
    ends = np.cumsum(ids.value_lengths().to_numpy(zero_copy_only=False))
    return [row[row >= 0] for row in np.split(positions, ends[:-1])]


def _floats(values: pa.Array) -> Floats:
    return np.asarray(values.to_numpy(zero_copy_only=False), np.float64)
