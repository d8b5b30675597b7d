"""Weighted k-means of many listeners at once: numpy over flat arrays, no loop over listeners.

Deterministic: seeds are the heaviest track, then again and again the track whose weighted squared
distance to the seeds so far is largest; ties go to the first row.
"""

import numpy as np

from models.arrays import Floats, Ints

MAX_ROUNDS = 20


def cluster(points: Floats, weights: Floats, counts: Ints, n_clusters: Ints) -> Ints:
    """Cluster number of each row, 0 to n_clusters of its listener - 1; some may have no row.

    Rows are grouped by listener: ``counts`` rows each, at least one. ``points`` has shape (rows, d),
    ``weights`` are above 0.
    """
    owner = np.repeat(np.arange(len(counts)), counts)
    starts = np.cumsum(counts) - counts
    centers = _seeds(points, weights, owner, starts, n_clusters)
    labels = _nearest(points, centers, owner)
    for _ in range(MAX_ROUNDS):
        centers = _means(points, weights, owner, labels, centers)
        moved = _nearest(points, centers, owner)
        if np.array_equal(moved, labels):
            break
        labels = moved
    return labels


def _seeds(points: Floats, weights: Floats, owner: Ints, starts: Ints, n_clusters: Ints) -> Floats:
    """Seeds, shape (listeners, most clusters, d); slots beyond a listener's number are infinite."""
    centers = np.full((len(starts), int(n_clusters.max()), points.shape[1]), np.inf)
    worth, distance = weights, np.full(len(points), np.inf)
    for slot in range(centers.shape[1]):
        chosen = points[_first_best(worth, owner, starts)]
        centers[:, slot] = np.where((n_clusters > slot)[:, None], chosen, np.inf)
        distance = np.minimum(distance, ((points - chosen[owner]) ** 2).sum(axis=1))
        worth = weights * distance
    return centers


def _first_best(values: Floats, owner: Ints, starts: Ints) -> Ints:
    """The first row of each listener with the listener's greatest value."""
    best = np.flatnonzero(values == np.maximum.reduceat(values, starts)[owner])
    _, first = np.unique(owner[best], return_index=True)
    return np.asarray(best[first])


def _nearest(points: Floats, centers: Floats, owner: Ints) -> Ints:
    gaps = points[:, None, :] - centers[owner]
    return np.asarray((gaps**2).sum(axis=2).argmin(axis=1))


def _means(points: Floats, weights: Floats, owner: Ints, labels: Ints, centers: Floats) -> Floats:
    """Weighted means of the clusters; a cluster without rows stays where it was."""
    n_listeners, n_slots, d = centers.shape
    slot = owner * n_slots + labels
    total = np.bincount(slot, weights, n_listeners * n_slots)
    sums = [np.bincount(slot, weights * points[:, i], n_listeners * n_slots) for i in range(d)]
    with np.errstate(invalid="ignore", divide="ignore"):
        means = (np.stack(sums, axis=1) / total[:, None]).reshape(centers.shape)
    return np.where(total.reshape(n_listeners, n_slots, 1) > 0, means, centers)
