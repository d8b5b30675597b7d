"""What the workers run: one task of the plan, and the merge of one block's lists. Arrays only."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import scipy.sparse as sp
from numpy.typing import DTypeLike, NDArray

from jobs.neighbors.kernel import (
    NeighborLists,
    Neighbors,
    prepare_rows,
    ranked,
    score_between,
    score_within,
)
from jobs.neighbors.pair_scores import NeighborRule, RatingRows
from jobs.neighbors.top_k import TopK, merge_top_k, sort_top_k

# A block's lists, or its ratings, as bytes.
PARTIAL_SCHEMA = "block int, lists array<binary>"
BLOCK_SCHEMA = "block int, rows array<binary>"
ROW_TYPES = (np.int32, np.int64, np.int32, *(np.float64,) * 5)
RESULT_SCHEMA = "pearson double, n_common int, similarity double, rank int, band string"


def score_task(blocks: Mapping[int, RatingRows], n_columns: int, rule: NeighborRule) -> pa.RecordBatch:
    """Score the pairs of two blocks of listeners, or of one; return a row a block with its lists."""
    numbers, rows = list(blocks), list(blocks.values())
    found = [NeighborLists.empty(len(each.listener), rule) for each in rows]
    if len(rows) == 1:
        score_within(rows[0], found[0], n_columns, rule)
    else:
        score_between(rows[0], rows[1], found[0], found[1], n_columns, rule)
    return _packed(numbers, found)


def score_sample(
    sample: RatingRows, others: RatingRows, number: int, n_columns: int, rule: NeighborRule
) -> pa.RecordBatch:
    """Score the pairs of a sample and a block of listeners; return one row, the sample's lists."""
    found = NeighborLists.empty(len(sample.listener), rule)
    nobody = NeighborLists.empty(len(others.listener), rule._replace(k=0, k_dissimilar=0))
    score_between(sample, others, found, nobody, n_columns, rule)
    return _packed([number], [found])


def _packed(numbers: list[int], found: list[NeighborLists]) -> pa.RecordBatch:
    lists = [[data for lists in each for data in _bytes(lists)] for each in found]
    return pa.RecordBatch.from_pydict({"block": pa.array(numbers, pa.int32()), "lists": lists})


def _bytes(lists: TopK) -> list[bytes]:
    sort_top_k(lists)
    k, size, bar, keys, codes = lists
    return [array.tobytes() for array in (size, bar, keys[:, :k], codes[:, :k])]


def merge_tasks(
    batches: Iterable[pa.RecordBatch], listener: NDArray[np.int32], rule: NeighborRule
) -> Neighbors:
    """Merge the lists of all tasks, in any order, into the neighbors of some listeners."""
    found = NeighborLists.empty(len(listener), rule)
    for batch in batches:
        for lists in batch["lists"].to_pylist():
            for whole, part in zip(found, _unpacked(lists, rule), strict=True):
                merge_top_k(whole, part)
    return ranked(found, listener, rule)


def _unpacked(lists: list[bytes], rule: NeighborRule) -> NeighborLists:
    arrays = iter(lists)
    similar, dissimilar = (
        TopK(
            k,
            _array(next(arrays), np.int32),
            _array(next(arrays), np.float64),
            _array(next(arrays), np.float64).reshape(-1, k or 1),
            _array(next(arrays), np.int64).reshape(-1, k or 1),
        )
        for k in (rule.k, rule.k_dissimilar)
    )
    return NeighborLists(similar, dissimilar)


def pack_block(
    table: pa.Table, span: tuple[int, int], n_columns: int, rule: NeighborRule
) -> list[bytes]:
    """Pack a block's listeners, ready to score, from columns u, t, rating in any order."""
    start, end = span
    u, t = table["u"].to_numpy() - start, table["t"].to_numpy()
    ratings = sp.csr_matrix((table["rating"].to_numpy(), (u, t)), shape=(end - start, n_columns))
    rows = prepare_rows(ratings, rule)
    return pack_rows(rows._replace(listener=rows.listener + np.int32(start)))


def pack_rows(rows: RatingRows) -> list[bytes]:
    """Return the rows as bytes, an array each (ROW_TYPES)."""
    return [array.tobytes() for array in rows]


def unpack_rows(rows: list[bytes]) -> RatingRows:
    """Return the rows that ``pack_rows`` packed."""
    return RatingRows(*(_array(data, kind) for data, kind in zip(rows, ROW_TYPES, strict=True)))


def concat_rows(parts: Iterable[RatingRows]) -> RatingRows:
    """Put the rows of all parts, each of its own listeners, one after the other by listener."""
    ordered = sorted((part for part in parts if len(part.listener)), key=lambda part: part.listener[0])
    columns = [np.concatenate(column) for column in zip(*ordered, strict=True)]
    lengths = np.concatenate([np.diff(part.indptr) for part in ordered])
    return RatingRows(*columns)._replace(indptr=np.concatenate([[0], np.cumsum(lengths)]))


def _array(data: bytes, kind: DTypeLike) -> NDArray[Any]:
    """A copy, because numba would compile everything once more for arrays that are read-only."""
    return np.frombuffer(data, kind).copy()


def columns(neighbors: Neighbors) -> dict[str, pa.Array]:
    """Return the columns of RESULT_SCHEMA."""
    names = ("pearson", "n_common", "similarity", "rank", "band")
    return {name: pa.array(getattr(neighbors, name)) for name in names}
