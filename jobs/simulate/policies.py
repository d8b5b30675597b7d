"""Policies: what makes the town's lists of a night's candidates. A new one is a class and a line in
``POLICIES``."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Protocol

import numpy as np

from jobs.domain.arrays import Floats, Ints, Mask
from jobs.settings import RecommendSettings
from jobs.simulate.days import Answers, Listed
from jobs.simulate.recommender import Candidates
from models.exploration.shares import (
    EXPLOITED,
    EXPLORED,
    Tries,
    explore_shares,
    posterior,
    uniforms_of,
)
from models.exploration.slots import draw_slots, filled


class Policy(Protocol):
    """Makes the lists of every night, and may learn from what became of them."""

    def lists(self, rng: np.random.Generator, night: int, candidates: Candidates) -> Listed:
        """Make a list of each listener."""
        ...

    def learn(self, night: int, listed: Listed, answers: Answers) -> None:
        """Take in what logs tell of a night's lists: never ``answers.liked``."""
        ...


class FixedShare:
    """Explores with the same share of everybody's list, every night."""

    def __init__(self, share: float, artist: Ints, rules: RecommendSettings) -> None:
        self.share, self.artist, self.rules = share, artist, rules

    def shares(self, rng: np.random.Generator, night: int, candidates: Candidates) -> Floats:
        """Return the share of each listener's slots that explores."""
        return np.full(len(candidates.exploit), self.share)

    def lists(self, rng: np.random.Generator, night: int, candidates: Candidates) -> Listed:
        """Draw slots, and fill them."""
        shares = self.shares(rng, night, candidates)
        slots = draw_slots(rng, self.rules.n_tracks, shares)
        queues = candidates.exploit, candidates.explore
        return Listed(*filled(*queues, slots, self.artist, self.rules.artist_cap))

    def learn(self, night: int, listed: Listed, answers: Answers) -> None:
        """Learn nothing."""


class RandomLists(FixedShare):
    """Lists any eligible tracks."""

    def __init__(self, artist: Ints, rules: RecommendSettings) -> None:
        super().__init__(0.0, artist, rules)

    def lists(self, rng: np.random.Generator, night: int, candidates: Candidates) -> Listed:
        """Draw tracks uniformly, under the artist cap."""
        drawn = candidates.uniform(rng)
        return super().lists(rng, night, replace(candidates, exploit=drawn, explore=drawn))


class LearntShare(FixedShare):
    """Explores with a share of each listener's own, learnt from what was played of their lists.

    A track that was reached and not skipped passes for liked. Segments are thirds of listeners by how
    many artists they played before their first list.
    """

    def __init__(self, artist: Ints, rules: RecommendSettings, seed: int) -> None:
        super().__init__(np.nan, artist, rules)
        self.seed = seed

    def shares(self, rng: np.random.Generator, night: int, candidates: Candidates) -> Floats:
        """Draw each listener's share."""
        n = len(candidates.n_artists)
        if night == 0:
            thirds = np.quantile(candidates.n_artists, [1 / 3, 2 / 3])
            self.segment = np.searchsorted(thirds, candidates.n_artists)
            self.explored, self.exploited = Tries.none(n), Tries.none(n)
        arms = (
            posterior(self.explored, self.segment, EXPLORED),
            posterior(self.exploited, self.segment, EXPLOITED),
        )
        uniforms = uniforms_of(self.seed, night, [str(i) for i in range(n)], self.rules.n_tracks)
        return explore_shares(*arms, uniforms, self.rules.explore_floor, self.rules.explore_ceiling)

    def learn(self, night: int, listed: Listed, answers: Answers) -> None:
        """Count the night's tracks."""
        if night < 0:
            return
        played = answers.reached & ~answers.skipped
        self.explored = _after(self.explored, played, answers.reached, listed.explored)
        self.exploited = _after(self.exploited, played, answers.reached, ~listed.explored)


def _after(tries: Tries, liked: Mask, tried: Mask, of_arm: Mask) -> Tries:
    return tries.after_night((liked & of_arm).sum(axis=1) * 1.0, (tried & of_arm).sum(axis=1) * 1.0)


POLICIES: Mapping[str, Callable[[Ints, RecommendSettings, int], Policy]] = {
    "fixed-0": lambda artist, rules, _: FixedShare(0.0, artist, rules),
    "fixed-.1": lambda artist, rules, _: FixedShare(0.1, artist, rules),
    "fixed-.3": lambda artist, rules, _: FixedShare(0.3, artist, rules),
    "fixed-.5": lambda artist, rules, _: FixedShare(0.5, artist, rules),
    "random": lambda artist, rules, _: RandomLists(artist, rules),
    "learnt": LearntShare,
}
