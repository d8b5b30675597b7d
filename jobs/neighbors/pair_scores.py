"""The numba half of the kernel: correlate the rows of one block with the rows of another.

For a listener of the left block, every rating walks the list of the right block's listeners of that
item and adds to their sums (``jobs.neighbors.pair_sums``). Ratings are first shifted to about the
listener's median and scaled by a power of two, which no correlation notices: sums then neither cancel
nor overflow, and the rare pair that cancels all the same (its co-rated items are far from the median)
is computed again in two passes from the ratings themselves.
"""

import math
from typing import NamedTuple

import numpy as np
from numba import vectorize
from numpy.typing import NDArray

from jobs.neighbors.pair_sums import Moments, add_row, fill_moments, new_sums
from jobs.neighbors.top_k import Pairs, offer
from models.compiled import compiled

Floats = NDArray[np.float64]
Ints = NDArray[np.int32]
Offsets = NDArray[np.int64]

# Correlations are kept to 10 decimals, so that equal ones tie whatever the rounding of their sums.
DECIMALS = 1e10
# What rounding can add to a similarity.
MARGIN = 1e-9


class RatingRows(NamedTuple):
    """Ratings by listener: ``items`` ascend within a row (positions into a fixed order).

    ``listener`` numbers the rows in the order that breaks ties. ``ratings`` are as given, ``x`` shifted
    and scaled. ``spread`` is 0 for a listener who can have no
    correlation at all; under support "all" it is the root of the summed squared deviations of x over
    all items, absent ones as 0, and ``total`` is the sum of x.
    """

    listener: Ints
    indptr: Offsets
    items: Ints
    ratings: Floats
    x: Floats
    scale: Floats
    spread: Floats
    total: Floats


class NeighborRule(NamedTuple):
    """What is a neighbor: the lengths of the two lists, the least overlap, the shrinkage.

    ``n_items`` is the number of items in all, or 0 for support "co_rated". The first ``n_head`` items
    are so popular that sharing them alone makes no candidate; they count in every candidate's score.
    """

    n_items: int
    k: int
    k_dissimilar: int
    min_overlap: int
    shrinkage: float
    n_head: int = 0


