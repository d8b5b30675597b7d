"""The top k of many pairs, listener by listener, by similarity, n_common, smaller number."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from models.compiled import compiled


class TopK(NamedTuple):
    """For each listener the best ``k`` so far and some more that came after them, until sorted.

    The key is the similarity; the code, n_common * 2^32 - neighbor, parts equal keys: the larger is the
    better. In lists of the least similar both are negative, so that these lists are the ends of
    the same order. ``bar`` is the key that another must reach to enter: minus infinity until the list
    was sorted with k entries.
    """

    k: int
    size: NDArray[np.int32]
    bar: NDArray[np.float64]
    keys: NDArray[np.float64]
    codes: NDArray[np.int64]


class Pairs(NamedTuple):
    """Pairs to offer: the place of an owner among the lists, and the neighbor that is offered."""

    owner: NDArray[np.int32]
    similarity: NDArray[np.float64]
    n_common: NDArray[np.int32]
    neighbor: NDArray[np.int32]


def new_top_k(n_listeners: int, k: int) -> TopK:
    """Return empty lists of ``k``, with room for half as many more between two sorts.

    Room for a multiple of 32, so that counting, in vectors, leaves no remainder.
    """
    shape = (n_listeners, (k + k // 2) // 32 * 32 + 32)
    bar = np.full(n_listeners, -np.inf if k else np.inf)
    return TopK(k, np.zeros(n_listeners, np.int32), bar, np.empty(shape), np.empty(shape, np.int64))


@compiled
def _code(n_common, neighbor):
    return (np.int64(n_common) << 32) - neighbor


@compiled
def offer(lists, sign, pairs):
    """Keep those among the best of their owners; ``sign`` is -1 for lists of the least similar."""
    at = 0
    while lists.k and at < len(pairs.owner):
        at = _append(lists, sign, pairs, at)
        if lists.size[pairs.owner[at - 1]] == lists.keys.shape[1]:
            _sort_one(lists, pairs.owner[at - 1])


@compiled
def _append(lists, sign, pairs, start):
    """Append until a list is full; returns how many were looked at.

    A loop without a call on arrays, because numba would count references to them at each turn.
    """
    k, size, bar, keys, codes = lists
    owners, similarities, n_common, neighbors = pairs
    for at in range(start, len(owners)):
        u, key = owners[at], sign * similarities[at]
        if not key >= bar[u]:  # NaN, of pairs without variance, reaches no bar
            continue
        code, end = sign * _code(n_common[at], neighbors[at]), size[u]
        if key > bar[u] or code > codes[u, k - 1]:
            keys[u, end], codes[u, end], size[u] = key, code, end + 1
            if end + 1 == keys.shape[1]:
                return at + 1
    return len(owners)


@compiled
def sort_top_k(lists):
    """Cut every list to its best k, in order, the best first."""
    for u in range(len(lists.size)):
        _sort_one(lists, u)


@compiled
def _sort_one(lists, u):
    """An entry's place is the number of better ones: to count them takes no branch to mispredict."""
    n, k = lists.size[u], lists.k
    keys, codes = lists.keys[u, :n].copy(), lists.codes[u, :n].copy()
    places = _places(keys)
    if places.sum() < n * (n - 1) // 2:
        _part_ties(keys, codes, places)
    for at in range(n):
        if places[at] < k:
            lists.keys[u, places[at]], lists.codes[u, places[at]] = keys[at], codes[at]
    lists.size[u] = min(n, k)
    if 0 < k <= n:
        lists.bar[u] = lists.keys[u, k - 1]


@compiled
def _places(keys):
    places = np.empty(len(keys), np.int64)
    for at in range(len(keys)):
        better, key = 0, keys[at]
        for other in range(len(keys)):
            better += int(keys[other] > key)
        places[at] = better
    return places


@compiled
def _part_ties(keys, codes, places):
    for at in range(len(keys)):
        for other in range(len(keys)):
            places[at] += int((keys[other] == keys[at]) & (codes[other] > codes[at]))


@compiled
def merge_top_k(lists, others):
    """Offer all entries of ``others`` to ``lists``, listener by listener."""
    for u in range(len(others.size)):
        for at in range(others.size[u]):
            _enter(lists, u, others.keys[u, at], others.codes[u, at])


@compiled
def _enter(lists, u, key, code):
    if key > lists.bar[u] or (key == lists.bar[u] and code > lists.codes[u, lists.k - 1]):
        end = lists.size[u]
        lists.keys[u, end], lists.codes[u, end], lists.size[u] = key, code, end + 1
        if end + 1 == lists.keys.shape[1]:
            _sort_one(lists, u)


@compiled
def drop_repeated(dissimilar, similar):
    """From sorted lists of the least similar, drop who is also among the most similar."""
    for u in range(len(dissimilar.size)):
        kept, last = 0, similar.size[u] - 1
        for at in range(dissimilar.size[u]):
            key, code = dissimilar.keys[u, at], dissimilar.codes[u, at]
            similar_key, similar_code = similar.keys[u, last], similar.codes[u, last]
            if last < 0 or similar_key > -key or (similar_key == -key and similar_code > -code):
                dissimilar.keys[u, kept], dissimilar.codes[u, kept] = key, code
                kept += 1
        dissimilar.size[u] = kept


@compiled
def in_order(listener, similar, dissimilar):
    """Give both sorted lists as columns, by listener, each from its best on.

    Columns: listener, neighbor, n_common, similarity, rank from 1, whether of the least similar.
    """
    n = similar.size.sum() + dissimilar.size.sum()
    user, neighbor, n_common = np.empty((3, n), np.int32)
    similarity, rank, of_dissimilar = np.empty(n), np.empty(n, np.int32), np.empty(n, np.bool_)
    row = 0
    for u in range(len(listener)):
        for sign in (1, -1):
            lists = similar if sign > 0 else dissimilar
            for at in range(lists.size[u]):
                code = sign * lists.codes[u, at]
                n_common[row] = (code + 2**32 - 1) >> 32
                neighbor[row] = _code(n_common[row], code)
                user[row], similarity[row] = listener[u], sign * lists.keys[u, at]
                rank[row], of_dissimilar[row] = at + 1, sign < 0
                row += 1
    return user, neighbor, n_common, similarity, rank, of_dissimilar
