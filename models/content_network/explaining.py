"""Which of a track's features carried its score for a listener."""

import numpy as np

from models.arrays import Floats, Floats32
from models.content_network.arrays import ListenerArrays, TrackStats
from models.content_network.inputs import KEY, track_inputs
from models.content_network.scoring import ContentScorer, ListenerVectors
from models.features import FEATURES

N_STEPS = 16
N = len(FEATURES)
KEY_CIRCLE = slice(N, N + 2)
KNOWN = N + 2


def contributions(scorer: ContentScorer, listeners: ListenerArrays, features: Floats) -> Floats:
    """Return what each feature of track i adds to the log odds of a like by listener i: float64[n, 13].

    Integrated gradients (Sundararajan, Taly and Yan 2017): gradient times input, averaged along the
    straight line from the mean track to this one, so that a row adds up to the difference between their
    log odds, as near as ``N_STEPS`` midpoints give it. A track without features gets zeros.
    """
    track = track_inputs(scorer.scaling, features, TrackStats.unknown(len(features)))
    mean = np.zeros_like(track)
    mean[:, KNOWN] = track[:, KNOWN]
    steps = ((np.arange(N_STEPS, dtype=np.float32) + 0.5) / N_STEPS)[:, None, None]
    path = (mean + steps * (track - mean)).reshape(-1, track.shape[1])
    each = scorer.listener_vectors(listeners).take(np.tile(np.arange(len(track)), N_STEPS))
    gradient = _gradient(scorer, each, path).reshape(N_STEPS, *track.shape).mean(axis=0)
    added = scorer.slope * gradient * (track - mean)
    added[:, KEY] += added[:, KEY_CIRCLE].sum(axis=1)
    return np.asarray(added[:, :N], np.float64)


def _gradient(scorer: ContentScorer, u: ListenerVectors, track: Floats32) -> Floats32:
    """Return the gradient of row i's logit with respect to its track's inputs: float32[n, 19]."""
    hidden = scorer.dense("track_hidden", track)
    vector = scorer.dense("track_vector", np.maximum(hidden, 0))
    near = u.log_shares + np.einsum("nkd,nd->nk", u.tastes, vector)
    share = np.exp(near - near.max(axis=1, keepdims=True))
    share /= share.sum(axis=1, keepdims=True)
    to_vector = u.whole + np.einsum("nk,nkd->nd", share, u.tastes)
    weights = scorer.weights
    to_hidden = to_vector @ weights["track_vector/kernel"].T + weights["track_bias/kernel"][:, 0]
    gradient: Floats32 = (to_hidden * (hidden > 0)) @ weights["track_hidden/kernel"].T
    return gradient
