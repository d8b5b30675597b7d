from collections import Counter
from itertools import product

import numpy as np
import pytest

from models.errors import ModelError
from models.offpolicy.exploration import explore


class Draws:
    """A generator whose every draw is given, with the slots of blocks and the tracks in order."""

    def __init__(self, slots, tracks):
        self.slots, self.tracks = list(slots), list(tracks)

    def integers(self, every):
        return self.slots.pop(0)

    def choice(self, n, size, replace):
        assert not replace
        return np.array(self.tracks[:size], int)


def test_one_slot_of_a_block_gets_another_track():
    shown = explore(Draws([1], [2]), np.array([10, 11, 12]), np.array([5, 6, 7, 8]), every=3)
    assert shown.tracks.tolist() == [10, 7, 12]
    assert shown.explored.tolist() == [False, True, False]
    assert shown.propensity == pytest.approx([2 / 3, 1 / 3 / 4, 2 / 3])
    # Kept at 2/3; then half of what is left falls on the second, on one of four; then nothing is open.
    assert shown.given_before == pytest.approx([2 / 3, 1 / 2 / 4, 1.0])
    assert np.prod(shown.given_before) == pytest.approx(1 / 3 / 4)


def test_every_list_that_can_be_is_as_likely_as_it_says():
    """Five slots in blocks of three, three other tracks: all draws, one by one."""
    picks, others, every = np.arange(10, 15), np.array([1, 2, 3]), 3
    orders = [p for p in product(range(3), repeat=2) if len(set(p)) == 2]
    seen, marginal, said, told = Counter(), Counter(), {}, {}
    for slots, tracks in product(product(range(3), repeat=2), orders):
        shown = explore(Draws(slots, tracks), picks, others, every)
        key = tuple(shown.tracks.tolist())
        seen[key] += 1 / (9 * 6)
        said[key] = np.prod(shown.given_before)
        for place, track in enumerate(key):
            marginal[place, track] += 1 / (9 * 6)
            told[place, track] = shown.propensity[place]
    assert said == pytest.approx(dict(seen))
    assert told == pytest.approx(dict(marginal))
    assert sum(seen.values()) == pytest.approx(1)


def test_without_others_nothing_is_explored_and_surely_so():
    for others in (np.array([], int), np.array([1])):
        shown = explore(np.random.default_rng(1), np.arange(10, 16), others, every=2)
        open_slots = 2 * len(others)
        assert shown.propensity[open_slots:].tolist() == [1.0] * (6 - open_slots)
        assert shown.tracks[open_slots:].tolist() == list(range(10 + open_slots, 16))


def test_the_draw_is_that_of_the_seed():
    lists = [explore(np.random.default_rng(9), np.arange(30), np.arange(30, 99)) for _ in range(2)]
    assert lists[0].tracks.tolist() == lists[1].tracks.tolist()
    assert lists[0].explored.sum() == 1


@pytest.mark.parametrize("others", [[1, 2, 10], [1, 1]])
def test_a_track_of_the_list_or_named_twice_is_refused(others):
    with pytest.raises(ModelError, match="each named once"):
        explore(np.random.default_rng(1), np.array([10, 11]), np.array(others))
