"""How well probabilities tell liked songs from others."""

from collections.abc import Callable, Sequence
from dataclasses import astuple, dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import log_loss, roc_auc_score

from models.arrays import Floats
from models.paper.folds import Songs

Classifier = Callable[[Songs, Floats], Floats]
"""Fitted on the songs alone, the P(like) of those with the features: float64[n, 13] to float64[n]."""

SMALLEST = 1e-6


@dataclass(frozen=True)
class Figures:
    """Of one fold: accuracy at 0.5, area under the ROC curve, log loss."""

    accuracy: float
    auc: float
    log_loss: float


@dataclass(frozen=True)
class Spread:
    """Mean and sample standard deviation over folds."""

    mean: float
    deviation: float

    def __str__(self) -> str:
        return f"{self.mean:.3f} ± {self.deviation:.3f}"


def measure(liked: NDArray[np.integer], probabilities: Floats) -> Figures:
    """Measure one fold; the log loss is of probabilities clipped to 1e-6 from 0 and 1."""
    return Figures(
        accuracy=float(np.mean((probabilities > 0.5) == liked)),
        auc=float(roc_auc_score(liked, probabilities)),
        log_loss=float(log_loss(liked, np.clip(probabilities, SMALLEST, 1 - SMALLEST))),
    )


def spread(figures: Sequence[Figures]) -> tuple[Spread, ...]:
    """Return mean and spread over the folds of each figure: accuracy, AUC, log loss."""
    values = np.array([astuple(one) for one in figures])
    means, deviations = values.mean(axis=0), values.std(axis=0, ddof=1)
    return tuple(Spread(float(m), float(d)) for m, d in zip(means, deviations, strict=True))