@compiled
def center_and_scale(indptr, ratings, n_items, co_rated):
    """Shift and scale each row: returns x, scale, spread and total (see RatingRows)."""
    n = len(indptr) - 1
    x = np.empty(len(ratings))
    scale, spread, total = np.ones(n), np.zeros(n), np.zeros(n)
    for u in range(n):
        row = ratings[indptr[u] : indptr[u + 1]]
        if len(row) == 0:
            continue
        anchor = _middle(row) if co_rated else 0.0
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
def _middle(row):
    """The median of some twenty of the ratings, which is near enough."""
    some = row[:: max(1, len(row) // 20)]
    return np.partition(some, len(some) // 2)[len(some) // 2]


@compiled
def _deviation(row, mean, n_items):
    squares = (n_items - len(row)) * mean * mean
    for value in row:
        squares += (value - mean) ** 2
    return math.sqrt(squares)


@compiled
def score_block(left, right, postings, same, rule, similar, dissimilar, right_similar, right_dissimilar):
    """Offer every pair of a left and a right listener to the lists of both.

    ``postings`` are of the right ones. ``same``: both sides are one block, and each of its pairs is met
    once.
    """
    n_right = len(right.indptr) - 1
    sums, starts = new_sums(n_right, rule), postings.indptr[:-1].copy()
    moments = Moments(np.empty(n_right), np.empty(n_right), np.empty(n_right))
    for u in range(len(left.indptr) - 1):
        first = u + 1 if same else 0
        if same:
            _advance(left.items[left.indptr[u] : left.indptr[u + 1]], starts)
        add_row(left, u, right, first, postings, starts, rule, sums)
        if left.spread[u] > 0:
            fill_moments(left, u, right, first, rule, sums, moments)
            bars = (
                similar.bar[u],
                dissimilar.bar[u],
                right_similar.bar[first:],
                right_dissimilar.bar[first:],
            )
            near = _contenders(moments, right, first, left.listener[u], bars, rule)
            similarity, n = _similarities(left, u, right, near, moments, rule)
            owner, mine = np.full(len(near), u, np.int32), np.full(len(near), left.listener[u], np.int32)
            for_left = Pairs(owner, similarity, n, right.listener[near])
            for_right = Pairs(near, similarity, n, mine)
            offer(similar, 1, for_left)
            offer(dissimilar, -1, for_left)
            offer(right_similar, 1, for_right)
            offer(right_dissimilar, -1, for_right)
        sums.lines[first * sums.width :] = 0.0


@compiled
def _advance(items, starts):
    """Go on beyond a listener in the lists of their items, in which listeners come in order."""
    for item in items:
        starts[item] += 1


@compiled
def _contenders(moments, right, first, mine, bars, rule):
    """The right listeners, from ``first`` on, whose pair with the listener ``mine`` may enter a list.

    Similarities are held against the bars, squared with their sign: few pairs get as far as a root.
    No branch is left for the processor to mispredict.
    """
    bar, low_bar, right_bars, right_low_bars = bars
    ns, covariances, scales = moments.n[first:], moments.covariance[first:], moments.scale[first:]
    spreads, listeners = right.spread[first:], right.listener[first:]
    chosen, near = np.empty(len(ns), np.bool_), np.empty(len(ns), np.int32)
    for at in range(len(ns)):
        n, scale = ns[at], scales[at]
        similarity, unit = _signed_square(covariances[at] * n), scale * (n + rule.shrinkage) ** 2
        high = _signed_square(min(bar, right_bars[at]) - MARGIN) * unit
        low = _signed_square(min(low_bar, right_low_bars[at]) - MARGIN) * unit
        reaches = (similarity >= high) | (-similarity >= low) | np.isnan(scale)
        possible = (n >= rule.min_overlap) & (scale != 0) & (spreads[at] > 0) & (listeners[at] != mine)
        chosen[at] = reaches & possible
    n_near = 0
    for at in range(len(ns)):
        near[n_near] = first + at
        n_near += int(chosen[at])
    return near[:n_near]


@compiled
def _signed_square(x):
    return x * abs(x)


@compiled
def _similarities(left, u, right, near, moments, rule):
    """Similarity to u, and n, of those near; correlations are of 10 decimals."""
    pearson, n = np.empty(len(near)), np.empty(len(near), np.int32)
    for at in range(len(near)):
        scale = moments.scale[near[at]]
        n[at] = moments.n[near[at]]
        pearson[at] = rounded(moments.covariance[near[at]] / math.sqrt(scale))
    for at in range(len(near)):
        if math.isnan(pearson[at]):
            pearson[at] = _pearson_again(left, u, right, near[at], rule.n_items)
    return pearson * n / (n + rule.shrinkage), n


@compiled
def _pearson_again(left, u, right, v, n_items):
    """The correlation from the ratings themselves; NaN where there is no variance."""
    if n_items:
        covariance = _covariance_over_all(left, u, right, v, n_items)
        return rounded(covariance / (left.spread[u] * right.spread[v]))
    return rounded(_two_pass(left, u, right, v))


@vectorize(cache=True)
def rounded(r):
    """Round a correlation to 10 decimals, within [-1, 1]; NaN stays."""
    return np.floor((1.0 if r > 1 else -1.0 if r < -1 else r) * DECIMALS + 0.5) / DECIMALS


@compiled
def _two_pass(left, u, right, v):
    """Pearson over the co-rated items from the ratings themselves.

    They are taken relative to the first of them and to the furthest from it, so that no square vanishes
    beside an enormous rating of another item.
    """
    far_x = far_y = 0.0
    n, first_x, first_y, mean_x, mean_y, vx, vy, cov = 0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    for second in range(2):
        p, q = left.indptr[u], right.indptr[v]
        while p < left.indptr[u + 1] and q < right.indptr[v + 1]:
            item, other = left.items[p], right.items[q]
            if item != other:
                p, q = p + int(item < other), q + int(item > other)
                continue
            if n == 0:
                first_x, first_y = left.ratings[p], right.ratings[q]
            dx = (left.ratings[p] - first_x) / left.scale[u]
            dy = (right.ratings[q] - first_y) / right.scale[v]
            if second:
                dx, dy = (dx - mean_x) / far_x, (dy - mean_y) / far_y
                vx, vy, cov = vx + dx * dx, vy + dy * dy, cov + dx * dy
            else:
                n, mean_x, mean_y = n + 1, mean_x + dx, mean_y + dy
                far_x, far_y = max(far_x, abs(dx)), max(far_y, abs(dy))
            p, q = p + 1, q + 1
        if not second:
            mean_x, mean_y = mean_x / n, mean_y / n
            if far_x == 0 or far_y == 0:
                return math.nan
    return cov / math.sqrt(vx * vy) if vx > 0 and vy > 0 else math.nan


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
