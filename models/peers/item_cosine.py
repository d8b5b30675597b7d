"""Tracks near to those a listener plays (Sarwar et al. 2001)."""

import numpy as np
from scipy.sparse import csr_matrix, diags_array, vstack

from models.arrays import Floats32, Ints
from models.peers.peer import blocks, only_positive

BLOCK_TRACKS = 512


class ItemCosine:
    """Scores track j by the sum over a listener's tracks i of weight(i) * cosine(i, j), where only the
    ``k`` nearest of i, itself among them, have a cosine; ties by track number.

    The pairs of tracks of each listener are added up, so fitting takes the sum of squared histories,
    and the memory of a block of tracks.
    """

    def __init__(self, k: int = 100) -> None:
        self.k = k

    def fit(self, weights: csr_matrix) -> None:
        """Find each track's nearest."""
        self._weights = weights
        norm = np.sqrt(np.asarray(weights.multiply(weights).sum(axis=0), np.float64)).ravel()
        unit = csr_matrix(weights @ diags_array(1 / np.where(norm > 0, norm, 1.0)))
        by_track = csr_matrix(unit.T)
        parts = [
            nearest(csr_matrix(by_track[first:last] @ unit), self.k)
            for first, last in blocks(weights.shape[1], BLOCK_TRACKS)
        ]
        self._cosine = csr_matrix(vstack(parts, format="csr").astype(np.float32))

    def scores(self, first: int, last: int) -> Floats32:
        """Minus infinity for tracks that none of theirs is near to."""
        found = self._weights[first:last] @ self._cosine
        return only_positive(np.asarray(found.toarray(), np.float32))

    def strongest(self, listener: Ints, track: Ints) -> Ints:
        """Return for each pair, sorted by listener, the listener's track that adds most to the score, of
        equals the first; -1 where none adds anything."""
        found = np.full(len(track), -1)
        listeners, starts = np.unique(listener, return_index=True)
        for one, rows in zip(listeners, np.split(np.arange(len(track)), starts[1:]), strict=True):
            played = self._weights[[one]]
            added = self._cosine[played.indices][:, track[rows]].multiply(played.data[:, None]).toarray()
            if len(added):
                most = added.argmax(axis=0)
                adds = added[most, np.arange(len(rows))] > 0
                found[rows[adds]] = played.indices[most[adds]]
        return found


def nearest(similarity: csr_matrix, k: int) -> csr_matrix:
    """Return the ``k`` greatest entries of each row, ties by column."""
    row = np.repeat(np.arange(similarity.shape[0]), np.diff(similarity.indptr))
    order = np.lexsort((similarity.indices, -similarity.data, row))
    place = np.arange(len(order)) - similarity.indptr[row[order]]
    best = order[place < k]
    entries = (similarity.data[best], (row[best], similarity.indices[best]))
    return csr_matrix(entries, shape=similarity.shape)
