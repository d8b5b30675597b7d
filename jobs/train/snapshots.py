"""Listeners as they were known at a moment, from the plays and feedback before it.

A play that the network learns from must not be in the profile that it is given: a profile that holds
the play is nearer to what was played through than to what was skipped, and the network would learn
that instead of taste. So plays are cut into blocks in order of time, and all that is known of
listeners and tracks in a block is from before the block.
"""

import numpy as np

from jobs.domain.arrays import Floats, Ints, Mask
from jobs.settings import TasteSettings
from jobs.train.history import Feedback
from jobs.train.plays import Records
from models.content_network.arrays import ListenerArrays
from models.tastes import tastes

DAY_US = 86_400_000_000


def is_skip(plays: Records, skip_ms: int) -> Mask:
    """Whether a play counts as a skip in ratings: shorter than that and not said to be no skip."""
    skip: Mask = (plays["ms_played"] < skip_ms) & (plays["skipped"] != 0)
    return skip


def listeners_before(
    plays: Records, feedback: Feedback, features: Floats, at: int, users: Ints, taste: TasteSettings
) -> ListenerArrays:
    """The listeners ``users`` (sorted numbers) at the instant ``at``, from ``plays``, all before it,
    and the feedback before it."""
    place = np.searchsorted(users, plays["user"])
    theirs = users[np.minimum(place, len(users) - 1)] == plays["user"]
    plays, place = plays[theirs], place[theirs]
    skip = is_skip(plays, taste.skip_ms)
    n_plays = np.bincount(place, minlength=len(users)).astype(np.float64)
    n_skips = np.bincount(place[skip], minlength=len(users)).astype(np.float64)
    pairs, rating = ratings(plays, skip, feedback, at, len(features), taste)
    return ListenerArrays(*profiles(pairs, rating, users, features, taste), n_plays, n_skips)


def ratings(
    plays: Records, skip: Mask, feedback: Feedback, at: int, n_tracks: int, taste: TasteSettings
) -> tuple[Ints, Floats]:
    """Ratings as the night's ratings table defines them: pairs user * n_tracks + track, sorted, and
    their ratings."""
    feedback = feedback.before(at)
    feedback_pair = feedback.user * n_tracks + feedback.track
    play_pair = plays["user"].astype(np.int64) * n_tracks + plays["track"]
    pairs, row = np.unique(np.concatenate([play_pair, feedback_pair]), return_inverse=True)
    weight = 0.5 ** ((at - plays["at"]) / DAY_US / taste.half_life_days)
    evidence = np.bincount(
        row[: len(plays)], np.where(skip, -taste.skip_weight * weight, weight), len(pairs)
    )
    rating = np.log1p(np.maximum(evidence, 0.0))
    liked, given = np.zeros(len(pairs), bool), np.zeros(len(pairs), bool)
    liked[row[len(plays) :]] = feedback.liked
    given[row[len(plays) :]] = True
    rating = np.where(liked, np.maximum(rating, taste.like_rating), rating)
    return pairs, np.where(given & ~liked, taste.dislike_rating, rating)


def profiles(
    pairs: Ints, rating: Floats, users: Ints, features: Floats, taste: TasteSettings
) -> tuple[Floats, Floats]:
    """Centroids float64[n, n_tastes, 13] and weights float64[n, n_tastes] of the users."""
    centroids = np.full((len(users), taste.n_tastes, features.shape[1]), np.nan)
    weights = np.full(centroids.shape[:2], np.nan)
    user, track = np.divmod(pairs, len(features))
    place = np.minimum(np.searchsorted(users, user), len(users) - 1)
    described = ~np.isnan(features[track]).any(axis=1)
    rows = np.flatnonzero((rating > 0) & described & (users[place] == user))
    if len(rows):
        owners, counts = np.unique(place[rows], return_counts=True)
        n_clusters = np.clip(counts // taste.tracks_per_taste, 1, taste.n_tastes)
        found = tastes(features[track[rows]], rating[rows], counts, n_clusters)
        centroids[owners[found.listener], found.taste_no] = found.centroid
        weights[owners[found.listener], found.taste_no] = found.weight
    return centroids, weights
