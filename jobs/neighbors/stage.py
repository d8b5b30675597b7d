"""The stage: the night's ratings to the neighbors table."""

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyspark import StorageLevel
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from jobs.errors import NoInputError
from jobs.lake.arrow import night_rows, version
from jobs.lake.session import n_slots, open_session
from jobs.lake.tables import Lake
from jobs.neighbors.distribute import (
    by_broadcast,
    by_shuffle,
    packed_blocks,
    recall_in_blocks,
    with_number,
)
from jobs.neighbors.kernel import popular_first
from jobs.neighbors.pair_scores import NeighborRule
from jobs.neighbors.plan import NightSize, Plan, make_plan, night_size
from jobs.neighbors.rating_matrix import RatingMatrix, rating_matrix
from jobs.neighbors.recall import sample_of, sampled_recall
from jobs.settings import NeighborsSettings
from jobs.stage import Night

log = logging.getLogger("nocturne.neighbors")
RATING = ["user_id", "track_id", "rating"]
# A rating as Arrow reads it, twice: the row of texts and its numbers.
BYTES_A_ROW = 160


def find_neighbors(night: Night) -> None:
    """Replace the night's neighbors; NoInputError if nobody has a rating.

    The summary's details tell the size, the pair operations, the plan and the rule, beside the versions
    of both tables.
    """
    settings, as_of = night.settings, night.window.as_of
    read = version(settings, "ratings")
    ratings = night_rows(settings, "ratings", as_of, read)
    n_ratings = ratings.count_rows()
    if not n_ratings:
        raise NoInputError(f"no listener has a rating on {as_of}: run build_taste for this night first")
    if n_ratings * BYTES_A_ROW <= settings.neighbors.broadcast_mb * 2**20:
        _in_memory(night, rating_matrix(ratings.to_table(RATING)))
    else:
        _in_blocks(night, read)
    night.summary.rows_in = n_ratings
    night.summary.rows_out = night_rows(settings, "neighbors", as_of).count_rows()
    night.summary.table_versions = {"ratings": read, "neighbors": version(settings, "neighbors")}


def _in_memory(night: Night, matrix: RatingMatrix) -> None:
    ratings = matrix.ratings
    n_each, listeners = np.diff(ratings.indptr), np.bincount(ratings.indices)
    size, rule = _size_and_rule(night, n_each, listeners)
    if rule.n_head:
        ratings = popular_first(ratings)
        _tell_recall(night, sampled_recall(ratings, rule, night.settings.seed))
    lake = _lake(night)
    plan = _planned(night, lake, size, n_each)
    _write(night, lake, by_broadcast(lake.spark, ratings, matrix.users, plan, rule))


def _in_blocks(night: Night, read: int) -> None:
    lake = _lake(night)
    ratings = lake.read("ratings", night.window.as_of, read).select(*RATING)
    users = ratings.groupBy("user_id").agg(F.count("*").alias("n_ratings"))
    users = with_number(users, "u", "user_id").persist()
    tracks = ratings.groupBy("track_id").agg(F.count("*").alias("n_listeners")).persist()
    n_each = _column(users.orderBy("u"), "n_ratings")
    size, rule = _size_and_rule(night, n_each, _column(tracks, "n_listeners"))
    plan = _planned(night, lake, size, n_each)
    order = ("-n_listeners", "track_id") if rule.n_head else ("track_id",)
    tracks = with_number(tracks, "t", *order).persist()
    blocks = packed_blocks(ratings, users, tracks, plan, rule, size.n_tracks).persist(
        StorageLevel.DISK_ONLY
    )
    _write(night, lake, by_shuffle(blocks, users, plan, rule, size.n_tracks))
    if rule.n_head:
        sample = sample_of(size.n_listeners, night.settings.seed)
        _tell_recall(night, recall_in_blocks(blocks, sample, rule, size.n_tracks))
    for kept in (blocks, tracks, users):
        kept.unpersist()


def _tell_recall(night: Night, recall: float) -> None:
    night.summary.details["recall"] = round(recall, 4)
    log.info("recall of the approximate lists on a sample of listeners: %.4f", recall)


def _column(rows: DataFrame, name: str) -> NDArray[np.int64]:
    values: pa.Table = rows.select(name).toArrow()
    return values[name].to_numpy()  # type: ignore[no-any-return]


def _lake(night: Night) -> Lake:
    return Lake(open_session(night.settings, "find_neighbors"), night.settings)


def _write(night: Night, lake: Lake, rows: DataFrame) -> None:
    as_of = night.window.as_of
    with _progress("comparing listeners and writing their neighbors"):
        lake.replace_night(rows.select(F.lit(as_of).alias("as_of"), "*"), "neighbors", as_of)


def _size_and_rule(
    night: Night, n_each: NDArray[np.integer], listeners: NDArray[np.integer]
) -> tuple[NightSize, NeighborRule]:
    chosen = night.settings.neighbors
    size = night_size(len(n_each), listeners, chosen.pair_budget)
    log.info(
        "%s: %d listeners, %d ratings, %.3g pair operations%s",
        night.window.as_of, size.n_listeners, size.n_ratings, size.pair_operations,
        f" (over the budget: {size.n_head} popular tracks make no candidates)" * bool(size.n_head),
    )  # fmt: skip
    rule = _rule(chosen, size)
    night.summary.details = asdict(size) | {"rule": rule._asdict()}
    return size, rule


def _planned(night: Night, lake: Lake, size: NightSize, n_each: NDArray[np.integer]) -> Plan:
    n_cores = n_slots(lake.spark)
    chosen = night.settings.neighbors
    plan = make_plan(
        size,
        n_each,
        list_length=chosen.k + chosen.k_dissimilar,
        n_cores=n_cores,
        task_memory_mb=chosen.task_memory_mb,
    )
    log.info("%s: %d tasks", night.window.as_of, len(plan.tasks))
    night.summary.details["n_tasks"] = len(plan.tasks)
    return plan


def _rule(chosen: NeighborsSettings, size: NightSize) -> NeighborRule:
    n_items = size.n_tracks if chosen.support == "all" else 0
    lengths = (chosen.k, chosen.k_dissimilar)
    return NeighborRule(n_items, *lengths, chosen.min_overlap, chosen.shrinkage, size.n_head)


@contextmanager
def _progress(what: str, every: float = 5.0) -> Iterator[None]:
    """Say every few seconds what is still being worked on, and for how long."""
    done = threading.Event()
    began = time.monotonic()

    def report() -> None:
        while not done.wait(every):
            log.info("%s: %.0f s", what, time.monotonic() - began)

    reporter = threading.Thread(target=report, daemon=True)
    reporter.start()
    try:
        yield
    finally:
        done.set()
        reporter.join()
