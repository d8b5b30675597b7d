"""What the workers run, without Spark: tasks of any blocks, merged, are the neighbors of one run."""

from itertools import combinations_with_replacement

import numpy as np
import pyarrow as pa
import pytest

from jobs.neighbors.kernel import pearson_neighbors, prepare_rows, slice_rows, take_rows
from jobs.neighbors.pair_scores import NeighborRule
from jobs.neighbors.worker_tasks import (
    columns,
    concat_rows,
    merge_tasks,
    pack_block,
    pack_rows,
    score_sample,
    score_task,
    unpack_rows,
)
from tests.neighbors.reference import by_user, random_ratings

N_ITEMS = 40
# Blocks of unequal length, one of a single listener.
SPANS = [(0, 11), (11, 12), (12, 30)]
LENGTHS = {"k": 4, "k_dissimilar": 3, "min_overlap": 2, "shrinkage": 5.0}


@pytest.fixture(scope="module")
def ratings():
    return random_ratings(30, N_ITEMS, 0.4, seed=12, values=np.arange(1, 60) / 7)


def rule_of(support: str, **changes) -> NeighborRule:
    return NeighborRule(N_ITEMS if support == "all" else 0, **(LENGTHS | changes))


def table_of(ratings, start, end) -> pa.Table:
    """The rows of a block as Spark hands them over: in no order."""
    coo = ratings.tocoo()
    table = pa.table({"u": coo.row, "t": coo.col, "rating": coo.data})
    mine = table.filter(pa.array((coo.row >= start) & (coo.row < end)))
    return mine.take(np.random.default_rng(1).permutation(len(mine)))


@pytest.mark.parametrize("support", ["co_rated", "all"])
def test_merged_tasks_are_the_neighbors_of_one_run(ratings, support):
    rule = rule_of(support)
    blocks = [unpack_rows(pack_block(table_of(ratings, *span), span, N_ITEMS, rule)) for span in SPANS]
    pairs = combinations_with_replacement(range(len(SPANS)), 2)
    batches = [score_task({i: blocks[i] for i in pair}, N_ITEMS, rule) for pair in pairs]
    lists = pa.Table.from_batches(batches[::-1])
    expected = by_user(pearson_neighbors(ratings, support=support, **LENGTHS))
    for number, (start, end) in enumerate(SPANS):
        mine = lists.filter(pa.compute.equal(lists["block"], number)).to_batches()
        found = merge_tasks(mine, np.arange(start, end, dtype=np.int32), rule)
        assert by_user(found) == {user: expected[user] for user in range(start, end)}


def test_a_block_is_packed_with_the_numbers_of_its_listeners(ratings):
    start, end = SPANS[2]
    rule = rule_of("all")
    packed = unpack_rows(pack_block(table_of(ratings, start, end), (start, end), N_ITEMS, rule))
    whole = slice_rows(prepare_rows(ratings, rule), start, end)
    for found, expected in zip(packed, whole, strict=True):
        assert found.dtype == expected.dtype
        np.testing.assert_array_equal(found, expected)


def test_rows_of_several_blocks_are_put_together_by_listener(ratings):
    everyone = prepare_rows(ratings, rule_of("all"))
    parts = [take_rows(everyone, np.array(chosen, np.int64)) for chosen in ([20, 25], [], [3, 4, 9])]
    expected = take_rows(everyone, np.array([3, 4, 9, 20, 25]))
    for found, wanted in zip(concat_rows(parts), expected, strict=True):
        np.testing.assert_array_equal(found, wanted)
        assert found.dtype == wanted.dtype


def test_a_sample_meets_every_block_and_is_nobodys_own_neighbor(ratings):
    rule, sample = rule_of("all"), np.array([2, 11, 29])
    everyone = prepare_rows(ratings, rule)
    chosen = unpack_rows(pack_rows(take_rows(everyone, sample)))
    batches = [score_sample(chosen, slice_rows(everyone, *span), 7, N_ITEMS, rule) for span in SPANS]
    assert [batch["block"].to_pylist() for batch in batches] == [[7]] * 3
    expected = by_user(pearson_neighbors(ratings, support="all", **LENGTHS))
    found = merge_tasks(batches, chosen.listener, rule)
    assert by_user(found) == {user: expected[user] for user in sample.tolist()}


def test_lists_of_nothing_are_merged_into_nothing(ratings):
    rule = rule_of("all", k=0, k_dissimilar=0)
    batch = score_task({0: prepare_rows(ratings, rule)}, N_ITEMS, rule)
    assert len(merge_tasks([batch], np.arange(30, dtype=np.int32), rule).user) == 0


def test_columns_are_those_of_the_table(ratings):
    found = pearson_neighbors(ratings, support="all", **LENGTHS)
    table = columns(found)
    assert list(table) == ["pearson", "n_common", "similarity", "rank", "band"]
    assert table["band"].to_pylist()[:5] == ["most_similar", *["similar"] * 3, "dissimilar"]
    assert table["rank"].to_pylist()[:7] == [1, 2, 3, 4, 1, 2, 3]
