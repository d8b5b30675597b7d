"""Pearson neighbors of every listener: exact, in memory bounded by blocks, on as many threads as given.

The public face of the kernel: arrays in, arrays out. ``jobs.neighbors.pair_scores`` does the arithmetic.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise, product
from typing import NamedTuple

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from jobs.domain.correlation import Support
from jobs.neighbors.pair_scores import NeighborRule, RatingRows, center_and_scale, rounded, score_block
from jobs.neighbors.pair_sums import postings_by_item
from jobs.neighbors.threads import in_threads, run_disjoint
from jobs.neighbors.top_k import TopK, drop_repeated, in_order, new_top_k, sort_top_k

BANDS = ("most_similar", "similar", "dissimilar")
# Sums of a block (16 or 64 bytes a listener) stay near a core; blocks suffice to share among threads.
LISTENERS_A_BLOCK = 1024


@dataclass(frozen=True)
class Neighbors:
    """The neighbors of some listeners as columns: a row a pair, by user, the similar first, by rank.

    ``user`` and ``neighbor`` are row numbers; ``pearson`` is rounded to 10 decimals; ``similarity`` =
    pearson * n_common / (n_common + shrinkage). ``rank`` counts from 1 in each of the two lists:
    the first k by (similarity, n_common, smaller number), and the last k_dissimilar of the same order,
    the last first; nobody is in both. ``band_code`` indexes BANDS.
    """

    user: NDArray[np.int32]
    neighbor: NDArray[np.int32]
    pearson: NDArray[np.float64]
    n_common: NDArray[np.int32]
    similarity: NDArray[np.float64]
    rank: NDArray[np.int32]
    band_code: NDArray[np.int8]

    @property
    def band(self) -> NDArray[np.str_]:
        """Name each row's band: the first fifth of k, the rest of k, the least similar."""
        return np.array(BANDS)[self.band_code]


class NeighborLists(NamedTuple):
    """Two lists for each of some listeners: the most similar and the least similar so far."""

    similar: TopK
    dissimilar: TopK

    @classmethod
    def empty(cls, n_listeners: int, rule: NeighborRule) -> "NeighborLists":
        """Return lists without neighbors, of the rule's lengths."""
        return cls(new_top_k(n_listeners, rule.k), new_top_k(n_listeners, rule.k_dissimilar))

    def part(self, start: int, end: int) -> "NeighborLists":
        """Return a view of the listeners from ``start`` to before ``end``."""
        return NeighborLists(_part(self.similar, start, end), _part(self.dissimilar, start, end))


def _part(lists: TopK, start: int, end: int) -> TopK:
    k, size, bar, keys, codes = lists
    return TopK(k, size[start:end], bar[start:end], keys[start:end], codes[start:end])


def pearson_neighbors(
    ratings: sp.csr_matrix,
    *,
    support: Support = "co_rated",
    k: int = 50,
    k_dissimilar: int = 10,
    min_overlap: int = 5,
    shrinkage: float = 0.0,
    n_threads: int = 1,
    targets: NDArray[np.integer] | Sequence[int] | None = None,
    block: int = LISTENERS_A_BLOCK,
    pair_budget: int | None = None,
) -> Neighbors:
    """Find the k most and k_dissimilar least similar listeners of every row, or of the ``targets``.

    ``ratings``, listeners x items, holds one stored entry a rating (a stored 0 is a rating). Support
    "co_rated" takes means and deviations over the items both rated; "all" over all columns, absent ones
    as 0. Pairs with fewer than ``min_overlap`` common items, or without variance, are nobody's
    neighbors. Equal similarities go to more common items, then to the smaller row. The result does not
    depend on ``n_threads`` or ``block`` (listeners a block).

    With a ``pair_budget`` the result is approximate: the most popular items, as many as bring the sum
    over the others of listeners^2 down to the budget, make no pair a candidate by themselves; the
    pairs that share any other item are scored exactly, over all items.

    Raises ValueError for ratings that are not finite, repeated entries or arguments out of range.
    """
    _check(k, k_dissimilar, min_overlap, shrinkage, n_threads)
    n_items = ratings.shape[1] if support == "all" else 0
    n_head = 0
    if pair_budget is not None:
        ratings = popular_first(ratings)
        n_head = head_size(np.bincount(ratings.indices), pair_budget)
    rule = NeighborRule(n_items, k, k_dissimilar, min_overlap, float(shrinkage), n_head)
    if targets is not None:
        return neighbors_of(np.asarray(targets, np.int64), ratings, rule, block, n_threads)
    everyone = prepare_rows(ratings, rule, n_threads)
    found = NeighborLists.empty(ratings.shape[0], rule)
    score_within(everyone, found, ratings.shape[1], rule, block=block, n_threads=n_threads)
    return ranked(found, everyone.listener, rule, n_threads)


