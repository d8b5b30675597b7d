"""Explore: tracks by artists the listener has not played, ranked by content alone.

By the content network where one was promoted, else by nearness to the listener's tastes. Both need only
a track's features, so they work for tracks that nobody has played.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from jobs.domain.arrays import Floats, Floats32
from jobs.recommend.listeners import Listener
from jobs.recommend.tracks import Tracks
from models.content_network.arrays import ListenerArrays, TrackStats
from models.features import FEATURES

Scores = Floats32
# Pitch classes lie on a circle: a mean of keys is no key.
_COMPARED = [i for i, name in enumerate(FEATURES) if name != "key"]
PLAIN = 0.5
MUCH_FARTHER = 1.5


class Scorer(Protocol):
    """A content network."""

    def probabilities(
        self, listeners: ListenerArrays, features: Floats, stats: TrackStats | None = None
    ) -> Scores:
        """P(like): float32[n_listeners, n_tracks]."""
        ...

    def explain(self, listeners: ListenerArrays, features: Floats) -> Floats:
        """What each feature of track i adds to the log odds of a like by listener i: float64[n, 13]."""
        ...


@dataclass(frozen=True)
class Model:
    """The scorer that serves the night, and the version it comes from."""

    version: str
    scorer: Scorer


def content_scores(
    listeners: Sequence[Listener], tracks: Tracks, model: Model | None, stats: TrackStats | None = None
) -> Scores:
    """Score of every track for every listener, NaN where content says nothing: float32[n, n_tracks].

    ``stats`` is how the tracks did with all listeners, which the network takes into account.
    Content says nothing of a track without features, nor to a listener without tastes.
    """
    if model is None:
        scores = nearness(listeners, tracks)
    else:
        scores = model.scorer.probabilities(listener_arrays(listeners), tracks.features, stats)
    # The last digits of a matrix product depend on who else is in the block; an order must not.
    scores = np.round(scores, 5)
    scores[[not len(one.centroids) for one in listeners]] = np.nan
    scores[:, np.isnan(tracks.features).any(axis=1)] = np.nan
    return scores


def nearness(listeners: Sequence[Listener], tracks: Tracks) -> Scores:
    """How near tracks are to listeners' tastes: sum over tastes of weight * exp(-distance^2 / 2).

    The distance is the root mean square difference of features, each in its standard deviations.
    """
    mean, spread = tracks.typical
    tastes = np.concatenate([(one.centroids - mean) / spread for one in listeners])[:, _COMPARED]
    shares = np.zeros((len(listeners), len(tastes)), np.float32)
    owner = np.repeat(np.arange(len(listeners)), [len(one.centroids) for one in listeners])
    shares[owner, np.arange(len(tastes))] = np.concatenate([one.taste_weights for one in listeners])
    tastes, points = tastes.astype(np.float32), tracks.z[:, _COMPARED].astype(np.float32)
    squares = (tastes**2).sum(axis=1)[:, None] + (points**2).sum(axis=1) - 2 * tastes @ points.T
    scores: Scores = shares @ np.exp(np.maximum(squares, 0) / np.float32(-2 * len(_COMPARED)))
    return scores


def listener_arrays(listeners: Sequence[Listener]) -> ListenerArrays:
    """The listeners as the network knows them: NaN for tastes they do not have."""
    n_tastes = max(1, *(len(one.centroids) for one in listeners), 1)
    centroids = np.full((len(listeners), n_tastes, len(FEATURES)), np.nan)
    weights = np.full((len(listeners), n_tastes), np.nan)
    for row, one in enumerate(listeners):
        centroids[row, : len(one.centroids)] = one.centroids
        weights[row, : len(one.centroids)] = one.taste_weights
    n_skips = np.array([one.n_skips for one in listeners], float)
    n_plays = np.array([one.n_plays for one in listeners], float) + n_skips
    return ListenerArrays(centroids, weights, n_plays, n_skips)


def explained(
    listener: Listener, positions: Sequence[int], tracks: Tracks, model: Model | None
) -> dict[int, Floats]:
    """What each of the 13 features added to the network's log odds, by position; empty without one."""
    if model is None or not positions:
        return {}
    rows = listener_arrays([listener]).take(np.zeros(len(positions), np.int64))
    added = model.scorer.explain(rows, tracks.features[list(positions)])
    return dict(zip(positions, added, strict=True))


@dataclass(frozen=True)
class Likeness:
    """The played track that sounds most like a recommended one, and where both stand out.

    ``features`` are those in which both lie at least ``PLAIN`` standard deviations on the same side of
    the mean track, the plainest first, each with whether that side is the high one.
    """

    position: int
    features: tuple[tuple[str, bool], ...]


def likeness(
    listener: Listener, position: int, tracks: Tracks, cited: Collection[int] = ()
) -> Likeness | None:
    """None if nothing that the listener rates above 0 has features. Ties go to the first id.

    A played track in ``cited`` is passed over for one at most ``MUCH_FARTHER`` times as far, so that
    not every reason of a list names the same one.
    """
    played = listener.rated[listener.ratings > 0]
    played = played[~np.isnan(tracks.z[played]).any(axis=1)]
    if not len(played):
        return None
    track, others = tracks.z[position], tracks.z[played]
    gaps = np.sqrt(((others - track)[:, _COMPARED] ** 2).sum(axis=1))
    passed_over = np.isin(played, list(cited)) | (gaps > MUCH_FARTHER * gaps.min())
    nearest = int(np.where(passed_over, gaps + gaps.max() + 1, gaps).argmin())
    lesser = np.minimum(np.abs(others[nearest]), np.abs(track))
    both = np.where(np.sign(others[nearest]) == np.sign(track), lesser, 0.0)
    plain = [i for i in np.argsort(-both, kind="stable") if both[i] >= PLAIN and i in _COMPARED]
    return Likeness(int(played[nearest]), tuple((FEATURES[i], bool(track[i] > 0)) for i in plain))
