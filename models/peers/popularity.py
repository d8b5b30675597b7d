"""The same tracks for everybody: those that the most plays speak for."""

import numpy as np
from scipy.sparse import csr_matrix

from models.arrays import Floats32
from models.peers.peer import only_positive


class Popularity:
    """Scores a track by the sum of its weights: of ones its listeners, of decayed plays what is played
    of late (DecayPop)."""

    def fit(self, weights: csr_matrix) -> None:
        """Add up the columns."""
        # In double precision: sums of float32 depend on their order.
        totals = np.asarray(weights.sum(axis=0, dtype=np.float64)).ravel()
        self._of_track = only_positive(totals.astype(np.float32))

    def scores(self, first: int, last: int) -> Floats32:
        """Return the same row for each listener."""
        return np.tile(self._of_track, (last - first, 1))
