from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.recommend.blend import best, blend, draw_slots, generator, shuffled
from tests.recommend.town import catalog

NIGHT = date(2026, 6, 28)
QUIET, CALM, LOUD, LOUDER, DUET, BARE = range(6)


def blended(candidates, slots, cap=2, tracks=None):
    found = blend(candidates, slots, tracks or catalog(), cap)
    return [(pick.position, pick.strategy) for pick in found.picks], found


def test_slots_are_filled_by_their_strategy_best_first():
    picks, _ = blended(
        {"exploit": [LOUD, QUIET], "explore": [BARE, DUET]}, ["explore", "exploit", "explore"]
    )
    assert picks == [(BARE, "explore"), (LOUD, "exploit"), (DUET, "explore")]


def test_strategies_stand_in_for_one_another_popular_last():
    candidates = {"exploit": [LOUD], "explore": [QUIET], "popular": [BARE, CALM]}
    picks, found = blended(candidates, ["exploit"] * 4)
    assert picks == [(LOUD, "exploit"), (QUIET, "explore"), (BARE, "popular"), (CALM, "popular")]
    assert blended(candidates, ["explore"] * 2)[0] == [(QUIET, "explore"), (LOUD, "exploit")]
    assert (found.n_versions, found.n_capped) == (0, 0)


def test_a_collaboration_counts_for_each_of_its_artists():
    order = [DUET, QUIET, CALM, LOUD]
    picks, found = blended({"exploit": order}, ["exploit"] * 4)
    assert [position for position, _ in picks] == [DUET, QUIET, LOUD]
    assert found.n_capped == 1
    assert len(blended({"exploit": order}, ["exploit"] * 4, cap=1)[0]) == 2


def test_a_guest_at_the_cap_keeps_a_track_out_wherever_the_guest_stands():
    picks, found = blended({"exploit": [QUIET, CALM, DUET, BARE]}, ["exploit"] * 4)
    assert [position for position, _ in picks] == [QUIET, CALM, BARE]
    assert found.n_capped == 1
    picks, found = blended({"exploit": [LOUD, LOUDER, DUET, QUIET, CALM]}, ["exploit"] * 5)
    assert [position for position, _ in picks] == [LOUD, LOUDER, DUET, QUIET]


def test_what_is_turned_away_counts_once_however_often_it_is_offered():
    tracks = catalog(("Quiet", "Quiet - Live", "Loud", "Louder", "Duet", "Bare"))
    offered = {
        "exploit": [QUIET, CALM, LOUD, LOUDER],
        "explore": [CALM, LOUDER],
        "popular": [CALM, BARE],
    }
    picks, found = blended(offered, ["exploit"] * 4, cap=1, tracks=tracks)
    assert picks == [(QUIET, "exploit"), (LOUD, "exploit"), (BARE, "popular")]
    assert (found.n_versions, found.n_capped) == (1, 1)


def test_a_track_or_another_version_of_its_song_comes_once():
    tracks = catalog(("Quiet", "Quiet - Live", "Loud", "Louder", "Duet", "Bare"))
    candidates = {"exploit": [QUIET, CALM, DUET], "explore": [QUIET, CALM, LOUD]}
    picks, found = blended(candidates, ["exploit"] * 3, tracks=tracks)
    assert [position for position, _ in picks] == [QUIET, DUET, LOUD]
    assert found.n_versions == 1


def test_too_few_candidates_make_a_short_list():
    assert blended({"popular": [LOUD]}, ["explore"] * 3)[0] == [(LOUD, "popular")]


@given(st.integers(0, 60), st.floats(0, 1), st.floats(0, 1), st.integers(0, 99))
def test_shares_are_kept_to_one_slot_in_their_order_after_what_is_ranked(n, new, explore, seed):
    slots = draw_slots(n, {"new_artists": new, "explore": explore}, np.random.default_rng(seed))
    assert len(slots) == n
    assert slots == sorted(slots, key=["exploit", "new_artists", "explore"].index)
    assert abs(slots.count("new_artists") - n * new) < 1 + 1e-9
    assert slots.count("explore") < n * explore + 1 + 1e-9
    assert new + explore > 1 or slots.count("explore") > n * explore - 1 - 1e-9 or "exploit" not in slots


def test_draws_differ_by_seed_night_and_listener_and_by_nothing_else():
    def draw(seed=1, night=NIGHT, user="u"):
        return generator(seed, night, user).random()

    assert draw() == draw()
    assert len({draw(), draw(seed=2), draw(night=date(2026, 6, 27)), draw(user="v")}) == 4


def test_a_listener_draws_the_same_in_every_release():
    assert generator(20260601, NIGHT, "é").integers(1000, size=4).tolist() == [413, 348, 421, 962]


def test_the_share_is_right_on_average():
    n = [draw_slots(10, {"explore": 0.25}, generator(1, NIGHT, str(user))).count("explore")
         for user in range(400)]  # fmt: skip
    assert set(n) == {2, 3}
    assert 2.4 < np.mean(n) < 2.6


def test_best_is_by_score_then_position_and_leaves_out_nan():
    scores = np.array([0.5, np.nan, 0.9, 0.5, 0.1, 0.5])
    assert best(scores, 3).tolist() == [2, 0, 3]
    assert best(scores, 99).tolist() == [2, 0, 3, 5, 4]
    assert best(np.full(3, np.nan), 2).tolist() == []


def test_shuffling_goes_by_the_odds():
    scores, positions = np.array([0.5, 0.9, 0.5]), np.array([0, 1, 2])
    orders = [shuffled(positions, scores, generator(1, NIGHT, str(n))).tolist() for n in range(2000)]
    first = np.bincount([order[0] for order in orders]) / len(orders)
    assert all(sorted(order) == [0, 1, 2] for order in orders)
    assert np.allclose(first, [1 / 11, 9 / 11, 1 / 11], atol=0.03)


class Drawn:
    """Draws what it is told to."""

    def __init__(self, *values):
        self.values = values

    def exponential(self, size):
        assert size == (len(self.values),)
        return np.array(self.values)


@pytest.mark.parametrize(
    ("scores", "drawn", "order"),
    [
        # By draw * (1 - p) / p: 1 * 1, 3.9 / 4.
        ((0.5, 0.8), (1.0, 3.9), [1, 0]),
        # p is between .001 and .999: 999 * 1, 665.7 * 1.5 = 998.5.
        ((0.0, 0.0015), (1.0, 1.5), [1, 0]),
        # 1.4 / 999 = .0014, .0015, .5 / 999.
        ((1.0, 0.9985, 1.0), (1.4, 1.0, 0.5), [2, 0, 1]),
        ((0.5, 0.5, 0.5), (1.0, 1.0, 0.9), [2, 0, 1]),
    ],
)
def test_the_order_is_by_what_was_drawn_over_the_odds(scores, drawn, order):
    positions = np.arange(len(scores))
    assert shuffled(positions, np.array(scores), Drawn(*drawn)).tolist() == order


def test_nothing_and_certainty_can_be_shuffled():
    assert shuffled(np.array([], np.int64), np.array([]), generator(1, NIGHT, "u")).tolist() == []
    sure = shuffled(np.array([0, 1]), np.array([0.0, 1.0]), generator(1, NIGHT, "u"))
    assert sorted(sure.tolist()) == [0, 1]