def neighbors_of(
    targets: NDArray[np.int64],
    ratings: sp.csr_matrix,
    rule: NeighborRule,
    block: int = LISTENERS_A_BLOCK,
    n_threads: int = 1,
) -> Neighbors:
    """Find the neighbors of the ``targets``, row numbers, among all.

    If the rule has a head, columns must come by falling popularity.
    """
    everyone = prepare_rows(ratings, rule, n_threads)
    chosen = take_rows(everyone, np.unique(targets))
    found = NeighborLists.empty(len(chosen.listener), rule)
    nobody = NeighborLists.empty(ratings.shape[0], rule._replace(k=0, k_dissimilar=0))
    n_columns = ratings.shape[1]
    score_between(chosen, everyone, found, nobody, n_columns, rule, block=block, n_threads=n_threads)
    return ranked(found, chosen.listener, rule, n_threads)


def _check(k: int, k_dissimilar: int, min_overlap: int, shrinkage: float, n_threads: int) -> None:
    if k < 0 or k_dissimilar < 0 or min_overlap < 1 or not shrinkage >= 0 or n_threads < 1:
        raise ValueError(
            f"k={k}, k_dissimilar={k_dissimilar} and shrinkage={shrinkage} must not be negative; "
            f"min_overlap={min_overlap} and n_threads={n_threads} must be at least 1"
        )


def popular_first(ratings: sp.csr_matrix) -> sp.csr_matrix:
    """Order the columns by falling number of listeners; equally popular ones keep their order."""
    listeners = np.bincount(ratings.indices, minlength=ratings.shape[1])
    place = np.empty(ratings.shape[1], np.int32)
    place[np.argsort(-listeners, kind="stable")] = np.arange(ratings.shape[1])
    return sp.csr_matrix((ratings.data, place[ratings.indices], ratings.indptr), ratings.shape)


def head_size(listeners: NDArray[np.integer], pair_budget: int) -> int:
    """Count the most popular items to leave out for a sum of listeners^2 within the budget."""
    left = np.cumsum((np.sort(listeners)[::-1].astype(np.float64) ** 2)[::-1])[::-1]
    return int((left > pair_budget).sum())


def prepare_rows(ratings: sp.csr_matrix, rule: NeighborRule, n_threads: int = 1) -> RatingRows:
    """Sort each row by item, shift and scale it. ValueError for repeated or not finite ratings."""
    if not ratings.has_sorted_indices:
        ratings = ratings.sorted_indices()
    if not ratings.has_canonical_format:
        raise ValueError("a listener has two ratings of one item: keep one of them")
    values = ratings.data.astype(np.float64)
    if not np.isfinite(values).all():
        raise ValueError("ratings must be finite: leave out those that are NaN or infinite")
    indptr = ratings.indptr.astype(np.int64)

    def part(span: tuple[int, int]) -> tuple[NDArray[np.float64], ...]:
        edges = indptr[span[0] : span[1] + 1]
        some = values[edges[0] : edges[-1]]
        conditioned: tuple[NDArray[np.float64], ...]
        conditioned = center_and_scale(edges - edges[0], some, rule.n_items, rule.n_items == 0)
        return conditioned

    parts = in_threads(part, spans(ratings.shape[0], LISTENERS_A_BLOCK), n_threads)
    x, scale, spread, total = (np.concatenate(column) for column in zip(*parts, strict=True))
    listener, items = np.arange(ratings.shape[0], dtype=np.int32), ratings.indices.astype(np.int32)
    return RatingRows(listener, indptr, items, values, x, scale, spread, total)


