import threading
from itertools import combinations_with_replacement

import pytest

from jobs.neighbors.threads import in_threads, run_disjoint

TASKS = list(combinations_with_replacement(range(5), 2))


@pytest.mark.parametrize("n_threads", [1, 3, 8])
def test_every_task_runs_once_and_no_two_write_the_same_at_a_time(n_threads):
    done, busy, guard = [], set(), threading.Lock()

    def work(i: int, j: int) -> None:
        with guard:
            assert busy.isdisjoint({i, j})
            busy.update({i, j})
        with guard:
            busy.difference_update({i, j})
            done.append((i, j))

    run_disjoint(work, TASKS, TASKS, n_threads)
    assert sorted(done) == TASKS


@pytest.mark.parametrize("n_threads", [1, 3])
def test_results_come_in_the_order_of_their_parts(n_threads):
    first_may_end = threading.Event()

    def work(part: int) -> int:
        if part == 0 and n_threads > 1:
            assert first_may_end.wait(60)
        first_may_end.set()
        return part * part

    assert in_threads(work, range(4), n_threads) == [0, 1, 4, 9]


def test_an_error_in_a_part_is_raised():
    with pytest.raises(ZeroDivisionError):
        in_threads(lambda part: 1 // part, [1, 0, 2], 2)


def test_an_error_in_a_task_is_raised():
    def work(i: int, j: int) -> None:
        if (i, j) == (1, 3):
            raise ValueError("no such pair")

    with pytest.raises(ValueError, match="no such pair"):
        run_disjoint(work, TASKS, TASKS, 2)


def test_each_task_must_say_what_it_writes():
    with pytest.raises(ValueError, match="shorter"):
        run_disjoint(lambda *_: None, TASKS, TASKS[:-1], 1)


def test_a_task_that_must_wait_is_passed_by_those_that_need_not():
    done, started = [], threading.Event()

    def work(number: int) -> None:
        if number == 0:
            assert started.wait(60)
        if number == 2:
            started.set()
        done.append(number)

    # The second wants what the first holds; the third does not, and lets the first go.
    run_disjoint(work, [(0,), (1,), (2,)], [("a",), ("a",), ("b",)], 2)
    assert sorted(done) == [0, 1, 2]
    assert done.index(2) < done.index(1)
