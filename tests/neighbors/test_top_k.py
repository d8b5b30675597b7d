import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jobs.neighbors.top_k import (
    Pairs,
    drop_repeated,
    in_order,
    merge_top_k,
    new_top_k,
    offer,
    sort_top_k,
)

LISTENER = np.arange(3, dtype=np.int32)
# Few values, so that similarities and numbers of common items tie.
PAIR = st.tuples(st.integers(0, 2), st.integers(-2, 2), st.integers(1, 3))


def pairs_of(offered: list[tuple[int, int, int]]) -> Pairs:
    owner, similarity, n_common = np.array(offered or np.empty((0, 3)), int).T
    neighbor = np.arange(len(owner), dtype=np.int32)
    return Pairs(owner.astype(np.int32), similarity / 2, n_common.astype(np.int32), neighbor)


def by_sorting(pairs: Pairs, k: int, sign: int) -> list[list[tuple]]:
    rows = list(zip(*(column.tolist() for column in pairs), strict=True))
    order = sorted(rows, key=lambda row: (-row[1], -row[2], row[3]))[::sign]
    return [[row for row in order if row[0] == owner][:k] for owner in range(3)]


def content(similar, dissimilar) -> tuple[list[list[tuple]], list[list[tuple]]]:
    user, neighbor, n_common, similarity, rank, of_dissimilar = (
        column.tolist() for column in in_order(LISTENER, similar, dissimilar)
    )
    rows = list(zip(user, similarity, n_common, neighbor, strict=True))
    found = tuple(
        [
            [row for row, of in zip(rows, of_dissimilar, strict=True) if row[0] == u and of == which]
            for u in range(3)
        ]
        for which in (False, True)
    )
    assert rank == [place + 1 for u in range(3) for lists in found for place in range(len(lists[u]))]
    return found


@settings(deadline=None)
@given(st.lists(PAIR, max_size=120), st.integers(0, 8), st.integers(0, 5), st.integers(1, 40))
def test_lists_keep_the_first_and_the_last_of_the_order(offered, k, k_worst, at_once):
    similar, dissimilar = new_top_k(3, k), new_top_k(3, k_worst)
    pairs = pairs_of(offered)
    for start in range(0, len(offered), at_once):
        some = Pairs(*(column[start : start + at_once] for column in pairs))
        offer(similar, 1, some)
        offer(dissimilar, -1, some)
    sort_top_k(similar)
    sort_top_k(dissimilar)
    assert content(similar, dissimilar) == (by_sorting(pairs, k, 1), by_sorting(pairs, k_worst, -1))


@settings(deadline=None)
@given(st.lists(PAIR, max_size=60), st.lists(PAIR, max_size=60), st.integers(0, 8))
def test_merged_lists_are_those_of_all_pairs(some, more, k):
    pairs = pairs_of(some + more)
    lists, others = new_top_k(3, k), new_top_k(3, k)
    offer(lists, 1, Pairs(*(column[: len(some)] for column in pairs)))
    offer(others, 1, Pairs(*(column[len(some) :] for column in pairs)))
    merge_top_k(lists, others)
    sort_top_k(lists)
    assert content(lists, new_top_k(3, 0))[0] == by_sorting(pairs, k, 1)


@pytest.mark.parametrize(("k", "kept"), [(0, [3, 2, 1]), (2, [3, 2]), (3, [3])])
def test_nobody_is_both_among_the_first_and_the_last(k, kept):
    pairs = pairs_of([(0, 2, 1), (0, 1, 1), (0, 0, 1), (0, -1, 1)])
    similar, dissimilar = new_top_k(3, k), new_top_k(3, 3)
    offer(similar, 1, pairs)
    offer(dissimilar, -1, pairs)
    sort_top_k(similar)
    sort_top_k(dissimilar)
    drop_repeated(dissimilar, similar)
    assert [row[3] for row in content(similar, dissimilar)[1][0]] == kept
