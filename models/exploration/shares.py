"""Explore shares by Thompson sampling (Thompson 1933; Chapelle and Li 2011), listener by listener.

Two arms a listener: an explored track is liked, an exploited one is. Each has a Beta posterior: a prior
that is pessimistic, then the segment of listeners, then the listener's own tracks. Each slot of a list
goes to the arm whose draw is greater; the share of the draws that exploring wins is the share of the
list, between floor and ceiling.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import betaincinv

from models.arrays import Floats, Ints
from models.seeds import generator_of

# Nights after which a track counts half: who changes is followed, and a month of one mood is forgotten.
HALF_LIFE = 30.0


@dataclass(frozen=True)
class Prior:
    """What is thought of tracks before any was heard: ``liked`` of ``tried``; and how many tracks of a
    listener's own weigh as much as all of the others in the segment."""

    liked: float
    tried: float
    strength: float


# Few tracks are thought to be liked, of those explored fewer: nobody is sent out on a hope.
EXPLORED = Prior(liked=1.0, tried=4.0, strength=10.0)
EXPLOITED = Prior(liked=2.0, tried=4.0, strength=10.0)


@dataclass(frozen=True)
class Tries:
    """Tracks of one arm by listener: how many were ``tried`` (reached on a list) and ``liked``, older
    ones counting less."""

    liked: Floats
    tried: Floats

    @classmethod
    def none(cls, n: int) -> "Tries":
        """Return those of ``n`` listeners who have heard no list."""
        return cls(np.zeros(n), np.zeros(n))

    def after_night(self, liked: Floats, tried: Floats) -> "Tries":
        """Return these, a night older, with the night's own."""
        fade = 0.5 ** (1 / HALF_LIFE)
        return Tries(self.liked * fade + liked, self.tried * fade + tried)


@dataclass(frozen=True)
class Posterior:
    """Beta(``liked``, ``not_liked``) of each listener's chance to like a track."""

    liked: Floats
    not_liked: Floats

    def draws(self, uniforms: Floats) -> Floats:
        """Return the quantiles at ``uniforms`` [n, n_draws], so that equal uniforms are equal draws."""
        return np.asarray(betaincinv(self.liked[:, None], self.not_liked[:, None], uniforms))


def posterior(tries: Tries, segment: Ints, prior: Prior) -> Posterior:
    """Return each listener's posterior; ``segment`` numbers theirs, from 0.

    The segment's mean is m = (prior.liked + liked) / (prior.tried + tried) over its other listeners, and
    the listener's Beta is (strength * m + own liked, strength * (1 - m) + own tried - own liked).
    """
    liked = np.bincount(segment, tries.liked)[segment] - tries.liked
    tried = np.bincount(segment, tries.tried)[segment] - tries.tried
    return posterior_among(Tries(liked, tried), tries, prior)


def posterior_among(others: Tries, own: Tries, prior: Prior) -> Posterior:
    """Return the posterior of listeners by their ``own`` tracks and by those of ``others`` like them."""
    mean = (prior.liked + others.liked) / (prior.tried + others.tried)
    missed = own.tried - own.liked
    return Posterior(prior.strength * mean + own.liked, prior.strength * (1 - mean) + missed)


def explore_shares(
    explored: Posterior, exploited: Posterior, uniforms: Floats, floor: float, ceiling: float
) -> Floats:
    """Return each listener's share: floor + (ceiling - floor) * the share of draws in which the explored
    track is the better. ``uniforms`` is [n, 2, n_draws], of the explored first."""
    wins = explored.draws(uniforms[:, 0]) > exploited.draws(uniforms[:, 1])
    return np.asarray(floor + (ceiling - floor) * wins.mean(axis=1))


def uniforms_of(seed: int, night: object, listeners: Sequence[str], n_draws: int) -> Floats:
    """Return [n, 2, n_draws] uniforms: a listener's are the same whoever else is drawn, and others on
    another night."""
    found = np.empty((len(listeners), 2, n_draws))
    for row, listener in zip(found, listeners, strict=True):
        row[:] = generator_of("explore", seed, night, listener).random(row.shape)
    return found
