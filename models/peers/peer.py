"""What every peer is, and how lists come of its scores."""

from collections.abc import Iterator
from typing import Protocol

import numpy as np
from scipy.sparse import csr_matrix

from models.arrays import Floats32, Mask
from models.ranking.lists import Credits, Lists, best_lists

# Of listeners x tracks in a block: 64 MB of scores, whatever the catalog.
BLOCK_CELLS = 2**24


class Peer(Protocol):
    """A recommender: fitted once, it scores the listeners it was fitted on.

    Fitting twice forgets the first time. The weights are float32, listeners x tracks, 0 for no play.
    """

    def fit(self, weights: csr_matrix) -> None:
        """Learn from how much each track weighs for each listener."""

    def scores(self, first: int, last: int) -> Floats32:
        """Scores of all tracks for listeners ``first`` to ``last`` - 1, a new [n, n_tracks]; minus
        infinity where nothing speaks for a track."""


def blocks(n: int, size: int) -> Iterator[tuple[int, int]]:
    """Return first and last (exclusive) of the blocks of so many, in order."""
    for first in range(0, n, size):
        yield first, min(first + size, n)


def listeners_a_block(n_tracks: int) -> int:
    """Return how many listeners are scored at once."""
    return max(1, min(512, BLOCK_CELLS // max(n_tracks, 1)))


def lists_of(scores: Floats32, candidates: Mask, credits: Credits, n: int, artist_cap: int) -> Lists:
    """Return the best ``n`` candidates of each row of scores, ties by track number, at most
    ``artist_cap`` an artist. ``candidates`` is bool like the scores, which are left as they were."""
    return best_lists(np.where(candidates, scores, np.float32(-np.inf)), credits, n, artist_cap)


def only_positive(scores: Floats32) -> Floats32:
    """Return the scores, with minus infinity for 0 and less, in place."""
    scores[scores <= 0] = -np.inf
    return scores
