import numpy as np

from models.exploration.odds import arrivals


def test_arrivals_are_slower_by_the_odds_against():
    """Nothing is impossible and nothing sure: 0 and 1 count as 1 and 999 of 1,000."""
    got = arrivals(np.array([0.5, 0.75, 0.2, 0.0, 1.0]), np.random.default_rng(3))
    drawn = np.random.default_rng(3).exponential(size=5)
    np.testing.assert_allclose(got, drawn * [1, 1 / 3, 4, 999, 1 / 999])
