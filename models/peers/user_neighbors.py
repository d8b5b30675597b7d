"""What the listeners nearest to a listener play (Resnick et al. 1994)."""

import numpy as np
from scipy.sparse import csr_matrix

from models.arrays import Floats, Floats32
from models.peers.item_cosine import nearest
from models.peers.peer import only_positive


class UserNeighbors:
    """Scores a track by the sum over a listener's ``k`` nearest of similarity * weight.

    The similarity is the cosine of two listeners' rows, or with ``centered`` Pearson's correlation over
    all tracks, absent ones as 0. Only similar listeners (above 0) count; ties by listener number.
    The nearest are found when scores are asked for: a block of listeners against all of them, so all
    blocks together take time that grows with pairs of listeners. Not for a night of millions.
    """

    def __init__(self, k: int = 100, *, centered: bool = False) -> None:
        self.k, self.centered = k, centered

    def fit(self, weights: csr_matrix) -> None:
        """Prepare the rows."""
        n_tracks = weights.shape[1]
        total = np.asarray(weights.sum(axis=1), np.float64).ravel()
        square = np.asarray(weights.multiply(weights).sum(axis=1), np.float64).ravel()
        self._mean = total / n_tracks if self.centered else np.zeros(len(total))
        spread = np.sqrt(np.maximum(square - n_tracks * self._mean**2, 0.0))
        self._scale = np.where(spread > 0, 1 / np.where(spread > 0, spread, 1.0), 0.0)
        self._weights, self._columns = weights, csr_matrix(weights.T)

    def scores(self, first: int, last: int) -> Floats32:
        """Minus infinity for tracks that none of the nearest plays."""
        similar = nearest(csr_matrix(self._similarity(first, last)), self.k)
        return only_positive(np.asarray((similar @ self._weights).toarray(), np.float32))

    def _similarity(self, first: int, last: int) -> Floats:
        """Of the block's listeners to all, 0 for themselves and for who is not similar."""
        n_tracks = self._weights.shape[1]
        products = np.asarray((self._weights[first:last] @ self._columns).toarray(), np.float64)
        products -= n_tracks * np.outer(self._mean[first:last], self._mean)
        products *= np.outer(self._scale[first:last], self._scale)
        products[np.arange(last - first), np.arange(first, last)] = 0.0
        return np.maximum(products, 0.0)
