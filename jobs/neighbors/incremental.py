"""Only what changed: the lists of an earlier run, brought up to date. Arrays only.

Scored again are the pairs of listeners whose ratings changed, came or went. Another listener's list
loses those of them it held and gains those that now belong in it. Where that leaves fewer than it
had down to its old last place, someone unknown may follow, and the listener is scored anew. Equal to
a full run, bit by bit: pairs of unchanged listeners keep their correlation, and lists a total order.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import scipy.sparse as sp
from numpy.typing import NDArray

from jobs.neighbors.coding import Coded
from jobs.neighbors.kernel import Found, Neighbors, pick, prepare, ranked, score_between
from jobs.neighbors.lists import Pairs, merge_lists, offer, reaches, settle
from jobs.neighbors.pairs import Rule

Mask = NDArray[np.bool_]
# A listener of few scores a pair from one side only, a full run from both at once.
CHEAPER = 4


@dataclass(frozen=True)
class Earlier:
    """An earlier run: what it read, and the rows it wrote (columns of the neighbors table)."""

    matrix: Coded
    neighbors: pa.Table


def changed(now: Coded, before: Coded) -> Mask:
    """Which of today's listeners have other ratings than before, or had none."""
    at = _places(now.users, before.users)
    differs: Mask = _marks(now) != _marks(before)[at]
    return (at < 0) | differs


def _marks(coded: Coded) -> NDArray[np.uint64]:
    """A number a listener that depends on their tracks and ratings, not on the numbering of either."""
    ratings = coded.ratings
    track = pd.util.hash_array(coded.tracks.to_numpy(zero_copy_only=False))[ratings.indices]
    value = pd.util.hash_array(np.ascontiguousarray(ratings.data, np.float64))
    mixed = (track ^ (value * np.uint64(0x9E3779B97F4A7C15))) * np.uint64(0xD6E8FEB86659FD93)
    mixed ^= mixed >> np.uint64(32)
    totals = np.concatenate([np.zeros(1, np.uint64), np.cumsum(mixed, dtype=np.uint64)])
    marks: NDArray[np.uint64] = totals[ratings.indptr[1:]] - totals[ratings.indptr[:-1]]
    return marks


def is_cheaper(ratings: sp.csr_matrix, moved: Mask) -> bool:
    """Whether scoring the moved listeners takes much fewer pair operations than scoring all."""
    listeners = np.bincount(ratings.indices, minlength=ratings.shape[1]).astype(np.float64)
    theirs = np.bincount(ratings[moved].indices, minlength=ratings.shape[1])
    return bool(CHEAPER * (theirs @ listeners) <= listeners @ listeners)


def update(now: Coded, earlier: Earlier, moved: Mask, rule: Rule, n_threads: int = 1) -> Neighbors:
    """Today's neighbors from the earlier ones, found by the same rule; ``moved``: see ``changed``."""
    everyone, n_columns = prepare(now.ratings, rule, n_threads), now.ratings.shape[1]
    everybody, nobody = len(now.users), rule._replace(k=0, k_dissimilar=0)

    def scored(chosen: NDArray[np.int64], others: Found) -> Found:
        found = Found.empty(len(chosen), rule)
        rows = pick(everyone, chosen)
        score_between(rows, everyone, found, others, n_columns, rule, n_threads=n_threads)
        return found

    movers, gained = np.flatnonzero(moved), Found.empty(everybody, rule)
    theirs = scored(movers, gained)
    found, sound = _kept(now, earlier.neighbors, moved, gained, rule)
    rest = np.flatnonzero(~moved & ~sound)
    _replace(found, rest, scored(rest, Found.empty(everybody, nobody)))
    _replace(found, movers, theirs)
    return ranked(found, everyone.listener, rule, n_threads)


def _kept(now: Coded, earlier: pa.Table, moved: Mask, gained: Found, rule: Rule) -> tuple[Found, Mask]:
    """The unmoved listeners' lists without the movers they held and with those they gained.

    Also whether each is sound: as long as before with no place worse than its last was, or one that
    never was full, and so held every pair there is.
    """
    user, neighbor = (
        _places(earlier[name].combine_chunks(), now.users) for name in ("user_id", "neighbor_id")
    )
    mine = (user >= 0) & ~moved[user]
    rows = earlier.filter(pa.array(mine))
    user, neighbor = user[mine], neighbor[mine]
    pearson, n_common, rank = (rows[name].to_numpy() for name in ("pearson", "n_common", "rank"))
    similarity = pearson * n_common / (n_common + rule.shrinkage)
    pairs = Pairs(user, similarity, n_common, neighbor)
    held = (neighbor >= 0) & ~moved[neighbor]
    found, sound = Found.empty(len(moved), rule), np.ones(len(moved), bool)
    dissimilar = pc.equal(rows["band"], "dissimilar").to_numpy()
    some_open = np.zeros(len(moved), bool)
    for lists, more, sign, of in zip(found, gained, (1, -1), (~dissimilar, dissimilar), strict=True):
        offer(lists, sign, _some(pairs, held))
        merge_lists(lists, more)
        settle(lists)
        length = np.bincount(user[of], minlength=len(moved))
        some_open |= length < lists.k
        sound &= reaches(lists, sign, _some(pairs, of & (rank == length[user])))
    return found, sound | some_open


def _some(pairs: Pairs, chosen: Mask) -> Pairs:
    owner, similarity, n_common, neighbor = pairs
    return Pairs(owner[chosen], similarity[chosen], n_common[chosen], neighbor[chosen])


def _places(ids: pa.Array, among: pa.StringArray) -> NDArray[np.int32]:
    found = pc.index_in(ids, value_set=among).fill_null(-1)
    return np.asarray(found.to_numpy(zero_copy_only=False), np.int32)


def _replace(found: Found, rows: NDArray[np.int64], others: Found) -> None:
    for lists, more in zip(found, others, strict=True):
        lists.size[rows], lists.bar[rows] = more.size, more.bar
        lists.keys[rows], lists.codes[rows] = more.keys, more.codes
