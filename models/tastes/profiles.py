"""The few kinds of music that one listener likes, each by its mean features."""

from dataclasses import dataclass

import numpy as np

from models.arrays import Floats, Ints
from models.features import FEATURES
from models.tastes.clusters import cluster

# What sets kinds of music apart, and the typical spread of each in its own unit (standard deviations
# over 40,560 charting and non-charting tracks of six decades, rounded). Key, mode and time signature
# say little about taste; fixed spreads keep the tastes of different nights comparable.
SPREADS = {
    "danceability": 0.18,
    "energy": 0.25,
    "loudness": 5.3,
    "speechiness": 0.09,
    "acousticness": 0.34,
    "instrumentalness": 0.30,
    "liveness": 0.17,
    "valence": 0.27,
    "tempo": 29.0,
    "duration_ms": 120_000.0,
}
_COLUMNS = [FEATURES.index(name) for name in SPREADS]
_SCALE = np.array(list(SPREADS.values()))


@dataclass(frozen=True)
class Tastes:
    """Tastes of several listeners: each by its listener's row number, heaviest first."""

    listener: Ints
    taste_no: Ints
    weight: Floats
    n_tracks: Ints
    centroid: Floats


def tastes(
    vectors: Floats,
    ratings: Floats,
    counts: Ints,
    n_clusters: Ints,
) -> Tastes:
    """Cluster each listener's rows (``counts`` rows each) and describe the clusters.

    NaN is a feature that is not known of a track: it moves no centroid, and is NaN in the centroid of a
    cluster of which no track has it.
    """
    owner = np.repeat(np.arange(len(counts)), counts)
    n_slots = int(n_clusters.max())
    points = _filled(vectors[:, _COLUMNS] / _SCALE, ratings, owner)
    labels = cluster(points, ratings, counts, n_clusters)
    slot = owner * n_slots + labels
    size = len(counts) * n_slots
    total = np.bincount(slot, ratings, size)
    means = np.stack([_means(column, ratings, slot, size) for column in vectors.T], axis=1)
    used = np.flatnonzero(np.bincount(slot, minlength=size))
    used = used[np.lexsort((used, -total[used], used // n_slots))]
    listener = used // n_slots
    first = np.searchsorted(listener, listener)
    return Tastes(
        listener=listener,
        taste_no=np.arange(len(used)) - first,
        weight=total[used] / np.bincount(owner, ratings)[listener],
        n_tracks=np.bincount(slot, minlength=size)[used],
        centroid=means[used],
    )


def _means(values: Floats, weights: Floats, group: Ints, n_groups: int) -> Floats:
    """Weighted mean of each group's values, NaN aside; NaN for a group without any."""
    weights = np.where(np.isnan(values), 0.0, weights)
    total = np.bincount(group, weights, n_groups)
    means: Floats = np.full(n_groups, np.nan)
    sums = np.bincount(group, weights * np.nan_to_num(values), n_groups)
    np.divide(sums, total, out=means, where=total > 0)
    return means


def _filled(points: Floats, weights: Floats, owner: Ints) -> Floats:
    """The points with the listener's mean for NaN, or 0 where the listener has no number of it."""
    filled = points.copy()
    for column in np.flatnonzero(np.isnan(points).any(axis=0)):
        mean = np.nan_to_num(_means(points[:, column], weights, owner, int(owner[-1]) + 1))
        gaps = np.isnan(points[:, column])
        filled[gaps, column] = mean[owner[gaps]]
    return filled
