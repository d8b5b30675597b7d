"""What every peer is, and how lists come of its scores."""

from collections.abc import Iterator
from typing import Protocol

import numpy as np
from scipy.sparse import csr_matrix

from models.arrays import Floats32
from models.ranking.lists import Credits, Lists, best_lists

BLOCK_LISTENERS = 256


class Peer(Protocol):
    """A recommender: fitted once, it scores the listeners it was fitted on.

    Fitting twice forgets the first time. The weights are float32, listeners x tracks, 0 for no play.
    """

    def fit(self, weights: csr_matrix) -> None:
        """Learn from how much each track weighs for each listener."""

    def scores(self, first: int, last: int) -> Floats32:
        """Scores of all tracks for listeners ``first`` to ``last`` - 1, a new [n, n_tracks]; minus
        infinity where nothing speaks for a track."""


def blocks(n_listeners: int, size: int = BLOCK_LISTENERS) -> Iterator[tuple[int, int]]:
    """First and last (exclusive) of blocks of listeners, in order."""
    for first in range(0, n_listeners, size):
        yield first, min(first + size, n_listeners)


def lists_of(scores: Floats32, left_out: csr_matrix, credits: Credits, n: int, artist_cap: int) -> Lists:
    """The best ``n`` tracks of each row of scores but the stored columns of ``left_out``, ties by track
    number, at most ``artist_cap`` an artist; ``scores`` are left as they were."""
    scores = scores.copy()
    row = np.repeat(np.arange(left_out.shape[0]), np.diff(left_out.indptr))
    scores[row, left_out.indices] = -np.inf
    return best_lists(scores, credits, n, artist_cap)


def only_positive(scores: Floats32) -> Floats32:
    """The scores, with minus infinity for 0 and less, in place."""
    scores[scores <= 0] = -np.inf
    return scores
