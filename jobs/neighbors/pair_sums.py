"""What two listeners have in common, summed: the listeners of an item, one after the other, each into
the line of a listener v.

A line holds what the correlation needs. Over co-rated items these are n, Sx, Sxx, Sy, Syy, Sxy: one
cache line, so that one co-rating is one line read and written. Over all items n and Sxy are enough.
"""

from typing import NamedTuple

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic
from numpy.typing import NDArray

from models.compiled import compiled

# Relative variance below which a sum of squares has lost too many digits (float64 has 2e-16).
CANCELED = 1e-5
# Product of two sums of squares below which squares of it may vanish.
TINY = 1e-200
# Pair operations that take as long as to complete one candidate.
COMPLETION = 50


class Postings(NamedTuple):
    """Ratings by item: listeners ascend within an item, unsigned so that none counts from the end."""

    indptr: NDArray[np.int64]
    listeners: NDArray[np.uint32]
    x: NDArray[np.float64]


class Sums(NamedTuple):
    """A line of ``width`` for each listener of a block, one after the other.

    ``rated`` and ``head`` are room for one listener's ratings of popular items (see NeighborRule).
    """

    width: int
    lines: NDArray[np.float64]
    rated: NDArray[np.bool_]
    head: NDArray[np.float64]


class Moments(NamedTuple):
    """Of one listener with each of a block: n, and what r = covariance / sqrt(scale) is made of.

    ``scale`` is NaN where the sums canceled, 0 where there is no variance.
    """

    n: NDArray[np.float64]
    covariance: NDArray[np.float64]
    scale: NDArray[np.float64]


@compiled
def postings_by_item(rows, n_items):
    """List the rows' ratings by item (see Postings)."""
    indptr = np.zeros(n_items + 1, np.int64)
    for item in rows.items:
        indptr[item + 1] += 1
    indptr = np.cumsum(indptr)
    ends = indptr[:-1].copy()
    listeners, x = np.empty(len(rows.items), np.uint32), np.empty(len(rows.items))
    for u in range(len(rows.listener)):
        for p in range(rows.indptr[u], rows.indptr[u + 1]):
            end = ends[rows.items[p]]
            listeners[end], x[end] = u, rows.x[p]
            ends[rows.items[p]] = end + 1
    return Postings(indptr, listeners, x)


@compiled
def new_sums(n_listeners, rule):
    """Return zeros for a listener and each of ``n_listeners``."""
    width = 2 if rule.n_items else 8
    rated, head = np.zeros(rule.n_head, np.bool_), np.empty(rule.n_head)
    return Sums(width, _lines(width * n_listeners), rated, head)


@compiled
def add_row(left, u, right, first, postings, starts, rule, sums):
    """Add a left listener's items, from ``starts`` in their postings on, to the lines of the right.

    Who shares none but items of the head keeps n = 0 (see NeighborRule).
    """
    start, end = left.indptr[u], left.indptr[u + 1]
    tail = start + np.searchsorted(left.items[start:end], rule.n_head)
    _add_items(left, tail, end, postings, starts, rule, sums)
    if tail > start:
        _add_head(left, start, tail, right, first, postings, starts, rule, sums)


@compiled
def _add_items(left, start, end, postings, starts, rule, sums):
    items, xs = left.items[start:end], left.x[start:end]
    indptr, listeners = postings.indptr, postings.listeners
    if rule.n_items:
        _add_over_all(items, xs, indptr, listeners, postings.x, starts, sums.lines)
    else:
        _add_co_rated(items, xs, indptr, listeners, postings.x, starts, sums.lines)


@compiled
def _add_head(left, start, tail, right, first, postings, starts, rule, sums):
    """Complete the sums of the candidates, one by one or, where they are many, along the postings."""
    lines, width, n_postings = sums.lines, sums.width, 0
    for item in left.items[start:tail]:
        n_postings += postings.indptr[item + 1] - starts[item]
    candidate = lines[::width] > 0
    if candidate.sum() * COMPLETION > n_postings:
        _add_items(left, start, tail, postings, starts, rule, sums)
        for v in range(first, len(candidate)):
            if not candidate[v]:
                lines[width * v] = 0.0
        return
    rated, head = sums.rated, sums.head
    rated[:] = False
    for p in range(start, tail):
        rated[left.items[p]], head[left.items[p]] = True, left.x[p]
    items, ys, indptr = right.items, right.x, right.indptr
    for v in range(first, len(candidate)):
        if candidate[v]:
            _add_rated(lines, width, v, rated, head, items, ys, indptr[v], indptr[v + 1])


