import math

import numpy as np
import pytest

from jobs.domain.ratings import DAY_US, rating_of_listens, weights, with_feedback


def test_a_listen_weighs_half_after_a_half_life_in_whole_billionths():
    at = np.array([30, 20, 10, 29.5]) * DAY_US
    found = weights(np, at.astype(np.int64), 30 * DAY_US, 10.0)
    assert found.tolist() == [1e9, 5e8, 2.5e8, 965_936_329]
    assert round(0.5**0.05 * 1e9) == 965_936_329


def test_skips_take_away_their_share_and_nothing_goes_below_zero():
    played, skipped = np.array([2e9, 2e9, 1e9, 0]), np.array([0, 2e9, 5e9, 1e9])
    found = rating_of_listens(np, played, skipped, 0.25)
    assert found == pytest.approx([math.log1p(2), math.log1p(1.5), 0, 0])


def test_a_like_gives_at_least_its_rating_and_a_rejection_exactly_its_own():
    found = with_feedback(
        np,
        np.array([1.0, 4.0, 1.0, 4.0, 1.0, 4.0]),
        np.array([True, True, True, True, False, False]),
        np.array([True, True, False, False, False, False]),
        like_rating=3.0,
        dislike_rating=0.5,
    )
    assert found.tolist() == [3.0, 4.0, 0.5, 0.5, 1.0, 4.0]
