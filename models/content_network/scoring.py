"""Scoring without TensorFlow: the trained network as arrays.

The network is a sum of inner products of listener and track vectors, so that scoring all listeners
against all tracks is a few matrix products::

    logit(u, t) = m_u . v_t + log sum_k exp(log share_uk + s_uk . v_t) + b_u + b_t

``v`` and ``b`` come from a tower over the track, ``s`` from one over each taste, ``m`` from one over the
listener as a whole.
"""

import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.arrays import Floats, Floats32
from models.content_network.arrays import ListenerArrays, TrackStats
from models.content_network.inputs import Scaling, listener_inputs, track_inputs

SCALING, WEIGHTS, CALIBRATION = "preprocessing.json", "weights.npz", "calibration.json"
BLOCK_LISTENERS = 32
BLOCK_TRACKS = 8192
Rows = NDArray[np.integer]

__all__ = ["ContentScorer", "ListenerArrays", "TrackStats"]


@dataclass(frozen=True)
class ListenerVectors:
    """Vectors of listeners: m float32[n, d], s float32[n, k, d], log shares [n, k], bias [n]."""

    whole: Floats32
    tastes: Floats32
    log_shares: Floats32
    bias: Floats32

    def take(self, rows: Rows | slice) -> "ListenerVectors":
        """Return these rows."""
        return ListenerVectors(
            self.whole[rows], self.tastes[rows], self.log_shares[rows], self.bias[rows]
        )


