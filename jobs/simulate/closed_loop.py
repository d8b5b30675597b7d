"""The closed loop: lists are made, answered and learnt from, night after night, in one process."""

from dataclasses import dataclass, field

import numpy as np

from jobs.domain.arrays import Floats, Ints, Mask
from jobs.settings import RecommendSettings
from jobs.simulate.days import Answers, Heard, Listed, answer, beyond, go_or_come, remember
from jobs.simulate.music import make_music
from jobs.simulate.people import People, make_people
from jobs.simulate.policies import POLICIES
from jobs.simulate.recommender import Recommender

# Nights of listening before the first list.
BEFORE = 7


@dataclass(frozen=True)
class TownSize:
    """How large a town is and how long it is watched."""

    n_listeners: int
    n_tracks: int
    nights: int


@dataclass(frozen=True)
class Counts:
    """What a night's lists came to: tracks reached, of them liked; of these again those explored; lists
    opened, and listeners who were here when it ended."""

    reached: int
    liked: int
    explored: int
    explored_liked: int
    opened: int
    here: int


@dataclass
class Course:
    """What came of one policy in one town.

    ``counts`` by night; ``came_to_like`` bool[n, n_tracks]: liked on a list; ``share`` of the slots of
    the last week that explored, by listener; ``reached_at`` and ``skipped_at`` by rank; ``log`` of all
    listens by night, those before the first list too.
    """

    people: People
    counts: list[Counts]
    came_to_like: Mask
    share: Floats
    reached_at: Ints
    skipped_at: Ints
    log: list[Heard] = field(default_factory=list)


def live(name: str, seed: int, size: TownSize, rules: RecommendSettings) -> Course:
    """Let the town of a seed live with a policy. The same arguments give the same course.

    Policies meet the same listeners, the same draws of mood and of patience.
    """
    music = make_music(np.random.default_rng([seed, 1]), size.n_tracks, size.nights)
    people = make_people(seed, music, size.n_listeners)
    policy = POLICIES[name](music.artist, rules, seed)
    house = Recommender(music, size.n_listeners, rules)
    shape = (size.n_listeners, rules.n_tracks)
    course = Course(
        people, [], np.zeros((size.n_listeners, size.n_tracks), bool), np.zeros(size.n_listeners),
        np.zeros(shape[1], np.int64), np.zeros(shape[1], np.int64),
    )  # fmt: skip
    nothing = Listed(np.full(shape, -1, np.int32), np.zeros(shape, bool))
    for night in range(-BEFORE, size.nights):
        listed = nothing
        if night >= 0:
            draws = np.random.default_rng([seed, 6, night])
            listed = policy.lists(draws, night, house.candidates(draws, night))
        answers = _day(np.random.default_rng([seed, 5, night + BEFORE]), night, listed, house, course)
        policy.learn(night, listed, answers)
        if night >= size.nights - 7:
            course.share += listed.explored.mean(axis=1) / min(7, size.nights)
    return course


def _day(
    rng: np.random.Generator, night: int, listed: Listed, house: Recommender, course: Course
) -> Answers:
    """Let the day after a night pass."""
    people = course.people
    mood = people.mood(rng, night + BEFORE)
    listens = people.here & (rng.random(len(people)) < people.daily)
    answers = answer(rng, people, listed.tracks, mood, listens)
    row, rank = np.nonzero(answers.reached)
    from_list = Heard(row, listed.tracks[row, rank].astype(np.int64), answers.skipped[row, rank])
    by_habit, liked = beyond(rng, people, mood, listens, max(night, 0))
    heard = from_list.and_(by_habit)
    remember(people, heard, np.concatenate([answers.liked[row, rank], liked]))
    go_or_come(rng, people, answers)
    people.rest(rng)
    house.note(heard)
    house.note_lists(listed.tracks, night)
    course.log.append(heard)
    if night >= 0:
        _count(course, from_list, listed, answers)
    return answers


def _count(course: Course, from_list: Heard, listed: Listed, answers: Answers) -> None:
    reached, liked, explored = answers.reached, answers.liked, listed.explored
    row, rank = np.nonzero(liked)
    course.came_to_like[row, listed.tracks[row, rank]] = True
    course.reached_at += reached.sum(axis=0)
    course.skipped_at += answers.skipped.sum(axis=0)
    figures = (reached, liked, reached & explored, liked & explored, answers.opened, course.people.here)
    course.counts.append(Counts(*(int(one.sum()) for one in figures)))
