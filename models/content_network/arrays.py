"""What the network is told of listeners and tracks. NaN is "not known" everywhere."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.arrays import Floats
from models.features import FEATURES


@dataclass(frozen=True)
class ListenerArrays:
    """Listeners by row.

    ``centroids`` float64[n, n_tastes, 13]: each taste's mean raw features, NaN where a listener has
    fewer tastes, or no track of a taste has the feature. ``weights`` float64[n, n_tastes]: shares of the
    tastes, adding up to 1; NaN or 0 beyond the last one. ``n_plays``, ``n_skips`` float64[n]: all plays,
    and how many of them were skips; NaN if not known.
    """

    centroids: Floats
    weights: Floats
    n_plays: Floats
    n_skips: Floats

    def __len__(self) -> int:
        return len(self.centroids)

    def take(self, rows: NDArray[np.integer] | slice) -> "ListenerArrays":
        """Return these rows."""
        return ListenerArrays(
            self.centroids[rows], self.weights[rows], self.n_plays[rows], self.n_skips[rows]
        )

    @classmethod
    def unknown(cls, n: int, n_tastes: int) -> "ListenerArrays":
        """Return ``n`` listeners of whom nothing is known."""
        nothing = np.full((n, n_tastes, len(FEATURES)), np.nan)
        return cls(nothing, nothing[:, :, 0], nothing[:, 0, 0], nothing[:, 0, 0])

    @classmethod
    def stack(cls, parts: Sequence["ListenerArrays"]) -> "ListenerArrays":
        """Stack the parts, one below the other."""
        names = ("centroids", "weights", "n_plays", "n_skips")
        return cls(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))


@dataclass(frozen=True)
class TrackStats:
    """How tracks did with all listeners before: float64[n] plays, and how many of them were skips."""

    n_plays: Floats
    n_skips: Floats

    @classmethod
    def unknown(cls, n: int) -> "TrackStats":
        """Return the stats of ``n`` tracks of which nothing is known."""
        return cls(np.full(n, np.nan), np.full(n, np.nan))

    def take(self, rows: NDArray[np.integer] | slice) -> "TrackStats":
        """Return these rows."""
        return TrackStats(self.n_plays[rows], self.n_skips[rows])

    @classmethod
    def stack(cls, parts: Sequence["TrackStats"]) -> "TrackStats":
        """Stack the parts, one below the other."""
        names = ("n_plays", "n_skips")
        return cls(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))