@compiled
def fill_moments(left, u, right, first, rule, sums, moments):
    """Compute the moments of a left listener with the right ones from ``first`` on."""
    lines = sums.lines[first * sums.width :]
    n, covariance, scale = moments.n[first:], moments.covariance[first:], moments.scale[first:]
    if rule.n_items:
        total, spread = left.total[u], left.spread[u]
        totals, spreads = right.total[first:], right.spread[first:]
        _over_all_moments(lines, total, spread, totals, spreads, rule.n_items, n, covariance, scale)
    else:
        _co_rated_moments(lines, n, covariance, scale)


@compiled
def _lines(size):
    """Zeros that begin with a cache line."""
    room = np.zeros(size + 8)
    skip = (-room.ctypes.data // 8) % 8
    return room[skip : skip + size]


def _place_of(line, context, builder, signature, arguments):
    """Where, in the array of the first argument, the line is that the second one counts."""
    array = context.make_array(signature.args[0])(context, builder, arguments[0])
    place = builder.zext(arguments[1], ir.IntType(64))
    return builder.gep(builder.bitcast(array.data, line.as_pointer()), [place])


@intrinsic
def _add_six(typing, sums, v, x, y):
    """Add (1, x, x^2, y, y^2, xy) to line v of ``sums`` as one vector of 8: c0 + y (c1 + y c2)."""

    def generate(context, builder, signature, arguments):
        line, lane = ir.VectorType(ir.DoubleType(), 8), ir.IntType(32)
        at = _place_of(line, context, builder, signature, arguments)
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


@intrinsic
def _add_two(typing, lines, v, first, second):
    """Add two numbers to line v, of 2, at once."""

    def generate(context, builder, signature, arguments):
        line, lane = ir.VectorType(ir.DoubleType(), 2), ir.IntType(32)
        at = _place_of(line, context, builder, signature, arguments)
        more = ir.Constant(line, [0.0, 0.0])
        for position in range(2):
            more = builder.insert_element(more, arguments[2 + position], lane(position))
        builder.store(builder.fadd(builder.load(at, align=8), more), at, align=8)
        return context.get_dummy_value()

    return types.void(lines, v, first, second), generate


@compiled
def _add_co_rated(items, xs, indptr, listeners, ys, starts, sums):
    """Add the postings of a listener's items to lines of 8."""
    for p in range(len(items)):
        # Slices, because an index that counts from 0 needs no test for a negative one.
        x, start, end = xs[p], starts[items[p]], indptr[items[p] + 1]
        others, theirs = listeners[start:end], ys[start:end]
        for q in range(len(others)):
            _add_six(sums, others[q], x, theirs[q])


@compiled
def _add_over_all(items, xs, indptr, listeners, ys, starts, sums):
    """Add the postings of a listener's items to lines of 2: n and Sxy."""
    for p in range(len(items)):
        x, start, end = xs[p], starts[items[p]], indptr[items[p] + 1]
        others, theirs = listeners[start:end], ys[start:end]
        for q in range(len(others)):
            _add_two(sums, others[q], 1.0, x * theirs[q])


@compiled
def _add_rated(lines, width, v, rated, head, items, ys, start, end):
    for q in range(start, end):
        if items[q] >= len(rated):
            break
        if rated[items[q]] and width == 2:
            _add_two(lines, np.uint32(v), 1.0, head[items[q]] * ys[q])
        elif rated[items[q]]:
            _add_six(lines, np.uint32(v), head[items[q]], ys[q])


@compiled
def _co_rated_moments(lines, n, covariance, scale):
    """Variances and covariance over the items both rated."""
    for v in range(len(n)):
        # Lines are flat so that this loop becomes vectors: numba takes a row's length for a variable.
        at = 8 * v
        common, sx, sxx = lines[at], lines[at + 1], lines[at + 2]
        sy, syy, sxy = lines[at + 3], lines[at + 4], lines[at + 5]
        vx, vy = common * sxx - sx * sx, common * syy - sy * sy
        canceled = (vx <= CANCELED * common * sxx) | (vy <= CANCELED * common * syy) | (vx * vy < TINY)
        n[v], covariance[v] = common, common * sxy - sx * sy
        scale[v] = np.nan if canceled else vx * vy


@compiled
def _over_all_moments(lines, total, spread, totals, spreads, n_items, n, covariance, scale):
    """Covariance over all items from each listener's own sums."""
    for v in range(len(n)):
        common, sxy = lines[2 * v], lines[2 * v + 1]
        both = (spread * spreads[v]) ** 2
        n[v], covariance[v] = common, sxy - total * totals[v] / n_items
        scale[v] = np.nan if (sxy * CANCELED) ** 2 > both else both
