"""Listeners and tracks as they were known at a moment, from the plays and words before it.

A play that the network learns from must not be in the profile that it is given: a profile that holds
the play is nearer to what was played through than to what was skipped, and the network would learn
that instead of taste. So the plays are cut into blocks in order of time, and all that is known of
listeners and tracks in a block is from before the block.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from jobs.settings import TasteSettings
from jobs.train.history import Floats, Ints, Known, Plays, Words
from models.content_network.arrays import ListenerArrays, TrackStats
from models.tastes import tastes

DAY_US = 86_400_000_000


@dataclass(frozen=True)
class Snapshot:
    """What is known at ``at``: ``listeners`` row i is user ``users[i]``; stats have a row a track."""

    at: int
    users: Ints
    listeners: ListenerArrays
    stats: TrackStats


def is_skip(plays: Plays, skip_ms: int) -> NDArray[np.bool_]:
    """Whether a play counts as a skip in ratings: shorter than that and not said to be no skip."""
    skip: NDArray[np.bool_] = (plays.ms_played < skip_ms) & (plays.skipped != 0)
    return skip


def snapshot(known: Known, at: int, n_before: int, users: Ints, taste: TasteSettings) -> Snapshot:
    """As of ``at`` (microseconds), from the first ``n_before`` plays and the words before ``at``.

    ``users`` are sorted numbers of the listeners wanted.
    """
    plays = known.plays.take(slice(0, n_before))
    skip = is_skip(plays, taste.skip_ms)
    n_users, n_tracks = len(known.users), len(known.tracks)
    counts = [np.bincount(plays.user[rows], minlength=n_users)[users] for rows in (~skip, skip)]
    wanted = np.zeros(n_users, bool)
    wanted[users] = True
    theirs = wanted[plays.user]
    pair, rating = ratings(plays.take(theirs), skip[theirs], known.words, at, n_tracks, taste)
    centroids, weights = profiles(pair, rating, users, known.features, taste)
    stats = TrackStats(
        *(np.bincount(plays.track[rows], minlength=n_tracks).astype(float) for rows in (~skip, skip))
    )
    listeners = ListenerArrays(centroids, weights, *(count.astype(float) for count in counts))
    return Snapshot(at, users, listeners, stats)


def ratings(
    plays: Plays,
    skip: NDArray[np.bool_],
    words: Words,
    at: int,
    n_tracks: int,
    taste: TasteSettings,
) -> tuple[Ints, Floats]:
    """Ratings as the night's ratings table defines them: pairs user * n_tracks + track, sorted, and
    their ratings."""
    said = slice(0, int(np.searchsorted(words.at, at)))
    word_pair = words.user[said] * n_tracks + words.track[said]
    pairs, row = np.unique(
        np.concatenate([plays.user * n_tracks + plays.track, word_pair]), return_inverse=True
    )
    weight = 0.5 ** ((at - plays.at) / DAY_US / taste.half_life_days)
    evidence = np.bincount(
        row[: len(plays)], np.where(skip, -taste.skip_weight * weight, weight), len(pairs)
    )
    rating = np.log1p(np.maximum(evidence, 0.0))
    liked, spoken = np.zeros(len(pairs), bool), np.zeros(len(pairs), bool)
    liked[row[len(plays) :]] = words.liked[said]
    spoken[row[len(plays) :]] = True
    rating = np.where(liked, np.maximum(rating, taste.like_rating), rating)
    return pairs, np.where(spoken & ~liked, taste.dislike_rating, rating)


def profiles(
    pairs: Ints, rating: Floats, users: Ints, features: Floats, taste: TasteSettings
) -> tuple[Floats, Floats]:
    """Centroids float64[n, n_tastes, 13] and weights float64[n, n_tastes] of the users."""
    centroids = np.full((len(users), taste.n_tastes, features.shape[1]), np.nan)
    weights = np.full(centroids.shape[:2], np.nan)
    track = pairs % len(features)
    rows = np.flatnonzero((rating > 0) & ~np.isnan(features[track]).any(axis=1))
    place = np.searchsorted(users, pairs[rows] // len(features))
    here = (place < len(users)) & (
        users[np.minimum(place, len(users) - 1)] == pairs[rows] // len(features)
    )
    rows, place = rows[here], place[here]
    if not len(rows):
        return centroids, weights
    owners, counts = np.unique(place, return_counts=True)
    n_clusters = np.clip(counts // taste.tracks_per_taste, 1, taste.n_tastes)
    found = tastes(features[track[rows]], rating[rows], counts, n_clusters)
    centroids[owners[found.listener], found.taste_no] = found.centroid
    weights[owners[found.listener], found.taste_no] = found.weight
    return centroids, weights
