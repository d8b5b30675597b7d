"""Regions of sound: what a listener welcomed or refused of what they explored, and what sounds like it.

A region is no cluster with borders but whatever is near: an explored track counts for another one by a
Gaussian kernel over their features (Nadaraya 1964, Watson 1964). What sounds like a refused track rests,
what sounds like a welcomed one grows; what is far from all of them stays as likely as it was.
"""

import numpy as np

from models.arrays import Floats, Mask

# In standard deviations of a feature: tracks that differ by one in each count .14 for one another, by
# two next to nothing.
WIDTH = 0.5
# As many explored tracks as this are thought of every region before any was heard there.
STRENGTH = 2.0
# Of how many explored tracks how many are thought to be liked, before any was heard at all.
LIKED, TRIED = 1.0, 4.0


def welcome(points: Floats, explored: Floats, liked: Mask, weights: Floats) -> Floats:
    """Return how many times as welcome as what they explore on average each track is: float64[n].

    ``points`` float64[n, d] are tracks by their features, in standard deviations; ``explored``
    float64[m, d] those that were tried, ``liked`` and ``weights``, 0 to 1, of each. A row of NaN is
    welcome as on average. The posterior mean of a Beta distribution with kernel-weighted counts, over
    the listener's own mean.
    """
    average = (LIKED + weights @ liked) / (TRIED + weights.sum())
    squares = (points**2).sum(axis=1)[:, None] + (explored**2).sum(axis=1) - 2 * points @ explored.T
    distance = np.maximum(squares, 0) / points.shape[1]
    near = np.nan_to_num(np.exp(distance / (-2 * WIDTH**2))) * weights
    region = (STRENGTH * average + near @ liked) / (STRENGTH + near.sum(axis=1))
    return np.asarray(region / average)


def with_odds_times(chances: Floats, factor: Floats) -> Floats:
    """Return probabilities whose odds are so many times those of ``chances``; NaN stays."""
    return chances * factor / (1 - chances + chances * factor)
