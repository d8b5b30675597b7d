"""A day of the town: listeners open their lists, play beyond them, and go or come back."""

from dataclasses import dataclass

import numpy as np

from jobs.domain.arrays import Floats, Ints, Mask
from jobs.simulate.people import People
from models.ranking.lists import PADDING, Lists

# The chance to open a list grows from .1 to .9 with trust, which follows the share of liked tracks.
OPENS, OPENS_BY_TRUST, TRUST_STEP = 0.1, 0.8, 0.2
# After a track that was liked nearly everybody goes on; after others one in six stops.
GOES_ON, GOES_ON_DISLIKED = 0.96, 0.84
SKIPS_LIKED, SKIPS_DISLIKED = 0.1, 0.75
SAYS_LIKE = 0.15
LEAVES, COMES_BACK = 0.03, 0.02
# A track loses by each play and by each skip; tracks that nobody recommended, heard a day.
BORES, SPOILS = 0.97, 0.8
BEYOND = 1.0


@dataclass(frozen=True)
class Listed:
    """Lists as made: ``tracks`` by rank, and which of them explore."""

    tracks: Lists
    explored: Mask


@dataclass(frozen=True)
class Answers:
    """What became of lists, bool [n, n_ranks] each: ``reached`` tracks are played or ``skipped``, and of
    some a like is said. ``liked`` is the truth, which only the judge sees; ``opened`` is by listener."""

    opened: Mask
    reached: Mask
    skipped: Mask
    said_like: Mask
    liked: Mask


@dataclass(frozen=True)
class Heard:
    """Listens of a day, a row each, whatever caused them."""

    listener: Ints
    track: Ints
    skipped: Mask

    def and_(self, other: "Heard") -> "Heard":
        """Return both, these first."""
        return Heard(
            np.concatenate([self.listener, other.listener]),
            np.concatenate([self.track, other.track]),
            np.concatenate([self.skipped, other.skipped]),
        )


def answer(rng: np.random.Generator, people: People, lists: Lists, mood: Ints, listens: Mask) -> Answers:
    """Open the lists or not, and go down those that were opened as long as they please; ``listens``
    says who does at all today."""
    shape = lists.shape
    opens = rng.random(shape[0]) < OPENS + OPENS_BY_TRUST * people.trust
    goes, skips, says = (rng.random(shape) for _ in range(3))
    opened = opens & listens & (lists[:, 0] != PADDING)
    row = np.repeat(np.arange(shape[0]), shape[1])
    liked = people.likes(row, lists.ravel().astype(np.int64), mood).reshape(shape)
    goes_on = goes < np.where(liked, GOES_ON, GOES_ON_DISLIKED)
    before = np.concatenate([np.ones((shape[0], 1), bool), goes_on[:, :-1]], axis=1)
    reached = np.logical_and.accumulate(before, axis=1) & opened[:, None] & (lists != PADDING)
    skipped = reached & (skips < np.where(liked, SKIPS_LIKED, SKIPS_DISLIKED))
    liked &= reached
    return Answers(opened, reached, skipped, liked & ~skipped & (says < SAYS_LIKE), liked)


def beyond(
    rng: np.random.Generator, people: People, mood: Ints, listens: Mask, night: int
) -> tuple[Heard, Mask]:
    """Draw what is played without us: habits, and some tracks by popularity. Also says of each listen
    whether the track was liked."""
    listener, track = np.nonzero(people.habit)
    weight = people.habit[listener, track] * listens[listener]
    total = np.bincount(listener, weight, len(people))
    rate = people.activity[listener] * weight / np.where(total > 0, total, 1.0)[listener]
    times = rng.poisson(rate)
    chance = people.music.popularity * (people.music.released <= night)
    n_found = rng.poisson(BEYOND, len(people)) * listens
    found = rng.choice(len(chance), n_found.sum(), p=chance / chance.sum())
    listener = np.concatenate([np.repeat(listener, times), np.repeat(np.arange(len(people)), n_found)])
    track = np.concatenate([np.repeat(track, times), found])
    liked = people.likes(listener, track, mood)
    skipped = rng.random(len(liked)) < np.where(liked, SKIPS_LIKED, SKIPS_DISLIKED)
    return Heard(listener, track, skipped), liked


def remember(people: People, heard: Heard, liked: Mask) -> None:
    """Take up what was liked as a habit, and tire of what was heard."""
    people.hear(heard.listener, heard.track)
    fading = np.where(heard.skipped, SPOILS, BORES).astype(np.float32)
    np.multiply.at(people.habit, (heard.listener, heard.track), fading)
    new = liked & (people.habit[heard.listener, heard.track] == 0)
    people.habit[heard.listener[new], heard.track[new]] = _usual(people)[heard.listener[new]]


def _usual(people: People) -> Floats:
    """The mean weight of each listener's habits; 1 of who has none."""
    n = (people.habit > 0).sum(axis=1)
    return np.asarray(np.where(n > 0, people.habit.sum(axis=1) / np.maximum(n, 1), 1.0))


def go_or_come(rng: np.random.Generator, people: People, answers: Answers) -> None:
    """Trust lists by what they were; leave the sooner the less they are trusted, and come back."""
    n = answers.reached.sum(axis=1)
    good = answers.liked.sum(axis=1) / np.maximum(n, 1)
    people.trust += np.where(n > 0, TRUST_STEP * (good - people.trust), 0.0)
    chance = rng.random(len(people))
    back = ~people.here & (chance < COMES_BACK)
    leave = people.here & (chance < LEAVES * (1 - people.trust) ** 2)
    people.trust[back] = 0.5
    people.here = (people.here | back) & ~leave
