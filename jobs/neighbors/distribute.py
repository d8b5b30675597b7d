"""The kernel in Spark: one task a pair of blocks of listeners, then one merge a block."""

from collections.abc import Callable, Iterable

import numpy as np
import pyarrow as pa
from pyspark import Broadcast
from pyspark.sql import DataFrame, SparkSession

from jobs.neighbors.coding import Coded
from jobs.neighbors.kernel import Found, Neighbors, cut, prepare, ranked, score_between, score_within
from jobs.neighbors.pairs import ENTRY, Lists, Rule, merge_lists
from jobs.neighbors.plan import Plan

PARTIAL = "block int, lists array<binary>"
RESULT = """user_id string, neighbor_id string, pearson double, n_common int, similarity double,
    rank int, band string"""
Batches = Iterable[pa.RecordBatch]


def neighbors_of_all(spark: SparkSession, coded: Coded, plan: Plan, rule: Rule) -> DataFrame:
    """One row a listener and neighbor; the matrix travels to the executors by broadcast."""
    matrix: Broadcast[Coded] = spark.sparkContext.broadcast(coded)
    n_tasks = len(plan.tasks)
    tasks = spark.range(0, n_tasks, 1, n_tasks)
    partial = tasks.mapInArrow(_scorer(matrix, plan, rule), PARTIAL)
    merger = _merger(matrix, plan, rule)
    return partial.groupBy("block").applyInArrow(merger, RESULT)


def _scorer(matrix: Broadcast[Coded], plan: Plan, rule: Rule) -> Callable[[Batches], Batches]:
    def score(batches: Batches) -> Batches:
        everyone, n_items = prepare(matrix.value.ratings, rule), matrix.value.ratings.shape[1]
        for task in (task for batch in batches for task in batch["id"].to_pylist()):
            i, j = plan.tasks[task]
            rows = {block: cut(everyone, *plan.spans[block]) for block in (i, j)}
            found = {block: Found.empty(len(rows[block].listener), rule) for block in rows}
            if i == j:
                score_within(rows[i], found[i], n_items, rule)
            else:
                score_between(rows[i], rows[j], found[i], found[j], n_items, rule)
            for block, lists in found.items():
                yield packed(block, lists)

    return score


def _merger(matrix: Broadcast[Coded], plan: Plan, rule: Rule) -> Callable[[pa.Table], pa.Table]:
    def merge(table: pa.Table) -> pa.Table:
        start, end = plan.spans[table["block"][0].as_py()]
        found = Found.empty(end - start, rule)
        for lists in table["lists"].to_pylist():
            for whole, part in zip(found, unpacked(lists, rule), strict=True):
                merge_lists(whole, part)
        listener = np.arange(start, end, dtype=np.int32)
        return named(ranked(found, listener, rule), matrix.value.users)

    return merge


def packed(block: int, found: Found) -> pa.RecordBatch:
    """A block's lists as one row of bytes."""
    lists = [array.tobytes() for part in found for array in part]
    return pa.RecordBatch.from_pydict({"block": pa.array([block], pa.int32()), "lists": [lists]})


def unpacked(lists: list[bytes], rule: Rule) -> Found:
    """The lists that ``packed`` packed, as the rule's lengths have them."""
    arrays = iter(lists)
    best, worst = (
        Lists(
            *(np.frombuffer(next(arrays), array.dtype) for array in (empty.size, empty.bar)),
            np.frombuffer(next(arrays), ENTRY).reshape(-1, empty.entries.shape[1]),
        )
        for empty in Found.empty(0, rule)
    )
    return Found(best, worst)


def named(neighbors: Neighbors, users: pa.StringArray) -> pa.Table:
    """With ids in place of numbers."""
    return pa.table(
        {
            "user_id": users.take(pa.array(neighbors.user)),
            "neighbor_id": users.take(pa.array(neighbors.neighbor)),
            "pearson": neighbors.pearson,
            "n_common": neighbors.n_common,
            "similarity": neighbors.similarity,
            "rank": neighbors.rank,
            "band": neighbors.band,
        }
    )
