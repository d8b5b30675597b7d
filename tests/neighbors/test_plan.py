import numpy as np
import pytest

from jobs.neighbors.plan import WORTH_A_TASK, NightSize, make_plan, night_size


def size(n_listeners: int, pair_operations: int) -> NightSize:
    return NightSize(n_listeners, 1, n_listeners, pair_operations, pair_operations, 0)


def plan(this: NightSize, n_ratings, **changes):
    given = {"list_length": 60, "n_cores": 2, "task_memory_mb": 512} | changes
    return make_plan(this, n_ratings, **given)


def test_the_size_of_a_night():
    # 3, 2 and 1 listeners: squares 9 + 4 + 1.
    assert night_size(3, np.array([1, 3, 2]), 14) == NightSize(3, 3, 6, 14, 14, 0)
    assert night_size(3, np.array([1, 3, 2]), 13) == NightSize(3, 3, 6, 14, 5, 1)


def test_little_work_is_one_task():
    assert plan(size(100, 1000), [10] * 100).tasks == [(0, 0)]


def test_much_work_is_three_tasks_a_core_each_pair_of_blocks_once():
    found = plan(size(90, 100 * WORTH_A_TASK), [10] * 90)
    assert found.spans == ((0, 30), (30, 60), (60, 90))
    assert found.tasks == [(0, 0), (0, 1), (0, 2), (1, 1), (1, 2), (2, 2)]


def test_blocks_fit_the_memory_of_a_task():
    few, many = (plan(size(10_000, 1000), [100] * 10_000, task_memory_mb=mb) for mb in (100, 10))
    assert len(few.spans) < len(many.spans)
    longest = max(end - start for start, end in many.spans)
    assert longest * (100 * 96 + 320 + 48 * 60) <= 10 * 2**20 * 1.01


def test_no_block_exceeds_an_even_share_by_more_than_its_first_listener():
    n_ratings = np.array([10] * 50 + [2_000] + [10] * 49)
    memory = n_ratings * 96 + 320 + 48 * 60
    for start, end in plan(size(100, 1000), n_ratings, n_blocks=4).spans:
        assert memory[start + 1 : end].sum() <= memory.sum() / 4


@pytest.mark.parametrize("n_blocks", [1, 7, 64])
def test_any_number_of_blocks_holds_everyone_once(n_blocks):
    spans = plan(size(30, 1000), np.arange(30), n_blocks=n_blocks).spans
    assert [row for start, end in spans for row in range(start, end)] == list(range(30))
    assert len(spans) <= n_blocks
    assert all(start < end for start, end in spans)


@pytest.mark.parametrize(("task_memory_mb", "n_blocks"), [(1, 13), (2, 7), (13, 1)])
def test_memory_is_counted_by_rating_listener_and_entry(task_memory_mb, n_blocks):
    # Of each: 100 ratings of 96 bytes, 320, and 60 entries of 48: 12,800. Of all 12.2 MiB.
    found = plan(size(1000, 1000), [100] * 1000, task_memory_mb=task_memory_mb)
    assert len(found.spans) == n_blocks


def test_without_listeners_there_is_nothing_to_do():
    assert plan(size(0, 0), []).tasks == []


@pytest.mark.parametrize(
    ("worth", "n_blocks"), [(0, 1), (1, 1), (2, 2), (3, 2), (4, 3), (6, 3), (99, 3)]
)
def test_no_more_tasks_than_the_work_is_worth_nor_three_a_core(worth, n_blocks):
    assert len(plan(size(90, worth * WORTH_A_TASK), [10] * 90).spans) == n_blocks
