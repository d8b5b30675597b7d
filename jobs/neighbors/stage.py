"""The stage: the night's ratings to the neighbors table."""

import logging
from dataclasses import asdict

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from jobs.errors import NoInputError
from jobs.lake.session import open_session
from jobs.lake.tables import Lake
from jobs.neighbors.coding import coded
from jobs.neighbors.distribute import by_broadcast, by_shuffle, named, numbered
from jobs.neighbors.earlier import earlier_run
from jobs.neighbors.incremental import changed, is_cheaper, update
from jobs.neighbors.kernel import popular_first
from jobs.neighbors.pairs import Rule
from jobs.neighbors.plan import Plan, Size, make_plan, measured
from jobs.neighbors.progress import progress
from jobs.neighbors.recall import sampled_recall
from jobs.settings import NeighborsSettings
from jobs.stage import Night

log = logging.getLogger("nocturne.neighbors")
# A rating as Arrow reads it, twice: the row of texts and its numbers.
BYTES_A_ROW = 160


def find_neighbors(night: Night) -> None:
    """Replace the night's neighbors; NoInputError if nobody has a rating.

    The summary's details tell the size, the pair operations, the plan and the rule; with the versions
    of both tables beside them, a later run knows what these neighbors were made from.
    """
    settings, as_of = night.settings, night.window.as_of
    lake = Lake(open_session(settings, "find_neighbors"), settings)
    version = lake.version("ratings")
    ratings = lake.read("ratings", as_of).select("user_id", "track_id", "rating")
    n_ratings = ratings.count()
    if not n_ratings:
        raise NoInputError(f"no listener has a rating on {as_of}: run build_taste for this night first")
    fits = n_ratings * BYTES_A_ROW <= settings.neighbors.broadcast_mb * 2**20
    with progress(lake.spark):
        rows = _in_memory(night, lake, ratings) if fits else _in_blocks(night, ratings)
        lake.replace_night(rows.select(F.lit(as_of).alias("as_of"), "*"), "neighbors", as_of)
    night.summary.rows_in = n_ratings
    night.summary.rows_out = lake.read("neighbors", as_of).count()
    night.summary.table_versions = {"ratings": version, "neighbors": lake.version("neighbors")}


def _in_memory(night: Night, lake: Lake, ratings: DataFrame) -> DataFrame:
    matrix = coded(ratings.toArrow())
    n_each, listeners = np.diff(matrix.ratings.indptr), np.bincount(matrix.ratings.indices)
    plan, rule = _planned(night, lake, n_each, listeners)
    if rule.n_head:
        popular = popular_first(matrix.ratings)
        recall = sampled_recall(popular, rule, night.settings.seed)
        night.summary.details["recall"] = round(recall, 4)
        log.info("recall of the approximate lists on a sample of listeners: %.4f", recall)
        return by_broadcast(lake.spark, popular, matrix.users, plan, rule)
    earlier = earlier_run(night, lake, rule)
    if earlier is not None:
        moved = changed(matrix, earlier.matrix)
        night.summary.details["n_changed"] = int(moved.sum())
        if is_cheaper(matrix.ratings, moved):
            log.info("%d of %d listeners changed: bringing lists up to date", moved.sum(), len(moved))
            found = update(matrix, earlier, moved, rule, n_threads=_cores(lake))
            return lake.spark.createDataFrame(named(found, matrix.users))
    return by_broadcast(lake.spark, matrix.ratings, matrix.users, plan, rule)


def _in_blocks(night: Night, ratings: DataFrame) -> DataFrame:
    lake = Lake(ratings.sparkSession, night.settings)
    users = ratings.groupBy("user_id").agg(F.count("*").alias("n_ratings"))
    users = numbered(users, "u", "user_id").persist()
    tracks = ratings.groupBy("track_id").agg(F.count("*").alias("n_listeners")).persist()
    n_each = _column(users.orderBy("u"), "n_ratings")
    plan, rule = _planned(night, lake, n_each, _column(tracks, "n_listeners"))
    order = ("-n_listeners", "track_id") if rule.n_head else ("track_id",)
    tracks = numbered(tracks, "t", *order).persist()
    return by_shuffle(ratings, users, tracks, plan, rule, night.summary.details["n_tracks"])


def _column(rows: DataFrame, name: str) -> NDArray[np.int64]:
    values: pa.Table = rows.select(name).toArrow()
    return values[name].to_numpy()  # type: ignore[no-any-return]


def _planned(
    night: Night, lake: Lake, n_each: NDArray[np.integer], listeners: NDArray[np.integer]
) -> tuple[Plan, Rule]:
    chosen = night.settings.neighbors
    size = measured(len(n_each), listeners, chosen.pair_budget)
    plan = make_plan(
        size,
        n_each,
        list_length=chosen.k + chosen.k_dissimilar,
        n_cores=_cores(lake),
        task_memory_mb=chosen.task_memory_mb,
    )
    log.info(
        "%s: %d listeners, %d ratings, %.3g pair operations%s, %d tasks",
        night.window.as_of, size.n_listeners, size.n_ratings, size.pair_operations,
        f" (over the budget: {size.n_head} popular tracks make no candidates)" * bool(size.n_head),
        len(plan.tasks),
    )  # fmt: skip
    rule = _rule(chosen, size)
    night.summary.details = asdict(size) | {"n_tasks": len(plan.tasks), "rule": rule._asdict()}
    return plan, rule


def _cores(lake: Lake) -> int:
    return lake.spark.sparkContext.defaultParallelism


def _rule(chosen: NeighborsSettings, size: Size) -> Rule:
    n_items = size.n_tracks if chosen.support == "all" else 0
    lengths = (chosen.k, chosen.k_dissimilar)
    return Rule(n_items, *lengths, chosen.min_overlap, chosen.shrinkage, size.n_head)
