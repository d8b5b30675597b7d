"""The numba half of the kernel: correlate the rows of one block with the rows of another.

For a listener of the left block, every rating walks the list of the right block's listeners of that
item and adds to their accumulators n, Sx, Sxx, Sy, Syy, Sxy. The six of a listener lie in one cache
line, so one co-rating is one line read and written. Ratings are first shifted by the listener's median
and scaled by a power of two, which no correlation notices: sums then neither cancel nor overflow,
and the rare pair that cancels all the same (its co-rated items are far from the median) is computed
again in two passes from the ratings themselves.

All functions run without the interpreter's lock. They are in one module because numba's cache does
not notice a change in an imported one.
"""

import contextlib
import math
import os
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

import numba
import numpy as np
from numba import njit
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int32]
Offsets = NDArray[np.int64]

# Relative variance below which a sum of squares has lost too many digits (float64 has 2e-16).
CANCELED = 1e-5
# Correlations are kept to 10 decimals, so that equal ones tie whatever the rounding of their sums.
DECIMALS = 1e10


def _cache_folder() -> str:
    """Where compiled code lives: the user's cache, or a temporary folder where that is not to be had."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"))  # noqa: PTH111
    folder = cache / "nocturne" / "numba"
    with contextlib.suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
        if os.access(folder, os.W_OK):
            return str(folder)
    return str(Path(tempfile.gettempdir()) / f"nocturne-numba-{os.getuid()}")


# The package itself may be installed read-only, where numba would cache beside the source.
numba.config.CACHE_DIR = os.environ.get("NUMBA_CACHE_DIR") or _cache_folder()
compiled = njit(nogil=True, cache=True, error_model="numpy")


class Rows(NamedTuple):
    """Ratings by listener: ``items`` ascend within a row (positions into a fixed order).

    ``listener`` numbers the rows in the order that breaks ties. ``ratings`` are as given, ``x`` shifted
    and scaled. ``spread`` is 0 for a listener who can have no correlation at all; under support "all"
    it is the root of the summed squared deviations of x over all items, absent ones as 0, and
    ``total`` is the sum of x.
    """

    listener: Ints
    indptr: Offsets
    items: Ints
    ratings: Floats
    x: Floats
    scale: Floats
    spread: Floats
    total: Floats


class Postings(NamedTuple):
    """The same ratings by item: listeners ascend within an item."""

    indptr: Offsets
    listeners: Ints
    x: Floats


class Lists(NamedTuple):
    """For each listener a heap of the best so far, the worst of them first.

    ``key`` is the similarity, or its negative in lists of the least similar.
    """

    size: NDArray[Any]  # int32
    key: NDArray[Any]  # float64, a row a listener, as all that follow
    pearson: NDArray[Any]  # float64
    n_common: NDArray[Any]  # int32
    neighbor: NDArray[Any]  # int32


class Rule(NamedTuple):
    """What is a neighbor: the lengths of the two lists, the least overlap, the shrinkage.

    ``n_items`` is the number of items in all, or 0 for support "co_rated".
    """

    n_items: int
    k: int
    k_dissimilar: int
    min_overlap: int
    shrinkage: float


def new_lists(n_listeners: int, k: int) -> Lists:
    """Empty lists of at most ``k``."""
    shape = (n_listeners, k)
    return Lists(
        np.zeros(n_listeners, np.int32),
        np.empty(shape),
        np.empty(shape),
        np.empty(shape, np.int32),
        np.empty(shape, np.int32),
    )


@compiled
def condition(indptr, ratings, n_items, co_rated):
    """Shift and scale each row: returns x, scale, spread and total (see Rows)."""
    n = len(indptr) - 1
    x = np.empty(len(ratings))
    scale, spread, total = np.ones(n), np.zeros(n), np.zeros(n)
    for u in range(n):
        row = ratings[indptr[u] : indptr[u + 1]]
        if len(row) == 0:
            continue
        anchor = np.partition(row, len(row) // 2)[len(row) // 2] if co_rated else 0.0
        largest = 0.0
        for value in row:
            largest = max(largest, abs(value - anchor))
        if largest > 0:
            scale[u] = 2.0 ** math.ceil(math.log2(largest))
        for p in range(indptr[u], indptr[u + 1]):
            x[p] = (ratings[p] - anchor) / scale[u]
            total[u] += x[p]
        if co_rated:
            spread[u] = largest
        elif len(row) < n_items or row.min() != row.max():
            spread[u] = _deviation(x[indptr[u] : indptr[u + 1]], total[u] / n_items, n_items)
    return x, scale, spread, total


@compiled
def _deviation(row, mean, n_items):
    squares = (n_items - len(row)) * mean * mean
    for value in row:
        squares += (value - mean) ** 2
    return math.sqrt(squares)


@compiled
def score_block(left, right, postings, same, rule, best, worst, right_best, right_worst):
    """Offer every pair of a left and a right listener to the lists of both.

    ``same``: both sides are one block, and each of its pairs is met once.
    """
    n_right = len(right.indptr) - 1
    sums = np.zeros((n_right, 8))
    starts = postings.indptr[:-1].copy()
    for u in range(len(left.indptr) - 1):
        if left.spread[u] > 0 or same:
            _accumulate(left, u, postings, starts, same, sums)
        if left.spread[u] > 0:
            for v in range(u + 1 if same else 0, n_right):
                n = int(sums[v, 0])
                if n >= rule.min_overlap and right.spread[v] > 0:
                    r = _pearson(left, u, right, v, sums[v], rule)
                    a, b = left.listener[u], right.listener[v]
                    if a != b and not math.isnan(r):
                        similarity = r * n / (n + rule.shrinkage)
                        offer(best, u, similarity, r, n, b)
                        offer(worst, u, -similarity, r, n, b)
                        offer(right_best, v, similarity, r, n, a)
                        offer(right_worst, v, -similarity, r, n, a)
        sums[:] = 0.0


@compiled
def _accumulate(left, u, postings, starts, same, sums):
    for p in range(left.indptr[u], left.indptr[u + 1]):
        item, x = left.items[p], left.x[p]
        if same:
            starts[item] += 1  # past u itself: listeners come in order
        for q in range(starts[item], postings.indptr[item + 1]):
            v, y = postings.listeners[q], postings.x[q]
            sums[v, 0] += 1.0
            sums[v, 1] += x
            sums[v, 2] += x * x
            sums[v, 3] += y
            sums[v, 4] += y * y
            sums[v, 5] += x * y


@compiled
def _pearson(left, u, right, v, sums, rule):
    """Correlation to 10 decimals; NaN where there is no variance."""
    n, sxy = sums[0], sums[5]
    if rule.n_items:
        spread = left.spread[u] * right.spread[v]
        if abs(sxy) * CANCELED > spread:
            covariance = _covariance_over_all(left, u, right, v, rule.n_items)
        else:
            covariance = sxy - left.total[u] * right.total[v] / rule.n_items
        r = covariance / spread
    else:
        vx, vy = n * sums[2] - sums[1] ** 2, n * sums[4] - sums[3] ** 2
        if sums[2] == 0.0 or sums[4] == 0.0:
            return math.nan
        if vx < CANCELED * n * sums[2] or vy < CANCELED * n * sums[4]:
            r = _two_pass(left, u, right, v)
            if math.isnan(r):
                return r
        else:
            r = (n * sxy - sums[1] * sums[3]) / math.sqrt(vx * vy)
    return math.floor(min(max(r, -1.0), 1.0) * DECIMALS + 0.5) / DECIMALS


@compiled
def _two_pass(left, u, right, v):
    """Pearson over the co-rated items from the ratings themselves, relative to the first of them."""
    n, first_x, first_y, mean_x, mean_y, vx, vy, cov = 0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    for second in range(2):
        p, q = left.indptr[u], right.indptr[v]
        while p < left.indptr[u + 1] and q < right.indptr[v + 1]:
            if left.items[p] < right.items[q]:
                p += 1
            elif left.items[p] > right.items[q]:
                q += 1
            else:
                if n == 0:
                    first_x, first_y = left.ratings[p], right.ratings[q]
                dx = (left.ratings[p] - first_x) / left.scale[u]
                dy = (right.ratings[q] - first_y) / right.scale[v]
                if second:
                    vx += (dx - mean_x) ** 2
                    vy += (dy - mean_y) ** 2
                    cov += (dx - mean_x) * (dy - mean_y)
                else:
                    n, mean_x, mean_y = n + 1, mean_x + dx, mean_y + dy
                p, q = p + 1, q + 1
        if not second:
            mean_x, mean_y = mean_x / n, mean_y / n
    return cov / math.sqrt(vx) / math.sqrt(vy) if vx > 0 and vy > 0 else math.nan


@compiled
def _covariance_over_all(left, u, right, v, n_items):
    mean_x, mean_y = left.total[u] / n_items, right.total[v] / n_items
    p, q, rated, covariance = left.indptr[u], right.indptr[v], 0, 0.0
    while p < left.indptr[u + 1] or q < right.indptr[v + 1]:
        x = y = 0.0
        item_x = left.items[p] if p < left.indptr[u + 1] else n_items
        item_y = right.items[q] if q < right.indptr[v + 1] else n_items
        if item_x <= item_y:
            x, p = left.x[p], p + 1
        if item_y <= item_x:
            y, q = right.x[q], q + 1
        rated += 1
        covariance += (x - mean_x) * (y - mean_y)
    return covariance + (n_items - rated) * mean_x * mean_y


@compiled
def offer(lists, u, key, pearson, n_common, neighbor):
    """Keep the neighbor if it is among the best: by key, then n_common, then the smaller number."""
    size, k = lists.size[u], lists.key.shape[1]
    if size < k:
        lists.size[u] = size + 1
        _sift_up(lists, u, size, key, pearson, n_common, neighbor)
    elif k > 0 and _worse(lists, u, 0, key, n_common, neighbor):
        _sift_down(lists, u, size, key, pearson, n_common, neighbor)


@compiled
def _worse(lists, u, at, key, n_common, neighbor):
    """Whether the entry at a place is worse than the one given."""
    if lists.key[u, at] != key:
        return lists.key[u, at] < key
    if lists.n_common[u, at] != n_common:
        return lists.n_common[u, at] < n_common
    return lists.neighbor[u, at] > neighbor


@compiled
def _put(lists, u, at, key, pearson, n_common, neighbor):
    lists.key[u, at] = key
    lists.pearson[u, at] = pearson
    lists.n_common[u, at] = n_common
    lists.neighbor[u, at] = neighbor


@compiled
def _move(lists, u, source, at):
    _put(lists, u, at, lists.key[u, source], lists.pearson[u, source],
         lists.n_common[u, source], lists.neighbor[u, source])  # fmt: skip


@compiled
def _sift_up(lists, u, at, key, pearson, n_common, neighbor):
    while at > 0:
        parent = (at - 1) // 2
        if _worse(lists, u, parent, key, n_common, neighbor):
            break
        _move(lists, u, parent, at)
        at = parent
    _put(lists, u, at, key, pearson, n_common, neighbor)


@compiled
def _sift_down(lists, u, size, key, pearson, n_common, neighbor):
    at = 0
    while 2 * at + 1 < size:
        child = 2 * at + 1
        if child + 1 < size and _worse(
            lists, u, child + 1, lists.key[u, child], lists.n_common[u, child], lists.neighbor[u, child]
        ):
            child += 1
        if not _worse(lists, u, child, key, n_common, neighbor):
            break
        _move(lists, u, child, at)
        at = child
    _put(lists, u, at, key, pearson, n_common, neighbor)


@compiled
def merge_lists(lists, others):
    """Offer all entries of ``others`` to ``lists``, listener by listener."""
    for u in range(len(others.size)):
        for at in range(others.size[u]):
            offer(lists, u, others.key[u, at], others.pearson[u, at],
                  others.n_common[u, at], others.neighbor[u, at])  # fmt: skip


@compiled
def sort_lists(lists):
    """Turn each heap into a list, the best first."""
    for u in range(len(lists.size)):
        for size in range(lists.size[u] - 1, 0, -1):
            key, pearson = lists.key[u, size], lists.pearson[u, size]
            n_common, neighbor = lists.n_common[u, size], lists.neighbor[u, size]
            _move(lists, u, 0, size)
            _sift_down(lists, u, size, key, pearson, n_common, neighbor)


@compiled
def drop_repeated(worst, best):
    """From sorted lists of the least similar, drop who is also among the most similar."""
    for u in range(len(worst.size)):
        kept, last = 0, best.size[u] - 1
        for at in range(worst.size[u]):
            if last < 0 or not _in_list(best, u, last, -worst.key[u, at], worst, at):
                _move(worst, u, at, kept)
                kept += 1
        worst.size[u] = kept


@compiled
def _in_list(best, u, last, similarity, worst, at):
    n_common, neighbor = worst.n_common[u, at], worst.neighbor[u, at]
    return best.neighbor[u, last] == neighbor or _worse(best, u, last, similarity, n_common, neighbor)
