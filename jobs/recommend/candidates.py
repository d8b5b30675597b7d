"""Candidates: the tracks that each strategy would recommend, and the scores it ranks them by.

Exploit: what listeners like this one rate high (Resnick's prediction over Pearson neighbors).

    prediction = own mean + sum(similarity * (rating - mean)) / sum(|similarity|)

over the neighbors; a dissimilar neighbor counts with its negative sign. Where only co-rated items are
compared, the sums run over the neighbors who rated the track and a mean is that of the ratings given.
Where the similarity is over all items, an absent rating is a rating of 0, there as here: the sums run
over all neighbors and a mean is over the whole catalog, so one enthusiast does not make a favorite.

Explore: tracks by artists the listener has not played, ranked by content alone. By the content network
where one was promoted, else by nearness to the listener's tastes. Both need only a track's features, so
they work for tracks that nobody has played.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from jobs.domain.arrays import Floats, Floats32
from jobs.domain.correlation import Support
from jobs.recommend.listeners import Listener, Neighborhood
from jobs.recommend.tracks import Tracks
from models.content_network.arrays import ListenerArrays, TrackStats
from models.features import FEATURES

Scores = Floats32
# Pitch classes lie on a circle: a mean of keys is no key.
COMPARED = [i for i, name in enumerate(FEATURES) if name != "key"]


@dataclass(frozen=True)
class Candidates:
    """What one strategy would recommend to a listener.

    ``positions`` of tracks, in the order in which they are to be taken; ``scores`` are the strategy's,
    of every track of the catalog, NaN where it has none.
    """

    positions: Iterable[int]
    scores: NDArray[np.floating | np.integer]


def artist_ratings(listener: Listener, tracks: Tracks) -> Floats:
    """Return the sum of the listener's ratings of each artist's tracks, guest appearances included:
    float64[n_artists]."""
    place, artist = tracks.credits_of(listener.rated)
    return np.bincount(artist, listener.ratings[place], len(tracks.artist_ids)).astype(float)


@dataclass(frozen=True)
class Supporter:
    """A similar neighbor who rates a track above 0; ``number`` is the place in the neighborhood."""

    number: int
    user_id: str
    similarity: float
    rating: float


def predict(listener: Listener, n_tracks: int, support: Support) -> Floats:
    """Return Resnick's prediction of each track's rating, NaN where no similar neighbor rates it above
    0: float64[n_tracks]."""
    near, over_all = listener.neighborhood, support == "all"
    neighbor = np.repeat(np.arange(len(near)), np.diff(near.ptr))
    similarity = near.similarity[neighbor]
    positions, track = np.unique(near.positions, return_inverse=True)

    def sums(values: NDArray[Any]) -> Floats:
        return np.bincount(track, values, len(positions)).astype(float)

    means = near.totals / (n_tracks if over_all else np.maximum(near.n_rated, 1))
    own_mean = listener.total / (n_tracks if over_all else max(listener.n_rated, 1))
    agreement = sums(similarity * (near.ratings - means[neighbor]))
    weight = sums(np.abs(similarity))
    if over_all:
        agreement -= near.similarity @ means - sums(similarity * means[neighbor])
        weight[:] = np.abs(near.similarity).sum()
    kept = sums((similarity > 0) & (near.ratings > 0)) > 0
    predicted = np.full(n_tracks, np.nan)
    predicted[positions[kept]] = own_mean + agreement[kept] / weight[kept]
    return predicted


def supporters(near: Neighborhood, position: int) -> list[Supporter]:
    """Return the similar neighbors who rate the track above 0, closest first, ties by id."""
    entries = np.flatnonzero((near.positions == position) & (near.ratings > 0))
    numbers = np.searchsorted(near.ptr, entries, side="right") - 1
    found = [
        Supporter(int(n), near.ids[n], float(near.similarity[n]), float(near.ratings[entry]))
        for n, entry in zip(numbers, entries, strict=True)
        if near.similarity[n] > 0
    ]
    return sorted(found, key=lambda one: (-one.similarity, one.user_id))


class Scorer(Protocol):
    """A content network."""

    def probabilities(
        self, listeners: ListenerArrays, features: Floats, stats: TrackStats | None = None
    ) -> Scores:
        """Return P(like): float32[n_listeners, n_tracks]."""
        ...

    def explain(self, listeners: ListenerArrays, features: Floats) -> Floats:
        """Return what feature j of track i adds to listener i's log odds of a like: float64[n, 13]."""
        ...


@dataclass(frozen=True)
class Model:
    """The scorer that serves the night, and the version it comes from."""

    version: str
    scorer: Scorer


def content_scores(
    listeners: Sequence[Listener], tracks: Tracks, model: Model | None, stats: TrackStats | None = None
) -> Scores:
    """Score every track for every listener, NaN where content says nothing: float32[n, n_tracks].

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
    scores[:, ~tracks.described] = np.nan
    return scores


def nearness(listeners: Sequence[Listener], tracks: Tracks) -> Scores:
    """Return how near each track is to each listener's tastes: float32[n, n_tracks], from 0 to 1.

    It is the sum over tastes of weight * exp(-distance^2 / 2).
    The distance is the root mean square difference of features, each in its standard deviations.
    """
    mean, spread = tracks.typical
    # The mean stands in for what no track of a taste has.
    tastes = np.nan_to_num(
        np.concatenate([(one.centroids - mean) / spread for one in listeners])[:, COMPARED]
    )
    shares = np.zeros((len(listeners), len(tastes)), np.float32)
    owner = np.repeat(np.arange(len(listeners)), [len(one.centroids) for one in listeners])
    shares[owner, np.arange(len(tastes))] = np.concatenate([one.taste_weights for one in listeners])
    tastes, points = tastes.astype(np.float32), tracks.z[:, COMPARED].astype(np.float32)
    squares = (tastes**2).sum(axis=1)[:, None] + (points**2).sum(axis=1) - 2 * tastes @ points.T
    scores: Scores = shares @ np.exp(np.maximum(squares, 0) / np.float32(-2 * len(COMPARED)))
    return scores


def listener_arrays(listeners: Sequence[Listener]) -> ListenerArrays:
    """Return the listeners as the network knows them: NaN for tastes they do not have."""
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
    """Return what each of the 13 features added to the network's log odds, by position; empty without a
    network."""
    if model is None or not positions:
        return {}
    rows = listener_arrays([listener]).take(np.zeros(len(positions), np.int64))
    added = model.scorer.explain(rows, tracks.features[list(positions)])
    return dict(zip(positions, added, strict=True))