def spans(n: int, block: int) -> list[tuple[int, int]]:
    """Divide ``n`` rows into half-open spans of at most ``block``, as even as possible."""
    count = max(1, -(-n // block))
    edges = [n * i // count for i in range(count + 1)]
    return list(pairwise(edges))


def slice_rows(rows: RatingRows, start: int, end: int) -> RatingRows:
    """Return the rows from ``start`` to before ``end``, without copies of their ratings."""
    first, last = rows.indptr[start], rows.indptr[end]
    return RatingRows(
        rows.listener[start:end],
        rows.indptr[start : end + 1] - first,
        rows.items[first:last],
        rows.ratings[first:last],
        rows.x[first:last],
        rows.scale[start:end],
        rows.spread[start:end],
        rows.total[start:end],
    )


def take_rows(rows: RatingRows, chosen: NDArray[np.int64]) -> RatingRows:
    """Copy the chosen rows, in the order given."""
    lengths = np.diff(rows.indptr)[chosen]
    indptr = np.concatenate([[0], np.cumsum(lengths)])
    at = np.arange(indptr[-1]) + np.repeat(rows.indptr[chosen] - indptr[:-1], lengths)
    return RatingRows(
        rows.listener[chosen], indptr, rows.items[at], rows.ratings[at], rows.x[at],
        rows.scale[chosen], rows.spread[chosen], rows.total[chosen],
    )  # fmt: skip


def score_within(
    rows: RatingRows,
    found: NeighborLists,
    n_items: int,
    rule: NeighborRule,
    *,
    block: int = LISTENERS_A_BLOCK,
    n_threads: int = 1,
) -> None:
    """Offer each pair of the rows to the lists of both, ``found``, once."""
    blocks, parts = _blocks(rows, found, block)
    postings = in_threads(lambda each: postings_by_item(each, n_items), blocks, n_threads)

    def score(i: int, j: int) -> None:
        score_block(blocks[i], blocks[j], postings[j], i == j, rule, *parts[i], *parts[j])

    # The blocks with themselves come last: half the work of others, they fill the gaps of the end.
    tasks = [*combinations(range(len(blocks)), 2), *((i, i) for i in range(len(blocks)))]
    run_disjoint(score, tasks, tasks, n_threads)


def score_between(
    left: RatingRows,
    right: RatingRows,
    left_found: NeighborLists,
    right_found: NeighborLists,
    n_items: int,
    rule: NeighborRule,
    *,
    block: int = LISTENERS_A_BLOCK,
    n_threads: int = 1,
) -> None:
    """Offer each pair of a left and a right row to the lists of both; nobody is their own neighbor."""
    lefts, left_parts = _blocks(left, left_found, block)
    rights, right_parts = _blocks(right, right_found, block)
    postings = in_threads(lambda each: postings_by_item(each, n_items), rights, n_threads)

    def score(i: int, j: int) -> None:
        score_block(lefts[i], rights[j], postings[j], False, rule, *left_parts[i], *right_parts[j])

    tasks = list(product(range(len(lefts)), range(len(rights))))
    run_disjoint(score, tasks, [(i, ~j) for i, j in tasks], n_threads)


def _blocks(
    rows: RatingRows, found: NeighborLists, block: int
) -> tuple[list[RatingRows], list[NeighborLists]]:
    edges = spans(len(rows.listener), block)
    return [slice_rows(rows, *span) for span in edges], [found.part(*span) for span in edges]


def ranked(
    found: NeighborLists, listener: NDArray[np.int32], rule: NeighborRule, n_threads: int = 1
) -> Neighbors:
    """Give the lists in order, as columns; ``found`` is sorted in place."""
    parts = [found.part(*span) for span in spans(len(listener), LISTENERS_A_BLOCK)]
    in_threads(sort_top_k, [lists for part in parts for lists in part], n_threads)
    drop_repeated(found.dissimilar, found.similar)
    user, neighbor, n_common, similarity, rank, of_dissimilar = in_order(listener, *found)
    band = np.where(of_dissimilar, 2, rank > -(-rule.k // 5)).astype(np.int8)
    # A list keeps the similarity alone: the correlation, of 10 decimals, follows from it.
    pearson = rounded(similarity * (n_common + rule.shrinkage) / n_common)
    return Neighbors(user, neighbor, pearson, n_common, similarity, rank, band)
