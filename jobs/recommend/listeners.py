"""All that the night knows of listeners: everybody's ratings as a matrix that goes to every worker whole
(12 bytes a rating), and of each one the facts, collected by Spark into one row and read as arrays."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyspark.sql import Column, DataFrame
from pyspark.sql import Window as SqlWindow
from pyspark.sql import functions as F

from jobs.domain.arrays import Floats, Ints, Mask
from jobs.domain.dials import Dials
from jobs.domain.feedback import REJECTIONS
from jobs.domain.lists import DISCOVER, REDISCOVER
from jobs.lake.arrow import night_rows
from jobs.recommend.explore_share import weighed, weights_of
from jobs.recommend.tracks import Tracks, located
from jobs.settings import Settings
from jobs.window import Window
from models.content_network.arrays import TrackStats
from models.features import FEATURES

# Facts of a track that is due again, as ``jobs.recommend.rediscover`` names them.
N_DUE_FACTS = 4


@dataclass(frozen=True)
class RatingMatrix:
    """Ratings by listener, in the order of their ids.

    Listener u rates track ``positions[i]`` with ``ratings[i]`` for i from ``ptr[u]`` to ``ptr[u + 1]``,
    in the order of track ids. ``totals`` and ``n_rated`` are the sum and the number of all their
    ratings, those of tracks outside the catalog included; ``n_plays`` and ``n_skips`` of all of them.
    ``of_tracks`` counts each track's plays, skips included, and skips by all listeners.
    """

    user_ids: tuple[str, ...]
    ptr: Ints
    positions: NDArray[np.int32]
    ratings: Floats
    totals: Floats
    n_rated: Ints
    n_plays: Ints
    n_skips: Ints
    of_tracks: TrackStats

    @cached_property
    def number_of(self) -> dict[str, int]:
        """Number of each listener."""
        return {user_id: number for number, user_id in enumerate(self.user_ids)}

    def row(self, number: int) -> tuple[Ints, Floats]:
        """Return the positions and ratings of one listener."""
        rows = slice(self.ptr[number], self.ptr[number + 1])
        return self.positions[rows].astype(np.int64), self.ratings[rows]

    def rows(self, numbers: Sequence[int]) -> tuple[Ints, Ints, Floats]:
        """Return rows end to end: where each begins (and the last ends), positions and ratings."""
        rows = [self.row(number) for number in numbers]
        ptr = np.cumsum([0, *(len(positions) for positions, _ in rows)]).astype(np.int64)
        if not rows:
            return ptr, np.empty(0, np.int64), np.empty(0)
        return ptr, np.concatenate([p for p, _ in rows]), np.concatenate([r for _, r in rows])


def rating_matrix(ratings: pa.Table, tracks: Tracks) -> RatingMatrix:
    """Make the matrix of columns user_id, track_id, rating, n_plays and n_skips, rows in any order."""
    ratings = ratings.sort_by([("user_id", "ascending"), ("track_id", "ascending")]).combine_chunks()
    user_ids, owner = np.unique(ratings["user_id"].to_numpy(), return_inverse=True)
    positions = located(ratings["track_id"], tracks)
    rating = ratings["rating"].to_numpy()
    there = positions >= 0

    def sums(values: NDArray[np.generic]) -> Floats:
        return np.bincount(owner, values, len(user_ids)).astype(float)

    def by_track(values: NDArray[np.generic]) -> Floats:
        return np.bincount(positions[there], values[there], len(tracks)).astype(float)

    plays, skips = ratings["n_plays"].to_numpy(), ratings["n_skips"].to_numpy()
    return RatingMatrix(
        user_ids=tuple(user_ids.tolist()),
        ptr=np.cumsum([0, *np.bincount(owner[there], minlength=len(user_ids))]),
        positions=positions[there].astype(np.int32),
        ratings=rating[there],
        totals=sums(rating),
        n_rated=np.bincount(owner, minlength=len(user_ids)),
        n_plays=sums(plays).astype(np.int64),
        n_skips=sums(skips).astype(np.int64),
        of_tracks=TrackStats(by_track(plays + skips), by_track(skips)),
    )


def read_rating_matrix(settings: Settings, window: Window, tracks: Tracks) -> RatingMatrix:
    """Read the night's ratings; nobody's where none were written."""
    columns = ["user_id", "track_id", "rating", "n_plays", "n_skips"]
    return rating_matrix(night_rows(settings, "ratings", window.as_of).to_table(columns=columns), tracks)


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
    """One listener. Tracks are positions in the night's catalog; ``centroids`` float64[n_tastes, 13].

    ``offered`` stood on a list of the last nights to be discovered, ``rediscovered`` on one to be heard
    again. ``candidates`` are ranked, with the ``chances`` that they are played, the listener's
    ``claims`` to them (``models.candidates.reach``) and the played track ``because`` of which each was
    found, -1 for none. ``tries`` are the weighed counts of ``jobs.recommend.explore_share``;
    ``explored`` tracks were tried, each of a weight from 0 to 1, and some ``explored_liked``; ``due``
    and ``due_facts``, float64[n_due, 4], are of ``jobs.recommend.rediscover``.
    """

    user_id: str
    heard: Ints
    offered: Ints
    rediscovered: Ints
    blocked: Ints
    blocked_artists: tuple[str, ...]
    candidates: Ints
    chances: Floats
    claims: Floats
    because: Ints
    rated: Ints
    ratings: Floats
    total: float
    n_rated: int
    n_plays: int
    n_skips: int
    taste_weights: Floats
    centroids: Floats
    neighborhood: Neighborhood
    tries: Floats
    explored: Ints
    explored_liked: Mask
    explored_weights: Floats
    due: Ints
    due_facts: Floats
    dials: Dials


def collect_facts(
    heard: DataFrame,
    feedback: DataFrame,
    profiles: DataFrame,
    neighbors: DataFrame,
    candidates: DataFrame,
    offered: DataFrame,
    tries: DataFrame,
    explored: DataFrame,
    due: DataFrame,
    dials: DataFrame,
) -> DataFrame:
    """Collect one row a listener with a recent listen or like: user_id, heard, offered, rediscovered,
    blocked, blocked_artists, neighbors and candidates (by rank), tastes (heaviest first), tries and
    explored (by age), due and dials (by id). ``heard``: see ``jobs.lake.heard``; ``offered`` are rows of
    the last nights' lists, of all but new releases, which are offered again; ``tries`` and ``explored``:
    see ``jobs.recommend.explore_share``; ``due``: see ``jobs.recommend.rediscover``; ``dials``: see
    ``jobs.lake.dials``.

    All facts go through one shuffle, in one table; candidates through one by track before it. Lists
    are sorted: rows come in any order.
    """
    claimed = with_claims(candidates)
    listen = F.when(F.col("recent"), "listen").otherwise("heard")
    facts = (
        _facts(heard, listen, "track_id")
        .union(_facts(feedback, F.col("kind"), "target_id"))
        .union(_facts(neighbors, "neighbor", "neighbor_id", "rank", "similarity"))
        .union(_facts(profiles, "taste", F.lit(""), "taste_no", "weight", "centroid"))
        .union(_facts(claimed, "candidate", "track_id", "rank", "score", text="because", claim="claim"))
        .union(_facts(offered, F.col("playlist"), "track_id"))
        .union(_facts(tries, "try", F.lit(""), "age", vector="counts"))
        .union(_facts(explored, "explored", "track_id", "age", "liked"))
        .union(_facts(due, "due", "track_id", vector="facts"))
        .union(_facts(dials, "dial", "dial", text="value"))
    )
    return (
        facts.groupBy("user_id")
        .agg(
            F.bool_or(F.col("fact") == "listen").alias("listened"),
            _set_of("listen", "heard").alias("heard"),
            _set_of(DISCOVER).alias("offered"),
            _set_of(REDISCOVER).alias("rediscovered"),
            _set_of(*REJECTIONS).alias("blocked"),
            _set_of("block_artist").alias("blocked_artists"),
            _list_of("neighbor", "number", "id", "value").alias("neighbors"),
            _list_of("candidate", "number", "id", "value", "claim", "text").alias("candidates"),
            _list_of("taste", "number", "value", "vector").alias("tastes"),
            _list_of("try", "number", "vector").alias("tries"),
            _list_of("explored", "number", "id", "value").alias("explored"),
            _list_of("due", "id", "vector").alias("due"),
            _list_of("dial", "id", "text").alias("dials"),
        )
        .where("listened")
        .drop("listened")
    )


def with_claims(candidates: DataFrame) -> DataFrame:
    """Add ``claim`` to rows of ``candidates``, of all listeners, as ``models.candidates.reach`` says."""
    of_track = SqlWindow.partitionBy("track_id").orderBy(F.desc("score"), "user_id")
    return candidates.withColumn("claim", 1 / F.row_number().over(of_track))


def _facts(
    rows: DataFrame,
    fact: Column | str,
    target: Column | str,
    number: str | None = None,
    value: str | None = None,
    vector: str | None = None,
    text: str | None = None,
    claim: str | None = None,
) -> DataFrame:
    return rows.select(
        "user_id",
        (F.lit(fact) if isinstance(fact, str) else fact).alias("fact"),
        (F.col(target) if isinstance(target, str) else target).alias("id"),
        (F.col(number) if number else F.lit(None)).cast("int").alias("number"),
        (F.col(value) if value else F.lit(None)).cast("double").alias("value"),
        (F.col(vector) if vector else F.lit(None)).cast("array<double>").alias("vector"),
        (F.col(text) if text else F.lit(None)).cast("string").alias("text"),
        (F.col(claim) if claim else F.lit(None)).cast("double").alias("claim"),
    )


def _set_of(*facts: str) -> Column:
    return F.sort_array(F.collect_set(F.when(F.col("fact").isin(*facts), F.col("id"))))


def _list_of(fact: str, *columns: str) -> Column:
    return F.sort_array(F.collect_list(F.when(F.col("fact") == fact, F.struct(*columns))))


def listeners_of(batch: pa.RecordBatch, tracks: Tracks, matrix: RatingMatrix) -> Iterator[Listener]:
    """Give the listeners of an Arrow batch of collected facts, in its order."""
    heard, offered, rediscovered, blocked = (
        _positions(batch.column(name), tracks)
        for name in ("heard", "offered", "rediscovered", "blocked")
    )
    artists = batch.column("blocked_artists").to_pylist()
    neighbors, tastes = batch.column("neighbors"), batch.column("tastes")
    candidates, tries, due = (batch.column(name) for name in ("candidates", "tries", "due"))
    dials = batch.column("dials").to_pylist()
    # Of the whole batch at once: each search indexes the catalog anew.
    proposed, because = (_positions_of(candidates, name, tracks) for name in ("id", "text"))
    missed = _positions_of(due, "id", tracks)
    explored = batch.column("explored")
    tried = _positions_of(explored, "id", tracks)
    for row, user_id in enumerate(batch.column("user_id").to_pylist()):
        number = matrix.number_of.get(user_id)
        rated, ratings = (_NO_INTS, _NO_FLOATS) if number is None else matrix.row(number)
        there, in_catalog, known = proposed[row] >= 0, missed[row] >= 0, tried[row] >= 0
        yield Listener(
            user_id=user_id,
            heard=heard[row],
            offered=offered[row],
            rediscovered=rediscovered[row],
            blocked=blocked[row],
            blocked_artists=tuple(artists[row]),
            candidates=proposed[row][there],
            chances=_floats(candidates[row].values.field("value"))[there],
            claims=_floats(candidates[row].values.field("claim"))[there],
            because=because[row][there],
            rated=rated,
            ratings=ratings,
            total=0.0 if number is None else float(matrix.totals[number]),
            n_rated=0 if number is None else int(matrix.n_rated[number]),
            n_plays=0 if number is None else int(matrix.n_plays[number]),
            n_skips=0 if number is None else int(matrix.n_skips[number]),
            taste_weights=_floats(tastes[row].values.field("value")),
            centroids=_rows_of_vectors(tastes[row].values, len(FEATURES)),
            neighborhood=neighborhood(neighbors[row].values, matrix),
            tries=weighed(
                _floats(tries[row].values.field("number")),
                _floats(tries[row].values.field("vector").flatten()),
            ),
            explored=tried[row][known],
            explored_liked=_floats(explored[row].values.field("value"))[known] > 0,
            explored_weights=weights_of(_floats(explored[row].values.field("number")))[known],
            due=missed[row][in_catalog],
            due_facts=_rows_of_vectors(due[row].values, N_DUE_FACTS)[in_catalog],
            dials=Dials.of({dial["id"]: dial["text"] for dial in dials[row]}),
        )


def neighborhood(neighbors: pa.StructArray, matrix: RatingMatrix) -> Neighborhood:
    """Make a neighborhood of neighbors (id, value: similarity); those without ratings are left out."""
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
    return [row[row >= 0] for row in _rows(located(ids.flatten(), tracks), ids)]


def _positions_of(lists: pa.ListArray, name: str, tracks: Tracks) -> list[Ints]:
    """Positions of the tracks in one field of each row's structs, -1 for none."""
    return _rows(located(lists.flatten().field(name), tracks), lists)


def _rows(values: Ints, lists: pa.ListArray) -> list[Ints]:
    ends = np.cumsum(lists.value_lengths().to_numpy(zero_copy_only=False))
    return np.split(values, ends[:-1])


def _rows_of_vectors(structs: pa.StructArray, n: int) -> Floats:
    """Return the structs' vectors of ``n`` numbers, a row each."""
    return _floats(structs.field("vector").flatten()).reshape(-1, n)


def _floats(values: pa.Array) -> Floats:
    return np.asarray(values.to_numpy(zero_copy_only=False), np.float64)
