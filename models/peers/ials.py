"""Implicit alternating least squares (Hu, Koren and Volinsky 2008), by the library ``implicit``."""

import numpy as np
from scipy.sparse import csr_matrix
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from models.arrays import Floats32


class Ials:
    """Scores by the product of factors; confidence 1 + ``alpha`` * weight (``implicit``'s)."""

    def __init__(
        self, factors: int = 64, alpha: float = 5.0, regularization: float = 0.01, seed: int = 0
    ) -> None:
        self.factors, self.alpha, self.regularization, self.seed = factors, alpha, regularization, seed

    def fit(self, weights: csr_matrix) -> None:
        """Alternate 15 times, on one thread."""
        from implicit.als import AlternatingLeastSquares  # type: ignore[import-untyped]

        # BLAS's own threads would stand in the way, and sums by several threads differ.
        with threadpool_limits(1, "blas"):
            model = AlternatingLeastSquares(
                factors=self.factors,
                alpha=self.alpha,
                regularization=self.regularization,
                random_state=self.seed,
                num_threads=1,
            )
            model.fit(weights, show_progress=False)
        self._of_listener, self._of_track = model.user_factors, model.item_factors

    def scores(self, first: int, last: int) -> Floats32:
        """Of every track."""
        return np.asarray(self._of_listener[first:last] @ self._of_track.T, np.float32)
