"""How sure means over listeners are: a bootstrap that draws listeners, block by block."""

from dataclasses import dataclass

import numpy as np

from models.arrays import Floats, Ints

N_RESAMPLES = 500
BOUNDS = (2.5, 97.5)


@dataclass(frozen=True)
class Intervals:
    """Means of columns, float64[n_columns], with the bounds of their 95 % intervals, and of how many
    listeners each is. NaN where no listener has the figure."""

    value: Floats
    low: Floats
    high: Floats
    n: Ints


class Bootstrap:
    """Means over listeners of several columns, with percentile intervals (Efron and Tibshirani 1993).

    All columns are of the same draws, so the difference of two rows of figures, given as a column, is
    paired. The draws are multinomial over all listeners, and made block by block: memory is that of a
    block, ``N_RESAMPLES`` numbers a listener.
    """

    def __init__(self, n_listeners: int, n_columns: int, seed: int) -> None:
        self._rng = np.random.default_rng(seed)
        self._left = n_listeners
        self._draws_left = np.full(N_RESAMPLES, n_listeners)
        # The first row is the sample itself.
        self._totals = np.zeros((1 + N_RESAMPLES, n_columns))
        self._sizes = np.zeros((1 + N_RESAMPLES, n_columns))

    def add(self, values: Floats) -> None:
        """Add the next listeners' figures, float64[n, n_columns]; NaN is no figure."""
        times = np.vstack([np.ones(len(values)), self._draw(len(values))])
        there = ~np.isnan(values)
        self._totals += times @ np.where(there, values, 0.0)
        self._sizes += times @ there.astype(float)

    def _draw(self, n: int) -> Floats:
        """How often each of the next ``n`` listeners is drawn: [N_RESAMPLES, n]."""
        if n > self._left:
            raise ValueError(f"{n} listeners more, where only {self._left} were still to come")
        if n == 0:
            return np.zeros((N_RESAMPLES, 0))
        in_block = self._rng.binomial(self._draws_left, n / self._left)
        self._left -= n
        self._draws_left -= in_block
        return self._rng.multinomial(in_block, np.full(n, 1 / n)).astype(float)

    def intervals(self) -> Intervals:
        """Of what was added; draws that hit no listener with the figure are left out."""
        n_columns = self._totals.shape[1]
        means = np.full_like(self._totals, np.nan)
        np.divide(self._totals, self._sizes, out=means, where=self._sizes > 0)
        bounds = np.full((2, n_columns), np.nan)
        there = self._sizes[0] > 0
        if there.any():
            bounds[:, there] = np.nanpercentile(means[1:, there], BOUNDS, axis=0)
        return Intervals(means[0], bounds[0], bounds[1], self._sizes[0].astype(np.int64))
