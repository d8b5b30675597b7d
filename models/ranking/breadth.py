"""How broad lists are: over the catalog, between listeners, within a list, and beside what was played.

Memory grows with listeners and with tracks, never with pairs of either.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from models.arrays import Floats, Ints
from models.ranking.lists import PADDING, Lists, lengths

# Steck 2018: a list that lacks a group altogether is far from the history, not infinitely far.
SMOOTHING = 0.01


@dataclass
class Reach:
    """What all lists hold together, block of listeners by block.

    ``n_lists`` counts each track's lists, and ``weight`` adds up 1 / sqrt(length) of each.
    """

    n_lists: Ints
    weight: Floats
    n_listeners: int = 0

    @classmethod
    def of(cls, n_tracks: int) -> "Reach":
        """Of no lists yet."""
        return cls(np.zeros(n_tracks, np.int64), np.zeros(n_tracks))

    def add(self, lists: Lists) -> None:
        """Count a block of lists, each track at most once a list; an empty list is none."""
        size = lengths(lists)
        there = lists != PADDING
        tracks = lists[there]
        weight = np.repeat(1 / np.sqrt(np.maximum(size, 1)), size)
        self.n_lists += np.bincount(tracks, minlength=len(self.n_lists))
        self.weight += np.bincount(tracks, weight, len(self.weight))
        self.n_listeners += int((size > 0).sum())

    @property
    def coverage(self) -> float:
        """Share of the tracks that are in at least one list."""
        return float((self.n_lists > 0).mean()) if len(self.n_lists) else float("nan")

    @property
    def personalization(self) -> float:
        """Return 1 - the mean cosine of two listeners' lists, over all pairs; NaN for fewer than two.

        Lists of one length overlap by their cosine. Each list is a vector of length 1, so the sum over
        pairs is (|sum of the vectors|^2 - n) / 2.
        """
        n = self.n_listeners
        if n < 2:
            return float("nan")
        return float(1 - (self.weight @ self.weight - n) / (n * (n - 1)))


def novelty(lists: Lists, n_listeners_of: Ints, n_listeners: int) -> Floats:
    """Return the mean self-information of each list's tracks, in bits; NaN for an empty list.

    -log2(listeners who played the track / all of them), a track nobody played as if one had
    (Zhou et al. 2010; RecTools' MeanInvUserFreq).
    """
    bits = np.log2(n_listeners) - np.log2(np.maximum(n_listeners_of, 1))
    return _mean(np.where(lists != PADDING, bits[lists], 0.0).sum(axis=1), lengths(lists))


def artist_diversity(lists: Lists, first_artist: Ints) -> Floats:
    """Return the share of a list's pairs of tracks that are by different first artists (the diversity
    within a list of Ziegler et al. 2005); NaN for a list with no pair."""
    n = lengths(lists)
    artist = np.where(lists != PADDING, first_artist[lists], -1 - np.arange(lists.shape[1]))
    ordered = np.sort(artist, axis=1)
    # A run of one artist adds 1, 2, 3, ... pairs from its second track on.
    run, same = np.zeros(len(lists), np.int64), np.zeros(len(lists), np.int64)
    for rank in range(1, lists.shape[1]):
        run = np.where(ordered[:, rank] == ordered[:, rank - 1], run + 1, 0)
        same += run
    pairs = n * (n - 1) // 2
    return _mean((pairs - same).astype(float), pairs)


def calibration_error(lists: Lists, group_of: Ints, history: csr_matrix, n_groups: int) -> Floats:
    """Return how far each list's shares over groups of tracks are from those of the history, in nats.

    Steck 2018: KL(p, q~) = sum p log(p / q~) with q~ = .99 q + .01 p; 0 is calibrated. ``history`` is
    listeners x tracks, its values what a track weighs; ``group_of`` a track is -1 where none is known,
    and such tracks do not count. NaN without history or list.
    """
    played = history @ _memberships(group_of, n_groups)
    p = _shares(np.asarray(played.todense(), float))
    groups = np.where(lists != PADDING, group_of[lists], -1)
    rows, ranks = np.nonzero(groups >= 0)
    counts = np.bincount(rows * n_groups + groups[rows, ranks], minlength=len(lists) * n_groups)
    q = _shares(counts.reshape(len(lists), n_groups).astype(float))
    smooth = (1 - SMOOTHING) * q + SMOOTHING * p
    terms = np.zeros_like(p)
    np.divide(p, smooth, out=terms, where=p > 0)
    np.log(terms, out=terms, where=p > 0)
    error: Floats = (p * terms).sum(axis=1)
    return error


def _memberships(group_of: Ints, n_groups: int) -> csr_matrix:
    known = np.flatnonzero(group_of >= 0)
    ones = np.ones(len(known), np.float32)
    return csr_matrix((ones, (known, group_of[known])), shape=(len(group_of), n_groups))


def _shares(values: Floats) -> Floats:
    total = values.sum(axis=1, keepdims=True)
    shares: Floats = np.full_like(values, np.nan)
    np.divide(values, total, out=shares, where=total > 0)
    return shares


def _mean(total: NDArray[np.floating], n: Ints) -> Floats:
    mean: Floats = np.full(len(total), np.nan)
    np.divide(total, n, out=mean, where=n > 0)
    return mean
