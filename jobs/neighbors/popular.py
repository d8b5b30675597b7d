"""The most popular items as bits, 64 to a word: where so many rated an item, counting the bits that two
listeners share takes less than walking from one listener of the item to the next.

Only for ratings of few levels, whose sums are whole numbers (see ``jobs.neighbors.sums``): with levels
in binary, the sum of x y over the items of a word is the sum over i, j of 2^(i + j) times the number of
items where bit i of x and bit j of y are set.
"""

import numpy as np
from numba import types
from numba.extending import intrinsic
from numpy.typing import NDArray

from jobs.neighbors.compiled import compiled

# An item is popular if one listener in so many rated it: there, both ways take about equally long.
ONE_IN = 8
WORD = 64
# The highest level that is summed this way: five stars are levels 0 to 4.
HIGHEST = 4


def popular_places(listeners: NDArray[np.integer], n_listeners: int) -> NDArray[np.int32]:
    """For each item its place among the popular, the most popular first, or -1; as many as fill words.

    ``listeners``: how many rated each item.
    """
    n_popular = int((listeners * ONE_IN >= n_listeners).sum()) // WORD * WORD
    places = np.full(len(listeners), -1, np.int32)
    places[np.argsort(-listeners, kind="stable")[:n_popular]] = np.arange(n_popular)
    return places


@compiled
def planes_of(rows, places):
    """Words [word, plane, listener]. Planes: rated; bits 0, 1 and 2 of the level; bits 0 and 1 both."""
    zero, one = np.uint64(0), np.uint64(1)
    planes = np.zeros(((places >= 0).sum() // WORD, 5, len(rows.listener)), np.uint64)
    for u in range(len(rows.listener)):
        for p in range(rows.indptr[u], rows.indptr[u + 1]):
            place = places[rows.items[p]]
            if place >= 0:
                word, bit, level = planes[place // WORD], one << np.uint64(place % WORD), rows.levels[p]
                word[0, u] |= bit
                for plane in range(3):
                    word[1 + plane, u] |= bit if level >> plane & 1 else zero
                word[4, u] |= bit if level & 3 == 3 else zero
    return planes


@intrinsic
def _ones(typing, word):
    """How many bits of a word are set."""

    def generate(context, builder, signature, arguments):
        return builder.ctpop(arguments[0])

    return types.uint64(types.uint64), generate


@compiled
def add_popular(mine, u, theirs, first, bits, words):
    """Add what a left listener shares with the right ones, from ``first`` on, to lines of 2 words.

    The loop over listeners has no branch and becomes vectors. Bits are named by what they are worth; the
    square of a level, of which only 3 has two bits set, is x1 + 4 x2 + 4 x3 + 16 x4.
    """
    two, four, eight, sixteen = np.uint64(2), np.uint64(4), np.uint64(8), np.uint64(16)
    at_y, wide = bits.n + bits.n + bits.level, bits.n + bits.level + bits.level
    lines = words[2 * first :]
    for word in range(len(mine)):
        x, x1, x2 = mine[word, 0, u], mine[word, 1, u], mine[word, 2, u]
        x4, x3 = mine[word, 3, u], mine[word, 4, u]
        ys, y1s, y2s = theirs[word, 0, first:], theirs[word, 1, first:], theirs[word, 2, first:]
        y4s, y3s = theirs[word, 3, first:], theirs[word, 4, first:]
        for v in range(len(ys)):
            y, y1, y2, y4, y3 = ys[v], y1s[v], y2s[v], y4s[v], y3s[v]
            sx1, sx2, sx4 = _ones(x1 & y), _ones(x2 & y), _ones(x4 & y)
            sy1, sy2, sy4 = _ones(x & y1), _ones(x & y2), _ones(x & y4)
            sx, sy = sx1 + two * sx2 + four * sx4, sy1 + two * sy2 + four * sy4
            sxx = sx1 + four * (sx2 + _ones(x3 & y)) + sixteen * sx4
            syy = sy1 + four * (sy2 + _ones(x & y3)) + sixteen * sy4
            sxy = _ones(x1 & y1) + two * (_ones(x1 & y2) + _ones(x2 & y1))
            sxy += four * (_ones(x2 & y2) + _ones(x1 & y4) + _ones(x4 & y1))
            sxy += eight * (_ones(x2 & y4) + _ones(x4 & y2)) + sixteen * _ones(x4 & y4)
            lines[2 * v] += _ones(x & y) + (sx << bits.n) + (sy << at_y)
            lines[2 * v + 1] += sxx + (syy << wide) + (sxy << (wide + wide))
