"""From listeners and tracks to the network's inputs: the same numpy code in training and scoring.

What is not known is all zeros, with a zero in the column that says "known": exactly what the masks
of the training make of a share of the examples, so that the network has seen it. A feature that was not
detected in a track that has others is a zero, too: the mean.
"""

import json
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from models.arrays import Floats, Floats32, Ints
from models.content_network.arrays import ListenerArrays, TrackStats
from models.features import FEATURES

KEY = FEATURES.index("key")
CLIP = 3.0
PRIOR_PLAYS = 10.0
# A taste that is not there has a share of e^-100: nothing, and still finite in float32.
NO_SHARE = -100.0
N_TRACK_INPUTS = len(FEATURES) + 6
N_TASTE_INPUTS = len(FEATURES) + 1
N_PROFILE_INPUTS = len(FEATURES) + 4


@dataclass(frozen=True)
class Scaling:
    """Preprocessing as data: means and deviations of the training window, and its skip rate."""

    track_mean: tuple[float, ...]
    track_std: tuple[float, ...]
    taste_mean: tuple[float, ...]
    taste_std: tuple[float, ...]
    skip_rate: float

    @classmethod
    def from_bytes(cls, body: bytes) -> "Scaling":
        """Read it from its JSON document."""
        document: dict[str, Any] = json.loads(body)
        values: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value for name, value in document.items()
        }
        return cls(**values)

    def to_bytes(self) -> bytes:
        """Return its JSON document; floats keep every digit."""
        return json.dumps(asdict(self), indent=1).encode()


@dataclass(frozen=True)
class ListenerInputs:
    """Inputs by listener: tastes float32[n, k, 14], log shares float32[n, k], profile float32[n, 17]."""

    tastes: Floats32
    log_shares: Floats32
    profile: Floats32


def fit_scaling(features: Floats, plays: Ints, centroids: Floats, skip_rate: float) -> Scaling:
    """Fit the scaling of tracks float64[n, 13], by plays, and tastes float64[m, 13]; NaN aside."""
    track, taste = _moments(features, plays), _moments(centroids, np.ones(len(centroids), np.int64))
    return Scaling(*track, *taste, float(np.clip(skip_rate, 0.01, 0.99)))


def track_inputs(scaling: Scaling, features: Floats, stats: TrackStats) -> Floats32:
    """Compute float32[n, 19]: 13 z-scores, sine and cosine of the key, known; plays, skips, known."""
    z = _standardize(features, scaling.track_mean, scaling.track_std)
    angle = 2 * np.pi * features[:, KEY : KEY + 1] / 12
    pitched = features[:, KEY : KEY + 1] >= 0
    key = np.where(pitched, np.concatenate([np.sin(angle), np.cos(angle)], axis=1), 0.0)
    known = np.isfinite(features).any(axis=1, keepdims=True)
    return np.hstack([z, key, known, _counts(scaling, stats.n_plays, stats.n_skips)]).astype(np.float32)


def listener_inputs(scaling: Scaling, listeners: ListenerArrays) -> ListenerInputs:
    """Compute the inputs of each listener; one without tastes has one that is not known."""
    z = _standardize(listeners.centroids, scaling.taste_mean, scaling.taste_std)
    known = np.array(np.isfinite(listeners.centroids).any(axis=2))
    shares = np.where(known, np.nan_to_num(listeners.weights), 0.0)
    total = shares.sum(axis=1, keepdims=True)
    shares = np.divide(shares, total, out=np.zeros_like(shares), where=total > 0)
    profile = np.einsum("nk,nkf->nf", shares, z)
    counts = _counts(scaling, listeners.n_plays, listeners.n_skips)
    shares[total[:, 0] <= 0, 0] = 1.0
    log_shares = np.log(shares, out=np.full_like(shares, NO_SHARE), where=shares > 0)
    return ListenerInputs(
        np.concatenate([z, known[:, :, None]], axis=2).astype(np.float32),
        log_shares.astype(np.float32),
        np.hstack([profile, total > 0, counts]).astype(np.float32),
    )


def _moments(rows: Floats, weights: Ints) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Mean and deviation of each column over the rows that have it; 0 and 1 where none has."""
    weight = np.where(np.isfinite(rows), weights[:, None], 0.0)
    total = weight.sum(axis=0)
    share = np.divide(weight, total, out=np.zeros_like(weight), where=total > 0)
    mean = (share * np.nan_to_num(rows)).sum(axis=0)
    std = np.sqrt((share * np.nan_to_num(rows - mean) ** 2).sum(axis=0))
    return tuple(mean.tolist()), tuple(np.where(std > 0, std, 1.0).tolist())


def _standardize(values: Floats, mean: tuple[float, ...], std: tuple[float, ...]) -> Floats:
    z: Floats = np.clip((values - np.array(mean)) / np.array(std), -CLIP, CLIP)
    return np.nan_to_num(z)


def _counts(scaling: Scaling, n_plays: Floats, n_skips: Floats) -> Floats:
    """float64[n, 3]: log plays, log odds of a skip smoothed towards the mean rate, known."""
    known = ~(np.isnan(n_plays) | np.isnan(n_skips))
    plays, rate = np.nan_to_num(n_plays), scaling.skip_rate
    skips = np.minimum(np.nan_to_num(n_skips), plays)
    odds = (skips + PRIOR_PLAYS * rate) / (plays - skips + PRIOR_PLAYS * (1 - rate))
    surprise = np.log(odds) - np.log(rate / (1 - rate))
    counts: Floats = np.stack([np.log1p(plays) / 5, surprise, np.ones_like(plays)], axis=1)
    return counts * known[:, None]
