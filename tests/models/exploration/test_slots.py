import numpy as np
import pytest

from models.exploration.slots import draw_slots, filled
from models.ranking.lists import PADDING


def as_lists(*rows):
    return np.array(rows, np.int32)


def test_the_mean_number_of_exploring_slots_is_exactly_the_share():
    shares = np.repeat([0.0, 0.17, 0.5, 1.0], 2000)
    slots = draw_slots(np.random.default_rng(1), 30, shares).sum(axis=1).reshape(4, 2000)
    assert set(slots[0]) == {0}
    assert set(slots[1]) == {5, 6}  # 5.1
    assert abs(slots[1].mean() - 5.1) < 0.03
    assert set(slots[2]) == {15}
    assert set(slots[3]) == {30}


@pytest.mark.parametrize("n_ranks", [1, 2, 3, 10, 30])
def test_the_opening_explores_last_and_from_its_end_on(n_ranks):
    shares = np.linspace(0, 1, 41)
    drawn = draw_slots(np.random.default_rng(2), n_ranks, shares)
    opening = n_ranks // 3
    for slots in drawn:
        n = int(slots.sum())
        in_opening = max(0, n - (n_ranks - opening))
        assert slots[:opening].tolist() == [False] * (opening - in_opening) + [True] * in_opening


def test_every_place_behind_the_opening_is_as_likely():
    slots = draw_slots(np.random.default_rng(3), 30, np.full(20_000, 0.1))[:, 10:]
    # 3 of 20 places: .15, standard deviation .0025.
    assert abs(slots.mean(axis=0) - 0.15).max() < 0.011


def test_slots_are_filled_best_first_under_the_cap_and_from_the_other_queue_where_one_ends():
    artist = np.array([0, 0, 0, 1, 1, 2])
    exploit = as_lists([0, 1, 2, 3, PADDING])
    explore = as_lists([5, 0, PADDING, PADDING, PADDING])
    wanted = np.array([[False, True, False, True, False, False]])
    tracks, explored = filled(exploit, explore, wanted, artist, artist_cap=2)
    # 0, then 5, then 1; the fourth wants to explore: 0 is taken, so 3 (2 falls to the cap); no more.
    assert tracks.tolist() == [[0, 5, 1, 3, PADDING, PADDING]]
    assert explored.tolist() == [[False, True, False, False, False, False]]


def test_one_list_s_cap_is_not_another_s():
    artist = np.zeros(2, np.int64)
    rows = as_lists([0, 1], [1, 0])
    wanted = np.array([[True, False], [False, False]])
    tracks, explored = filled(rows, rows, wanted, artist, artist_cap=1)
    assert tracks.tolist() == [[0, PADDING], [1, PADDING]]
    assert explored.tolist() == [[True, False], [False, False]]


def test_without_candidates_lists_are_empty():
    nothing = as_lists([PADDING, PADDING])
    tracks, explored = filled(nothing, nothing, np.ones((1, 2), bool), np.array([0]), artist_cap=2)
    assert tracks.tolist() == [[PADDING, PADDING]]
    assert not explored.any()
