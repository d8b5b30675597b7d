"""Groups of listeners and of tracks that figures are told apart by."""

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from models.arrays import Floats, Ints

# A listener without plays, one just met, and so on: the first number of plays of each slice.
HISTORY = {"0": 0, "1-5": 1, "6-20": 6, "21-100": 21, "101-500": 101, "501+": 501}


def by_history(n_plays: Ints) -> Ints:
    """Number of each listener's slice among ``HISTORY``, by how much they played."""
    return np.searchsorted(np.array(list(HISTORY.values())), n_plays, side="right") - 1


def mainstreamness(plays: csr_matrix) -> Floats:
    """Return how common each listener's plays are: their mean popularity rank; NaN without plays.

    ``plays`` is listeners x tracks, its values plays.
    """
    of_track = np.asarray(plays.sum(axis=0), float).ravel()
    rank = popularity_rank(of_track)
    total = np.asarray(plays.sum(axis=1), float).ravel()
    mean: Floats = np.full(plays.shape[0], np.nan)
    np.divide(plays @ rank, total, out=mean, where=total > 0)
    return mean


def popularity_rank(n_plays: Floats) -> Floats:
    """Return, of each track or artist, the share of all plays that went to those with fewer plays, plus
    half of those with as many; 0 where nothing was played."""
    counts, tie = np.unique(n_plays, return_inverse=True)
    plays = np.bincount(tie, n_plays, len(counts))
    total = plays.sum()
    if not total:
        return np.zeros(len(n_plays))
    return np.asarray(((np.cumsum(plays) - plays / 2) / total)[tie])


def thirds(values: Floats) -> Ints:
    """Number of each value's third, 0 the lowest: up to the first, the second tertile; -1 for NaN."""
    return by_quantile(values, 3)


def by_quantile(values: NDArray[np.floating], n: int) -> Ints:
    """Number of each value's part of ``n`` of about equal size, 0 the lowest; equal values are in one
    part; -1 for NaN."""
    known = ~np.isnan(values)
    part = np.full(len(values), -1, np.int64)
    if known.any():
        edges = np.quantile(values[known], np.arange(1, n) / n)
        part[known] = np.searchsorted(edges, values[known], side="left")
    return part


def regions(features: Floats) -> Ints:
    """Number of each track's region: the halves of each of the features at its median, as binary digits.

    ``features`` is [n_tracks, n]; there are 2 ** n regions; -1 for a track without features.
    """
    halves = np.stack([by_quantile(column, 2) for column in features.T], axis=1)
    region = halves @ (1 << np.arange(features.shape[1]))
    return np.where((halves < 0).any(axis=1), -1, region)
