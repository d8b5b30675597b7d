"""The kernel in Spark: one task a pair of blocks of listeners, then one merge a block."""

from collections.abc import Callable, Iterator

import numpy as np
import pyarrow as pa
from pyspark import Broadcast
from pyspark.sql import DataFrame, SparkSession

from jobs.neighbors.coding import Coded
from jobs.neighbors.kernel import Found, Neighbors, cut, prepare, ranked, score_between, score_within
from jobs.neighbors.pairs import Lists, Rule, merge_lists
from jobs.neighbors.plan import Plan

PARTIAL = "block int, lists array<binary>"
RESULT = """user_id string, neighbor_id string, pearson double, n_common int, similarity double,
    rank int, band string"""
Batches = Iterator[pa.RecordBatch]


def neighbors_of_all(
    spark: SparkSession, coded: Coded, plan: Plan, rule: Rule, k: int, k_dissimilar: int
) -> DataFrame:
    """One row a listener and neighbor; the matrix travels to the executors by broadcast."""
    matrix: Broadcast[Coded] = spark.sparkContext.broadcast(coded)
    n_tasks = len(plan.tasks)
    tasks = spark.range(0, n_tasks, 1, n_tasks)
    partial = tasks.mapInArrow(_scorer(matrix, plan, rule, (k, k_dissimilar)), PARTIAL)
    merger = _merger(matrix, plan, rule, (k, k_dissimilar))
    return partial.groupBy("block").applyInArrow(merger, RESULT)


def _scorer(
    matrix: Broadcast[Coded], plan: Plan, rule: Rule, size: tuple[int, int]
) -> Callable[[Batches], Batches]:
    def score(batches: Batches) -> Batches:
        everyone, n_items = prepare(matrix.value.ratings, rule), matrix.value.ratings.shape[1]
        for task in (task for batch in batches for task in batch["id"].to_pylist()):
            i, j = plan.tasks[task]
            rows = {block: cut(everyone, *plan.spans[block]) for block in (i, j)}
            found = {block: Found.empty(len(rows[block].listener), *size) for block in rows}
            if i == j:
                score_within(rows[i], found[i], n_items, rule)
            else:
                score_between(rows[i], rows[j], found[i], found[j], n_items, rule)
            for block, lists in found.items():
                yield packed(block, lists)

    return score


def _merger(
    matrix: Broadcast[Coded], plan: Plan, rule: Rule, size: tuple[int, int]
) -> Callable[[pa.Table], pa.Table]:
    def merge(table: pa.Table) -> pa.Table:
        start, end = plan.spans[table["block"][0].as_py()]
        found = Found.empty(end - start, *size)
        for lists in table["lists"].to_pylist():
            for whole, part in zip(found, unpacked(lists, size), strict=True):
                merge_lists(whole, part)
        listener = np.arange(start, end, dtype=np.int32)
        return named(ranked(found, listener, size[0], rule), matrix.value.users)

    return merge


def packed(block: int, found: Found) -> pa.RecordBatch:
    """A block's lists as one row of bytes."""
    lists = [array.tobytes() for part in found for array in part]
    return pa.RecordBatch.from_pydict({"block": pa.array([block], pa.int32()), "lists": [lists]})


def unpacked(lists: list[bytes], size: tuple[int, int]) -> Found:
    """The lists that ``packed`` packed, at most ``size`` = (k, k_dissimilar) long."""
    types = [array.dtype for part in Found.empty(0, *size) for array in part]
    arrays = [np.frombuffer(data, dtype) for data, dtype in zip(lists, types, strict=True)]
    half = len(arrays) // 2
    best, worst = (
        Lists(part[0], *(array.reshape(len(part[0]), k) for array in part[1:]))
        for part, k in zip((arrays[:half], arrays[half:]), size, strict=True)
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
