"""Listeners as they were known at a moment, from the plays and feedback before it.

A play that the network learns from must not be in the profile that it is given: a profile that holds
the play is nearer to what was played through than to what was skipped, and the network would learn
that instead of taste. So plays are cut into blocks in order of time, and all that is known of
listeners and tracks in a block is from before the block.
"""

import numpy as np

from jobs.domain.arrays import Floats, Ints
from jobs.domain.feedback import NEVER, is_liked
from jobs.domain.ratings import rating_of_listens, weights, with_feedback
from jobs.settings import TasteSettings
from jobs.train.history import Feedback
from jobs.train.plays import Records
from models.content_network.arrays import ListenerArrays
from models.tastes import tastes


def listeners_before(
    plays: Records, feedback: Feedback, features: Floats, at: int, users: Ints, taste: TasteSettings
) -> ListenerArrays:
    """Return the listeners ``users`` (sorted numbers) at the instant ``at``, from ``plays``, all before
    it, and the feedback before it."""
    place = np.searchsorted(users, plays["user"])
    theirs = users[np.minimum(place, len(users) - 1)] == plays["user"]
    plays, place = plays[theirs], place[theirs]
    n_plays = np.bincount(place, minlength=len(users)).astype(np.float64)
    n_skips = np.bincount(place[plays["is_skip"]], minlength=len(users)).astype(np.float64)
    pairs, rating = ratings(plays, feedback, at, len(features), taste)
    return ListenerArrays(*profiles(pairs, rating, users, features, taste), n_plays, n_skips)


def ratings(
    plays: Records, feedback: Feedback, at: int, n_tracks: int, taste: TasteSettings
) -> tuple[Ints, Floats]:
    """Return the ratings of ``jobs.domain.ratings`` at an instant, of ``plays`` before it and the
    feedback before it: pairs user * n_tracks + track, sorted, and their ratings."""
    given, liked_at, rejected_at = verdicts(feedback.before(at), n_tracks)
    play_pair = plays["user"].astype(np.int64) * n_tracks + plays["track"]
    pairs, row = np.unique(np.concatenate([play_pair, given]), return_inverse=True)
    row, row_of_given = row[: len(plays)], row[len(plays) :]
    weight, skip = weights(np, plays["at"], at, taste.half_life_days), plays["is_skip"]
    played = np.bincount(row, np.where(skip, 0.0, weight), len(pairs))
    skipped = np.bincount(row, np.where(skip, weight, 0.0), len(pairs))
    is_given, liked = np.zeros((2, len(pairs)), bool)
    is_given[row_of_given] = True
    liked[row_of_given] = is_liked(liked_at, rejected_at)
    rating = with_feedback(
        np,
        rating_of_listens(np, played, skipped, taste.skip_weight),
        is_given,
        liked,
        like_rating=taste.like_rating,
        dislike_rating=taste.dislike_rating,
    )
    return pairs, rating


def verdicts(feedback: Feedback, n_tracks: int) -> tuple[Ints, Ints, Ints]:
    """Return the pairs user * n_tracks + track that have feedback, sorted, and the instants of the
    latest like and the latest rejection of each; ``NEVER`` where there is none."""
    pairs, row = np.unique(feedback.user * n_tracks + feedback.track, return_inverse=True)
    liked_at, rejected_at = np.full((2, len(pairs)), NEVER)
    np.maximum.at(liked_at, row[feedback.liked], feedback.at[feedback.liked])
    np.maximum.at(rejected_at, row[~feedback.liked], feedback.at[~feedback.liked])
    return pairs, liked_at, rejected_at


def profiles(
    pairs: Ints, rating: Floats, users: Ints, features: Floats, taste: TasteSettings
) -> tuple[Floats, Floats]:
    """Centroids float64[n, n_tastes, 13] and weights float64[n, n_tastes] of the users."""
    centroids = np.full((len(users), taste.n_tastes, features.shape[1]), np.nan)
    weights = np.full(centroids.shape[:2], np.nan)
    user, track = np.divmod(pairs, len(features))
    place = np.minimum(np.searchsorted(users, user), len(users) - 1)
    described = np.isfinite(features[track]).any(axis=1)
    rows = np.flatnonzero((rating > 0) & described & (users[place] == user))
    if len(rows):
        owners, counts = np.unique(place[rows], return_counts=True)
        n_clusters = np.clip(counts // taste.tracks_per_taste, 1, taste.n_tastes)
        found = tastes(features[track[rows]], rating[rows], counts, n_clusters)
        centroids[owners[found.listener], found.taste_no] = found.centroid
        weights[owners[found.listener], found.taste_no] = found.weight
    return centroids, weights
