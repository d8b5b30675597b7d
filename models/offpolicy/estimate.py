"""What an estimator answers: a number with its interval, or that the logs cannot tell."""

from dataclasses import dataclass

import numpy as np

from models.arrays import Floats, Ints

# With fewer effective lists, or less of the judged rule seen, the interval is not to be trusted.
MIN_EFFECTIVE, MIN_OVERLAP = 1_000.0, 0.8
Z_95 = 1.959964


@dataclass(frozen=True)
class Estimate:
    """A value a list, with the bounds of its 95 % interval; all None where the logs ``cannot_tell``.

    ``effective`` is Kish's sample size of the weights, (sum w)^2 / sum w^2, and ``overlap`` their mean,
    at most 1: the share of the judged rule's choices that the logging rule could have made. Both are
    those of the position where they are least.
    """

    value: float | None
    low: float | None
    high: float | None
    standard_error: float | None
    n_lists: int
    effective: float
    overlap: float

    @property
    def cannot_tell(self) -> str:
        """Why there is no number; empty if there is one."""
        reasons = []
        if self.effective < MIN_EFFECTIVE:
            reasons.append(f"{self.effective:,.0f} effective lists, of {MIN_EFFECTIVE:,.0f} wanted")
        if self.overlap < MIN_OVERLAP:
            reasons.append(f"overlap {self.overlap:.2f}, of {MIN_OVERLAP} wanted")
        return f"cannot tell: {'; '.join(reasons)}" if reasons else ""


@dataclass(frozen=True)
class Support:
    """How much of the judged rule the logs have seen."""

    effective: float
    overlap: float

    @classmethod
    def of_weights(cls, weights: Floats, place: Ints) -> "Support":
        """The least of any place (0, 1, ...) of weights that belong to one each."""
        n, total = np.bincount(place), np.bincount(place, weights)
        squares = np.bincount(place, weights**2)
        effective = np.divide(total**2, squares, out=np.zeros(len(n)), where=squares > 0)
        return cls(float(effective.min(initial=np.inf)), float(min(1.0, (total / n).min(initial=1.0))))

    def least(self, other: "Support") -> "Support":
        """Of two, for what needs both."""
        return Support(min(self.effective, other.effective), min(self.overlap, other.overlap))


def estimate(values: Floats, listener: Ints, support: Support) -> Estimate:
    """Return the mean of the lists' ``values`` with the interval of the normal distribution.

    Lists of one listener go together (variance clustered by listener, Liang and Zeger 1986).
    """
    n = len(values)
    told = Estimate(None, None, None, None, n, support.effective if n else 0.0, support.overlap)
    if told.cannot_tell:
        return told
    mean = float(values.mean())
    of_listener = np.bincount(listener, values - mean)
    n_listeners = len(of_listener)
    error = float(np.sqrt((of_listener**2).sum() * n_listeners / max(n_listeners - 1, 1)) / n)
    low, high = mean - Z_95 * error, mean + Z_95 * error
    return Estimate(mean, low, high, error, n, told.effective, told.overlap)
