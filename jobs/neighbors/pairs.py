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
from typing import NamedTuple

import numba
import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int32]
Offsets = NDArray[np.int64]

# Relative variance below which a sum of squares has lost too many digits (float64 has 2e-16).
CANCELED = 1e-5
# Product of two sums of squares below which squares of it may vanish.
TINY = 1e-200
# Correlations are kept to 10 decimals, so that equal ones tie whatever the rounding of their sums.
DECIMALS = 1e10
# What rounding can add to a similarity.
MARGIN = 1e-9


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


ENTRY = np.dtype([("key", "f8"), ("pearson", "f8"), ("n_common", "i4"), ("neighbor", "i4")])


class Lists(NamedTuple):
    """For each listener a heap of the best so far, the worst of them first.

    ``key`` is the similarity. In lists of the least similar key, n_common and neighbor are negative, so
    that these lists are the ends of the same order. ``bar`` is the key that another must reach to enter:
    minus infinity until the list is full.
    """

    size: Ints
    bar: Floats
    entries: NDArray[np.void]


class Rule(NamedTuple):
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


def new_lists(n_listeners: int, k: int) -> Lists:
    """Empty lists of at most ``k``."""
    bar = np.full(n_listeners, -np.inf if k else np.inf)
    return Lists(np.zeros(n_listeners, np.int32), bar, np.empty((n_listeners, k), ENTRY))


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


@intrinsic
def _add(typing, sums, v, x, y):
    """Add (1, x, x^2, y, y^2, xy) to line v of ``sums`` as one vector of 8: c0 + y (c1 + y c2)."""

    def generate(context, builder, signature, arguments):
        line, lane = ir.VectorType(ir.DoubleType(), 8), ir.IntType(32)
        array = context.make_array(signature.args[0])(context, builder, arguments[0])
        place = builder.sext(arguments[1], ir.IntType(64))
        at = builder.gep(builder.bitcast(array.data, line.as_pointer()), [place])
        x, y = arguments[2], arguments[3]

        def lanes(base, **values):
            vector = ir.Constant(line, base)
            for position, value in values.items():
                vector = builder.insert_element(vector, value, lane(int(position[1:])))
            return vector

        every_y = lanes([0.0] * 8, **{f"_{position}": y for position in range(8)})
        step = builder.fmul(ir.Constant(line, [0, 0, 0, 0, 1.0, 0, 0, 0]), every_y)
        step = builder.fadd(step, lanes([0, 0, 0, 1.0, 0, 0, 0, 0], _5=x))
        step = builder.fmul(step, every_y)
        step = builder.fadd(step, lanes([1.0, 0, 0, 0, 0, 0, 0, 0], _1=x, _2=builder.fmul(x, x)))
        builder.store(builder.fadd(builder.load(at, align=8), step), at, align=8)
        return context.get_dummy_value()

    return types.void(sums, v, x, y), generate


@compiled
def score_block(left, right, postings, same, rule, best, worst, right_best, right_worst):
    """Offer every pair of a left and a right listener to the lists of both.

    ``same``: both sides are one block, and each of its pairs is met once.
    """
    n_right = len(right.indptr) - 1
    sums, starts = _lines(n_right), postings.indptr[:-1].copy()
    near, pearson = np.empty(n_right, np.int32), np.empty(n_right)
    rated, head = np.zeros(rule.n_head, np.bool_), np.empty(rule.n_head)
    for u in range(len(left.indptr) - 1):
        first, row = u + 1 if same else 0, slice(left.indptr[u], left.indptr[u + 1])
        _accumulate(left.items[row], left.x[row], postings.indptr, postings.listeners, postings.x,
                    starts, same, sums)  # fmt: skip
        if rule.n_head:
            _mark_head(left.items[row], left.x[row], rated, head)
            _accumulate_head(rated, head, right.indptr, right.items, right.x, first, sums)
        if left.spread[u] > 0:
            n_near = _contenders(sums, first, left.total[u], left.spread[u], right.total, right.spread,
                                 best.bar[u], worst.bar[u], right_best.bar, right_worst.bar,
                                 rule, near, pearson)  # fmt: skip
            for at in range(n_near):
                if math.isnan(pearson[at]):
                    pearson[at] = _pearson_again(left, u, right, near[at], rule.n_items)
            pairs = (near[:n_near], pearson, sums, right.listener, left.listener[u], rule.shrinkage)
            _offer_pairs(best, u, 1, pairs)
            _offer_pairs(worst, u, -1, pairs)
            _offer_pairs(right_best, -1, 1, pairs)
            _offer_pairs(right_worst, -1, -1, pairs)
        sums[first:] = 0.0


