import numpy as np
import pytest

from models.exploration.regions import welcome, with_odds_times

HERE, ALIKE, FAR = [0.0, 0.0], [1.0, 1.0], [40.0, 40.0]


def of(*tries, points=(HERE, ALIKE, FAR)):
    """Tries as (where, liked, weight)."""
    places, liked, weights = zip(*tries, strict=True)
    return welcome(
        np.array(points), np.array(places), np.array(liked), np.array(weights, float)
    ).tolist()


def test_a_refused_region_rests_and_what_is_far_stays():
    # Of four and one one is liked, .2. There: (2 * .2 + 0) / (2 + 1), over .2; a deviation off by
    # exp(-1 / .5).
    near = np.exp(-2.0)
    assert of((HERE, False, 1)) == pytest.approx([2 / 3, 2 / (2 + near), 1.0])


def test_a_welcome_region_grows():
    # Two of five, .4: (.8 + 1) / 3 over .4.
    assert of((HERE, True, 1))[0] == pytest.approx(1.5)
    assert of((HERE, True, 1))[2] == pytest.approx(1.0)


def test_what_is_older_counts_less_and_tries_add_up():
    # Weights of .5 and 1, the one refused: (1 + 1) / 5.5; there (2 * 2 / 5.5 + 1) / 3.5.
    average = 2 / 5.5
    assert of((HERE, False, 0.5), (HERE, True, 1))[0] == pytest.approx((2 * average + 1) / 3.5 / average)


def test_of_what_nobody_knows_the_sound_nothing_is_learnt():
    assert of((HERE, False, 1), points=([np.nan, np.nan], HERE))[0] == 1.0


def test_odds_are_multiplied():
    # Odds 1/3 * 3 = 1; 1 * .5; nothing of nothing.
    found = with_odds_times(np.array([0.25, 0.5, np.nan, 0.0, 1.0]), np.array([3.0, 0.5, 2.0, 9.0, 0.5]))
    assert found.tolist()[:2] == pytest.approx([0.5, 1 / 3])
    assert np.isnan(found[2]) and found[3:].tolist() == [0.0, 1.0]
