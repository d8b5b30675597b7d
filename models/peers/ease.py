"""EASE: an item-item linear model in closed form (Steck 2019)."""

import numpy as np
from scipy.linalg import cho_factor, cho_solve
from scipy.sparse import csr_matrix, eye_array

from models.arrays import Floats, Floats32
from models.errors import ModelError
from models.peers.peer import blocks, listeners_a_block

# A matrix of so many rows and columns takes 1.8 GB in double precision.
MOST = 15_000


class Ease:
    """Scores x_u B with B = argmin |X - X B|^2 + ``regularization`` |B|^2, diag(B) = 0, exactly.

    B = I - P / diag(P) with P = (X'X + r I)^-1. Where there are fewer listeners than tracks the same
    scores come of the smaller matrix K = X X' + r I: X P = K^-1 X, and P_jj = (1 - x_j' K^-1 x_j) / r
    (Woodbury). ModelError if both are more than ``MOST``.
    """

    def __init__(self, regularization: float) -> None:
        self.regularization = regularization

    def fit(self, weights: csr_matrix) -> None:
        """Solve for the smaller side."""
        if min(weights.shape) > MOST:
            raise ModelError(
                f"EASE is exact up to {MOST:,} listeners or tracks, and this night has "
                f"{weights.shape[0]:,} and {weights.shape[1]:,}: leave it out"
            )
        self._weights = csr_matrix(weights, dtype=np.float64)
        self._by_listener = weights.shape[0] <= weights.shape[1]
        gram = self._weights @ self._weights.T if self._by_listener else self._weights.T @ self._weights
        inverse = _inverse(gram + self.regularization * eye_array(gram.shape[0]))
        diagonal = self._diagonal(inverse) if self._by_listener else np.diag(inverse).copy()
        self._inverse, self._diagonal_of_p = inverse, diagonal

    def scores(self, first: int, last: int) -> Floats32:
        """Of every track: what is not played by anybody scores 0."""
        rows = self._weights[first:last]
        projected = (self._inverse[first:last] if self._by_listener else rows) @ (
            self._weights if self._by_listener else self._inverse
        )
        projected /= self._diagonal_of_p
        return np.asarray(rows.toarray() - projected, np.float32)

    def _diagonal(self, inverse: Floats) -> Floats:
        """Diagonal of P from K^-1."""
        form = np.zeros(self._weights.shape[1])
        for first, last in blocks(len(inverse), listeners_a_block(len(form))):
            part = inverse[first:last] @ self._weights
            form += np.asarray(self._weights[first:last].multiply(part).sum(axis=0)).ravel()
        return (1 - form) / self.regularization


def _inverse(gram: csr_matrix) -> Floats:
    factor = cho_factor(gram.toarray(), lower=True, overwrite_a=True)
    return np.asarray(cho_solve(factor, np.eye(gram.shape[0]), overwrite_b=True))