@compiled
def _lines(n):
    """Zeros, 8 a row, each row in a cache line of its own."""
    room = np.zeros(8 * n + 8)
    skip = (-room.ctypes.data // 8) % 8
    return room[skip : skip + 8 * n].reshape(n, 8)


@compiled
def _accumulate(items, xs, indptr, listeners, ys, starts, same, sums):
    for p in range(len(items)):
        item, x = items[p], xs[p]
        if same:
            starts[item] += 1  # past u itself: listeners come in order
        # Slices, because an index that counts from 0 needs no test for a negative one.
        start, end = starts[item], indptr[item + 1]
        others, theirs = listeners[start:end], ys[start:end]
        for q in range(len(others)):
            _add(sums, others[q], x, theirs[q])


@compiled
def _mark_head(items, xs, rated, head):
    rated[:] = False
    for p in range(len(items)):
        if items[p] >= len(rated):
            break
        rated[items[p]], head[items[p]] = True, xs[p]


@compiled
def _accumulate_head(rated, head, indptr, items, ys, first, sums):
    """Complete the sums of the candidates, who have at least one item below the head in common."""
    for v in range(first, len(sums)):
        if sums[v, 0] > 0:
            for q in range(indptr[v], indptr[v + 1]):
                if items[q] >= len(rated):
                    break
                if rated[items[q]]:
                    _add(sums, v, head[items[q]], ys[q])


@compiled
def _contenders(sums, first, total, spread, totals, spreads, bar, low_bar, bars, low_bars, rule,
                near, pearson):  # fmt: skip
    """Put into ``near`` the right listeners whose pair with u may enter a list; returns how many.

    ``pearson``, beside it, is to 10 decimals, or NaN where the sums canceled. Similarities are held
    against the bars as signed squares: few pairs get as far as a root.
    """
    n_near = 0
    for at in range(_overlapping(sums, first, spreads, rule.min_overlap, near)):
        v = near[at]
        n = sums[v, 0]
        if rule.n_items:
            scale = (spread * spreads[v]) ** 2
            covariance = sums[v, 5] - total * totals[v] / rule.n_items
            canceled = (sums[v, 5] * CANCELED) ** 2 > scale
        else:
            vx, vy = n * sums[v, 2] - sums[v, 1] ** 2, n * sums[v, 4] - sums[v, 3] ** 2
            scale = vx * vy
            covariance = n * sums[v, 5] - sums[v, 1] * sums[v, 3]
            canceled = (
                (vx <= CANCELED * n * sums[v, 2]) | (vy <= CANCELED * n * sums[v, 4]) | (scale < TINY)
            )
        similarity = _signed_square(covariance * n)
        unit = scale * (n + rule.shrinkage) ** 2
        if (
            canceled
            | (similarity >= _signed_square(min(bar, bars[v]) - MARGIN) * unit)
            | (-similarity >= _signed_square(min(low_bar, low_bars[v]) - MARGIN) * unit)
        ):
            near[n_near] = v
            pearson[n_near] = math.nan if canceled else _rounded(covariance / math.sqrt(scale))
            n_near += 1
    return n_near


@compiled
def _overlapping(sums, first, spreads, min_overlap, near):
    """Put into ``near`` who shares enough items, without a branch to mispredict; returns how many."""
    n_near = 0
    for v in range(first, len(sums)):
        near[n_near] = v
        n_near += int((sums[v, 0] >= min_overlap) & (spreads[v] > 0))
    return n_near


@compiled
def _signed_square(x):
    return x * abs(x)


@compiled
def _rounded(r):
    return math.floor(min(max(r, -1.0), 1.0) * DECIMALS + 0.5) / DECIMALS


@compiled
def _pearson_again(left, u, right, v, n_items):
    """The correlation from the ratings themselves; NaN where there is no variance."""
    if n_items:
        covariance = _covariance_over_all(left, u, right, v, n_items)
        return _rounded(covariance / (left.spread[u] * right.spread[v]))
    r = _two_pass(left, u, right, v)
    return r if math.isnan(r) else _rounded(r)


@compiled
def _offer_pairs(lists, u, sign, pairs):
    """Offer the pairs to the list of the left listener ``u``, or to the right ones' if u is -1."""
    size, bar, entries = lists.size, lists.bar, lists.entries
    near, pearson, sums, listener, mine, shrinkage = pairs
    for at in range(len(near)):
        v = near[at]
        n, other = sums[v, 0], listener[v]
        key = sign * (pearson[at] * n / (n + shrinkage))
        owner = u if u >= 0 else v
        if key >= bar[owner] and other != mine:
            who = other if u >= 0 else mine
            offer(size, bar, entries, owner, key, pearson[at], int(sign * n), int(sign * who))


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


@compiled
def offer(size, bar, entries, u, key, pearson, n_common, neighbor):
    """Keep the neighbor if it is among the best: by key, then n_common, then the smaller number.

    The key must not be below the bar.
    """
    k = entries.shape[1]
    if size[u] < k:
        size[u] += 1
        _sift_up(entries, u, size[u] - 1, key, pearson, n_common, neighbor)
    elif _worse(entries, u, 0, key, n_common, neighbor):
        _sift_down(entries, u, k, key, pearson, n_common, neighbor)
    if size[u] == k:
        bar[u] = entries[u, 0].key


@compiled
def _worse(entries, u, at, key, n_common, neighbor):
    """Whether the entry at a place is worse than the one given."""
    entry = entries[u, at]
    if entry.key != key:
        return entry.key < key
    if entry.n_common != n_common:
        return entry.n_common < n_common
    return entry.neighbor > neighbor


@compiled
def _put(entries, u, at, key, pearson, n_common, neighbor):
    entry = entries[u, at]
    entry.key, entry.pearson, entry.n_common, entry.neighbor = key, pearson, n_common, neighbor


@compiled
def _sift_up(entries, u, at, key, pearson, n_common, neighbor):
    while at > 0:
        parent = (at - 1) // 2
        if _worse(entries, u, parent, key, n_common, neighbor):
            break
        entries[u, at] = entries[u, parent]
        at = parent
    _put(entries, u, at, key, pearson, n_common, neighbor)


@compiled
def _sift_down(entries, u, size, key, pearson, n_common, neighbor):
    at = 0
    while 2 * at + 1 < size:
        child = 2 * at + 1
        if child + 1 < size:
            other = entries[u, child]
            if _worse(entries, u, child + 1, other.key, other.n_common, other.neighbor):
                child += 1
        if not _worse(entries, u, child, key, n_common, neighbor):
            break
        entries[u, at] = entries[u, child]
        at = child
    _put(entries, u, at, key, pearson, n_common, neighbor)


@compiled
def merge_lists(lists, others):
    """Offer all entries of ``others`` to ``lists``, listener by listener."""
    for u in range(len(others.size)):
        for at in range(others.size[u]):
            entry = others.entries[u, at]
            if entry.key >= lists.bar[u]:
                offer(lists.size, lists.bar, lists.entries, u,
                      entry.key, entry.pearson, entry.n_common, entry.neighbor)  # fmt: skip


@compiled
def offer_entries(lists, users, pearson, n_common, neighbors, sign, shrinkage):
    """Offer known pairs to the lists of their users."""
    for i in range(len(users)):
        key = sign * (pearson[i] * n_common[i] / (n_common[i] + shrinkage))
        n, who = sign * n_common[i], sign * neighbors[i]
        if key >= lists.bar[users[i]]:
            offer(lists.size, lists.bar, lists.entries, users[i], key, pearson[i], n, who)


@compiled
def reaches(lists, users, pearson, n_common, neighbors, sign, shrinkage):
    """Whether each list is full and its last place no worse than the pair given for it, if any.

    A neighbor of -1 has no place in the order any more: the last place must then be better.
    """
    k = lists.entries.shape[1]
    good = lists.size == k
    for i in range(len(users)):
        u = users[i]
        key = sign * (pearson[i] * n_common[i] / (n_common[i] + shrinkage))
        who = sign * neighbors[i] if neighbors[i] >= 0 else -(2**31)
        if good[u] and _worse(lists.entries, u, 0, key, sign * n_common[i], who):
            good[u] = False
    return good


@compiled
def sort_lists(lists):
    """Turn each heap into a list, the best first."""
    entries = lists.entries
    for u in range(len(lists.size)):
        for last in range(lists.size[u] - 1, 0, -1):
            entry = entries[u, last]
            key, pearson = entry.key, entry.pearson
            n_common, neighbor = entry.n_common, entry.neighbor
            entries[u, last] = entries[u, 0]
            _sift_down(entries, u, last, key, pearson, n_common, neighbor)


@compiled
def drop_repeated(worst, best):
    """From sorted lists of the least similar, drop who is also among the most similar."""
    for u in range(len(worst.size)):
        kept = 0
        for at in range(worst.size[u]):
            if not _in_list(best, u, worst.entries[u, at]):
                worst.entries[u, kept] = worst.entries[u, at]
                kept += 1
        worst.size[u] = kept


@compiled
def _in_list(best, u, entry):
    last = best.size[u] - 1
    if last < 0:
        return False
    if best.entries[u, last].neighbor == -entry.neighbor:
        return True
    return _worse(best.entries, u, last, -entry.key, -entry.n_common, -entry.neighbor)
