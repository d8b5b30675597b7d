"""The kernel in Spark: one task a pair of blocks of listeners, then one merge a block.

A matrix that fits goes to every executor by broadcast; a larger one is cut into blocks that are
shuffled to the tasks that need them, two at a time.
"""

from collections.abc import Callable, Iterable, Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import scipy.sparse as sp
from numpy.typing import NDArray
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import Window as Ordered
from pyspark.sql import functions as F

from jobs.neighbors.kernel import Neighbors, prepare_rows, slice_rows, take_rows
from jobs.neighbors.pair_scores import NeighborRule, RatingRows
from jobs.neighbors.plan import Plan
from jobs.neighbors.recall import recall
from jobs.neighbors.worker_tasks import (
    BLOCK_SCHEMA,
    PARTIAL_SCHEMA,
    RESULT_SCHEMA,
    columns,
    concat_rows,
    merge_tasks,
    pack_block,
    pack_rows,
    score_sample,
    score_task,
    unpack_rows,
)

RecordBatches = Iterator[pa.RecordBatch]
NAMED_SCHEMA = f"user_id string, neighbor_id string, {RESULT_SCHEMA}"
NUMBERED_SCHEMA = f"user int, neighbor int, {RESULT_SCHEMA}"


def by_broadcast(
    spark: SparkSession, ratings: sp.csr_matrix, users: pa.StringArray, plan: Plan, rule: NeighborRule
) -> DataFrame:
    """Find neighbors in a matrix that fits in memory; ``users`` names its rows.

    One row a listener and neighbor: the columns of the neighbors table, without the night.
    """
    everyone = prepare_rows(ratings, rule)
    n_tasks, n_tracks = len(plan.tasks), ratings.shape[1]

    def score(batches: Iterable[pa.RecordBatch]) -> Iterable[pa.RecordBatch]:
        for task in (task for batch in batches for task in batch["id"].to_pylist()):
            blocks = {block: slice_rows(everyone, *plan.spans[block]) for block in plan.tasks[task]}
            yield score_task(blocks, n_tracks, rule)

    partial = spark.range(0, n_tasks, 1, n_tasks).mapInArrow(score, PARTIAL_SCHEMA)
    return _merge_blocks(partial, plan, rule, lambda found: neighbor_table(found, users), NAMED_SCHEMA)


def packed_blocks(
    ratings: DataFrame,
    users: DataFrame,
    tracks: DataFrame,
    plan: Plan,
    rule: NeighborRule,
    n_tracks: int,
) -> DataFrame:
    """Pack the blocks of the plan, ready to score, from columns user_id, track_id, rating.

    ``users`` (u) and ``tracks`` (t) number them from 0. One row a block (BLOCK_SCHEMA).
    """

    def pack(batches: RecordBatches) -> RecordBatches:
        table = pa.Table.from_batches(batches)
        block = table["block"][0].as_py()
        rows = pack_block(table, plan.spans[block], n_tracks, rule)
        yield pa.RecordBatch.from_pydict({"block": pa.array([block], pa.int32()), "rows": [rows]})

    starts = ", ".join(str(start) for start, _ in plan.spans)
    block = F.expr(f"size(filter(array({starts}), s -> s <= u)) - 1").alias("block")
    numbers = ratings.join(users, "user_id", "inner").join(tracks, "track_id", "inner")
    return numbers.select(block, "u", "t", "rating").groupBy("block").applyInArrow(pack, BLOCK_SCHEMA)


def by_shuffle(
    blocks: DataFrame, users: DataFrame, plan: Plan, rule: NeighborRule, n_tracks: int
) -> DataFrame:
    """Find neighbors in packed blocks; ``users`` names their rows. One row as of ``by_broadcast``."""

    def score(batches: RecordBatches) -> RecordBatches:
        packed = sorted((row["block"], row["rows"]) for batch in batches for row in batch.to_pylist())
        yield score_task({block: unpack_rows(rows) for block, rows in packed}, n_tracks, rule)

    members = [(task, block) for task, pair in enumerate(plan.tasks) for block in sorted(set(pair))]
    uses = blocks.sparkSession.createDataFrame(members, "task int, block int")
    partial = (
        blocks.join(F.broadcast(uses), "block", "inner")
        .groupBy("task")
        .applyInArrow(score, PARTIAL_SCHEMA)
    )
    found = _merge_blocks(partial, plan, rule, _numbered_table, NUMBERED_SCHEMA)
    owners = users.select("user_id", F.col("u").alias("user"))
    others = users.select(F.col("user_id").alias("neighbor_id"), F.col("u").alias("neighbor"))
    rows = found.join(owners, "user", "inner").join(others, "neighbor", "inner")
    return rows.drop("user", "neighbor")


def recall_in_blocks(
    blocks: DataFrame, sample: NDArray[np.int64], rule: NeighborRule, n_tracks: int
) -> float:
    """Measure what ``sampled_recall`` does, in packed blocks: each meets the rows of the sample."""

    def choose(batches: Iterable[pa.RecordBatch]) -> Iterable[pa.RecordBatch]:
        for row in _rows_of(batches):
            packed = [pack_rows(take_rows(row, np.flatnonzero(np.isin(row.listener, sample))))]
            yield pa.RecordBatch.from_pydict({"block": pa.array([0], pa.int32()), "rows": packed})

    chosen = concat_rows(
        unpack_rows(row["rows"]) for row in blocks.mapInArrow(choose, BLOCK_SCHEMA).collect()
    )
    rules = (rule, rule._replace(n_head=0))

    def score(batches: Iterable[pa.RecordBatch]) -> Iterable[pa.RecordBatch]:
        for row in _rows_of(batches):
            for number, each in enumerate(rules):
                yield score_sample(chosen, row, number, n_tracks, each)

    scored = blocks.mapInArrow(score, PARTIAL_SCHEMA).toArrow()
    found, exact = (
        merge_tasks(scored.filter(pc.equal(scored["block"], number)).to_batches(), chosen.listener, rule)
        for number in range(len(rules))
    )
    return recall(found, exact)


def _rows_of(batches: Iterable[pa.RecordBatch]) -> Iterator[RatingRows]:
    for batch in batches:
        for rows in batch["rows"].to_pylist():
            yield unpack_rows(rows)


def neighbor_table(found: Neighbors, users: pa.StringArray) -> pa.Table:
    """Return the columns of the neighbors table, without the night; ``users`` names the rows."""
    ids = {"user_id": found.user, "neighbor_id": found.neighbor}
    return pa.table({name: users.take(pa.array(rows)) for name, rows in ids.items()} | columns(found))


def _numbered_table(found: Neighbors) -> pa.Table:
    return pa.table({"user": found.user, "neighbor": found.neighbor} | columns(found))


def _merge_blocks(
    partial: DataFrame,
    plan: Plan,
    rule: NeighborRule,
    table: Callable[[Neighbors], pa.Table],
    schema: str,
) -> DataFrame:
    def merge(key: tuple[pa.Scalar, ...], batches: RecordBatches) -> RecordBatches:
        listener = np.arange(*plan.spans[key[0].as_py()], dtype=np.int32)
        yield from table(merge_tasks(batches, listener, rule)).to_batches()

    return partial.groupBy("block").applyInArrow(merge, schema)


def with_number(rows: DataFrame, name: str, *order: str) -> DataFrame:
    """Add a column of that name that counts from 0 in this order; sorted by one task."""
    return rows.withColumn(name, F.row_number().over(Ordered.orderBy(*map(F.expr, order))) - 1)