@dataclass(frozen=True)
class ContentScorer:
    """A content network that can be pickled, broadcast and used where there is no TensorFlow.

    ``slope`` and ``intercept`` calibrate: P(like) = sigmoid(slope * logit + intercept).
    """

    scaling: Scaling
    weights: dict[str, Floats32]
    slope: float = 1.0
    intercept: float = 0.0

    @classmethod
    def from_files(cls, files: Mapping[str, bytes]) -> "ContentScorer":
        """Read it from the files of a version; nothing in them is executed."""
        with np.load(io.BytesIO(files[WEIGHTS]), allow_pickle=False) as arrays:
            weights = {name: arrays[name] for name in arrays.files}
        calibration = json.loads(files[CALIBRATION])
        scaling = Scaling.from_bytes(files[SCALING])
        return cls(scaling, weights, calibration["slope"], calibration["intercept"])

    def to_files(self) -> dict[str, bytes]:
        """Return the files that ``from_files`` reads; the same network gives the same bytes."""
        body = io.BytesIO()
        arrays: dict[str, Any] = {name: self.weights[name] for name in sorted(self.weights)}
        np.savez(body, allow_pickle=False, **arrays)
        calibration = {"slope": self.slope, "intercept": self.intercept}
        return {
            WEIGHTS: body.getvalue(),
            CALIBRATION: json.dumps(calibration, indent=1).encode(),
            SCALING: self.scaling.to_bytes(),
        }

    def probabilities(
        self, listeners: ListenerArrays, features: Floats, stats: TrackStats | None = None
    ) -> Floats32:
        """Predict P(like) of every track for every listener: float32[n_listeners, n_tracks].

        ``features`` float64[n_tracks, 13], a row of NaN for a track without features; ``stats``
        unknown if not given. A listener without tastes gets what suits listeners in general.
        """
        return self.calibrated(self.logits(listeners, features, stats))

    def pairs(
        self,
        listeners: ListenerArrays,
        features: Floats,
        listener_of: Rows,
        track_of: Rows,
        stats: TrackStats | None = None,
    ) -> Floats32:
        """Predict P(like) of pairs (listener_of[i], track_of[i]) of row numbers: float32[n]."""
        return self.calibrated(self.pair_logits(listeners, features, listener_of, track_of, stats))

    def pair_logits(
        self,
        listeners: ListenerArrays,
        features: Floats,
        listener_of: Rows,
        track_of: Rows,
        stats: TrackStats | None = None,
    ) -> Floats32:
        """Compute the network's own output for these pairs, not calibrated: float32[n]."""
        u, (v, bias) = self.listener_vectors(listeners), self.track_vectors(features, stats)
        logits = np.empty(len(track_of), np.float32)
        for rows in _slices(len(logits), BLOCK_TRACKS):
            pair, t = u.take(listener_of[rows]), track_of[rows]
            logits[rows] = _pair_logits(pair, v[t]) + bias[t]
        return logits

    def explain(self, listeners: ListenerArrays, features: Floats) -> Floats:
        """Return what each feature of track i adds to listener i's log odds: float64[n, 13]."""
        from models.content_network.explaining import contributions

        return contributions(self, listeners, features)

    def logits(
        self, listeners: ListenerArrays, features: Floats, stats: TrackStats | None = None
    ) -> Floats32:
        """Compute the network's own output for every listener and track, not calibrated."""
        u, (v, bias) = self.listener_vectors(listeners), self.track_vectors(features, stats)
        logits = np.empty((len(listeners), len(v)), np.float32)
        for rows in _slices(len(listeners), BLOCK_LISTENERS):
            for columns in _slices(len(v), BLOCK_TRACKS):
                logits[rows, columns] = _block_logits(u.take(rows), v[columns]) + bias[columns]
        return logits

    def calibrated(self, logits: Floats32) -> Floats32:
        """Turn logits into probabilities."""
        odds: Floats32 = logits * np.float32(-self.slope)
        odds -= np.float32(self.intercept)
        with np.errstate(over="ignore"):
            np.exp(odds, out=odds)
        odds += 1
        return np.reciprocal(odds, out=odds)

    def listener_vectors(self, listeners: ListenerArrays) -> ListenerVectors:
        """Compute the listeners' side of the network."""
        inputs = listener_inputs(self.scaling, listeners)
        hidden = self._relu("listener_hidden", inputs.profile)
        return ListenerVectors(
            self.dense("listener_vector", hidden),
            self.dense("taste_vector", self._relu("taste_hidden", inputs.tastes)),
            inputs.log_shares,
            self.dense("listener_bias", hidden)[:, 0],
        )

    def track_vectors(
        self, features: Floats, stats: TrackStats | None = None
    ) -> tuple[Floats32, Floats32]:
        """Compute the tracks' side of the network: vectors float32[n, d] and biases float32[n]."""
        known = TrackStats.unknown(len(features)) if stats is None else stats
        hidden = self._relu("track_hidden", track_inputs(self.scaling, features, known))
        return self.dense("track_vector", hidden), self.dense("track_bias", hidden)[:, 0]

    def dense(self, layer: str, inputs: Floats32) -> Floats32:
        """Compute the output of a layer, before any activation."""
        return inputs @ self.weights[f"{layer}/kernel"] + self.weights[f"{layer}/bias"]

    def _relu(self, layer: str, inputs: Floats32) -> Floats32:
        hidden: Floats32 = np.maximum(self.dense(layer, inputs), 0)
        return hidden


def _block_logits(u: ListenerVectors, v: Floats32) -> Floats32:
    """Compute the logits of every listener and track, without the tracks' biases."""
    n, k, d = u.tastes.shape
    # One product of two matrices: numpy would multiply a stack of them one listener at a time.
    near = (u.tastes.reshape(n * k, d) @ v.T).reshape(n, k, len(v))
    near += u.log_shares[:, :, None]
    logits = u.whole @ v.T
    logits += _log_sum_exp(near)
    logits += u.bias[:, None]
    return logits


def _pair_logits(u: ListenerVectors, v: Floats32) -> Floats32:
    """Compute the logits of listener row i and track row i, without the tracks' biases."""
    near = u.log_shares + np.einsum("nkd,nd->nk", u.tastes, v)
    logits: Floats32 = np.einsum("nd,nd->n", u.whole, v) + _log_sum_exp(near) + u.bias
    return logits


def _log_sum_exp(values: Floats32) -> Floats32:
    """Compute log(sum(exp)) over the second axis."""
    top = values.max(axis=1)
    total: Floats32 = np.zeros_like(top)
    for k in range(values.shape[1]):
        total += np.exp(values[:, k] - top)
    np.log(total, out=total)
    total += top
    return total


def _slices(n: int, size: int) -> Iterator[slice]:
    return (slice(start, start + size) for start in range(0, n, size))
