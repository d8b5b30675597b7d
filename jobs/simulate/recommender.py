"""What the house knows of the town, and the candidates it makes of that: never the hidden state.

A short form of the night, all policies alike. For the ranked candidates stands EASE over what was played
of late, known artists first, times nearness to the clusters of what was played; for the content network
nearness alone. Candidates are unheard, and rest after they stood on a list.
"""

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_matrix

from jobs.domain.arrays import Floats, Floats32, Ints, Mask
from jobs.settings import RecommendSettings
from jobs.simulate.days import Heard
from jobs.simulate.music import Music
from models.exploration.odds import arrivals
from models.peers.ease import Ease
from models.ranking.lists import PADDING, Lists
from models.tastes.clusters import cluster

REGULARIZATION = 50.0
N_CLUSTERS = 4
# A play weighs half after so many nights; below the least it is forgotten.
HALF_LIFE, LEAST = 30.0, 0.1
# Most of what is played is by artists who are known, and the ranker learns that.
OWN = np.float32(4.0)
# How much nearness counts beside that: a power, for neither of the two is a chance.
NEARNESS_POWER = np.float32(3.5)
# Nights between two fits.
REFIT = 3


@dataclass(frozen=True)
class Candidates:
    """Tracks by listener, the best first: int32[n, n_candidates], ``PADDING`` behind the last.

    ``exploit`` by how likely they are played and liked, ``explore`` by artists not played, drawn by
    nearness. ``eligible`` says which tracks may be listed at all: bool[n, n_tracks]; ``n_artists`` is
    how many artists each listener has played.
    """

    exploit: Lists
    explore: Lists
    eligible: Mask
    n_artists: Ints

    def uniform(self, rng: np.random.Generator) -> Lists:
        """Draw eligible tracks, as many as each of the others has."""
        drawn = rng.random(self.eligible.shape, np.float32)
        return _best(np.where(self.eligible, drawn, -np.inf), self.exploit.shape[1])


class Recommender:
    """Learns day by day what was heard and offered."""

    def __init__(self, music: Music, n_listeners: int, rules: RecommendSettings) -> None:
        self.music, self.rules = music, rules
        shape = (n_listeners, len(music.z))
        self.plays = np.zeros(shape, np.float32)
        self.heard = np.zeros(shape, bool)
        self.known_artists = np.zeros((n_listeners, len(music.scene)), bool)
        self.offered_on = np.full(shape, -(10**4), np.int32)

    def note(self, heard: Heard) -> None:
        """Take in listens."""
        played = ~heard.skipped
        np.add.at(self.plays, (heard.listener[played], heard.track[played]), 1.0)
        self.heard[heard.listener, heard.track] = True
        self.known_artists[heard.listener[played], self.music.artist[heard.track[played]]] = True

    def note_lists(self, lists: Lists, night: int) -> None:
        """Remember what was offered."""
        row, rank = np.nonzero(lists != PADDING)
        self.offered_on[row, lists[row, rank]] = night

    def candidates(self, rng: np.random.Generator, night: int) -> Candidates:
        """Return the night's candidates."""
        if night % REFIT == 0:
            self._fit()
        self.plays *= np.float32(0.5 ** (1 / HALF_LIFE))
        rested = self.offered_on < night - self.rules.rest_nights
        eligible = ~self.heard & rested & (self.music.released <= night)
        n = self.rules.n_candidates
        new = ~self.known_artists[:, self.music.artist]
        exploit = _best(np.where(eligible, np.where(new, 1, OWN) * self._likely, -np.inf), n)
        near = np.where(eligible & new, self._near, -np.inf)
        return Candidates(exploit, _shuffled(rng, _best(near, n), near), eligible,
                          self.known_artists.sum(axis=1))  # fmt: skip

    def _fit(self) -> None:
        weights = np.minimum(self.plays, 1.0)
        weights[weights < LEAST] = 0.0
        played = np.flatnonzero(weights.any(axis=0))
        ease = Ease(REGULARIZATION)
        ease.fit(csr_matrix(weights[:, played]))
        found = np.zeros(weights.shape, np.float32)
        # The last digits of a product depend on the machine's threads; an order must not.
        found[:, played] = np.round(ease.scores(0, len(weights)), 5)
        self._near = np.round(nearness(self.music.z, weights), 5)
        self._likely = np.where(found > 0, found * self._near**NEARNESS_POWER, -np.inf)


def nearness(z: Floats, weights: Floats32) -> Floats32:
    """Return how near each track is to each listener's clusters of what they play, from 0 to 1:
    sum over clusters of weight * exp(-mean squared difference / 2); 0 of who plays nothing."""
    owner, track = np.nonzero(weights)
    heavy = weights[owner, track].astype(float)
    counts = np.unique(owner, return_counts=True)[1]
    n_clusters = np.minimum(N_CLUSTERS, 1 + counts // 8)
    label = cluster(z[track], heavy, counts, n_clusters)
    slot = owner * N_CLUSTERS + label
    size = len(weights) * N_CLUSTERS
    total = np.bincount(slot, heavy, size)
    sums = np.stack([np.bincount(slot, heavy * column, size) for column in z[track].T], axis=1)
    center = (sums / np.where(total > 0, total, 1.0)[:, None]).astype(np.float32)
    share = total.reshape(-1, N_CLUSTERS)
    share = share / np.maximum(share.sum(axis=1, keepdims=True), 1e-12)
    points = z.astype(np.float32)
    found = np.zeros(weights.shape, np.float32)
    for k in range(N_CLUSTERS):
        one = center[k::N_CLUSTERS]
        squares = (one**2).sum(axis=1)[:, None] + (points**2).sum(axis=1) - 2 * one @ points.T
        found += share[:, k : k + 1].astype(np.float32) * np.exp(squares / np.float32(-2 * z.shape[1]))
    return found


def _best(scores: Floats32, n: int) -> Lists:
    """The ``n`` best of each row, of equals the lower track number first; minus infinity is no
    candidate."""
    n = min(n, scores.shape[1])
    places = np.sort(np.argpartition(-scores, n - 1, axis=1)[:, :n], axis=1)
    found = np.take_along_axis(scores, places, axis=1)
    order = np.argsort(-found, axis=1, kind="stable")
    there = np.take_along_axis(found, order, axis=1) > -np.inf
    return np.asarray(np.where(there, np.take_along_axis(places, order, axis=1), PADDING), np.int32)


def _shuffled(rng: np.random.Generator, lists: Lists, scores: Floats32) -> Lists:
    """Each row in a random order by the odds of its scores (as the night shuffles what it explores)."""
    keys = arrivals(np.take_along_axis(scores, lists.clip(0), axis=1), rng)
    order = np.argsort(np.where(lists == PADDING, np.inf, keys), axis=1, kind="stable")
    return np.take_along_axis(lists, order, axis=1)
