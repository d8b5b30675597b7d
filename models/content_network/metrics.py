"""How good predictions are, with bootstrap intervals over listeners."""

from dataclasses import dataclass

import numpy as np

from models.arrays import Floats, Ints
from models.registry import Interval

N_RESAMPLES = 500
CUTOFF = 10


def log_losses(probability: Floats, liked: Floats) -> Floats:
    """Compute the binary cross-entropy of each play, in nats."""
    p = np.clip(probability.astype(np.float64), 1e-7, 1 - 1e-7)
    losses: Floats = -np.where(liked > 0.5, np.log(p), np.log1p(-p))
    return losses


def ndcg(probability: Floats, liked: Floats, listener: Ints, cutoff: int = CUTOFF) -> Floats:
    """Compute NDCG@cutoff of each listener who liked some plays and not others, else NaN.

    A listener's plays are ranked by probability, ties by their order; a liked one gains 1, discounted by
    log2(rank + 1) (Järvelin and Kekäläinen 2002). Row i is listener i.
    """
    gain = _discounted(np.lexsort((-probability, listener)), liked, listener, cutoff)
    ideal = _discounted(np.lexsort((-liked, listener)), liked, listener, cutoff)
    n = np.bincount(listener)
    n_liked = np.bincount(listener, liked)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where((n_liked > 0) & (n_liked < n), gain / ideal, np.nan)


def auc(probability: Floats, liked: Floats, weight: Floats | None = None) -> float:
    """Return the chance that a liked play ranks above another; ties count half. NaN without both."""
    weight = np.ones(len(liked)) if weight is None else weight
    _, tie = np.unique(probability, return_inverse=True)
    yes, no = np.bincount(tie, weight * liked), np.bincount(tie, weight * (1 - liked))
    below = np.cumsum(no) - no / 2
    total = yes.sum() * no.sum()
    return float((yes * below).sum() / total) if total else float("nan")


@dataclass(frozen=True)
class Resamples:
    """Listeners drawn with replacement: float64[N_RESAMPLES, n] times each was drawn.

    Two models measured with the same resamples are compared pair by pair.
    """

    counts: Floats

    @classmethod
    def of(cls, n_listeners: int, seed: int) -> "Resamples":
        """Draw the resamples of so many listeners."""
        rng = np.random.default_rng(seed)
        share = np.full(n_listeners, 1 / n_listeners)
        return cls(rng.multinomial(n_listeners, share, size=N_RESAMPLES).astype(np.float64))

    def mean(self, totals: Floats, sizes: Floats) -> Interval:
        """Return sum(totals) / sum(sizes), both by listener, with its 95 % percentile interval."""
        value = totals.sum() / sizes.sum()
        size = self.counts @ sizes
        drawn = (self.counts @ totals)[size > 0] / size[size > 0]
        return interval(float(value), drawn)


def interval(value: float, drawn: Floats) -> Interval:
    """Return a value with the 2.5 and 97.5 percentiles of its resamples, NaN ones left out."""
    known = drawn[np.isfinite(drawn)]
    low, high = np.percentile(known, [2.5, 97.5]) if len(known) else (value, value)
    return Interval(value=value, low=float(low), high=float(high))


def _discounted(order: Ints, liked: Floats, listener: Ints, cutoff: int) -> Floats:
    by = listener[order]
    rank = np.arange(len(by)) - np.searchsorted(by, by)
    gain = np.where(rank < cutoff, liked[order] / np.log2(rank + 2.0), 0.0)
    return np.bincount(by, gain).astype(np.float64)
