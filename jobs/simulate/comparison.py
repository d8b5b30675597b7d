"""Policies held against each other over several towns, each figure with its interval."""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from os import cpu_count

import numpy as np
from scipy import stats
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from jobs.domain.arrays import Floats
from jobs.settings import RecommendSettings
from jobs.simulate.closed_loop import Course, TownSize, live
from jobs.simulate.realism import Realism, realism

# A track or an artist is discoverable if so many listeners came to like it on a list.
FANS = 5
FIGURES = (
    "like rate", "like rate of explored", "liked a listener", "tracks", "artists", "retention",
    "opened", "explored",
)  # fmt: skip


@dataclass(frozen=True)
class Outcome:
    """What one policy came to in one town: ``FIGURES``, and by night the like rate and the share of the
    listeners who are here; explore share and true curiosity by listener."""

    policy: str
    seed: int
    figures: dict[str, float]
    like_rate: list[float]
    here: list[float]
    share: list[float]
    curiosity: list[float]
    realism: Realism


@dataclass(frozen=True)
class TownMean:
    """The mean over towns with the bounds of its 95 % interval (Student's t), NaN of one town."""

    mean: float
    low: float
    high: float


def compare(
    policies: Sequence[str], seeds: Sequence[int], size: TownSize, rules: RecommendSettings
) -> Iterator[Outcome]:
    """Let every policy live in every town; outcomes come in the order of the policies, then of seeds.

    A process a core, each of one thread: so the same arguments give the same digits on any of them.
    """
    pairs = [(policy, seed) for policy in policies for seed in seeds]
    n_processes = min(len(pairs), cpu_count() or 1)
    with ProcessPoolExecutor(n_processes, get_context("spawn"), threadpool_limits, (1,)) as pool:
        runs = [pool.submit(outcome, policy, seed, size, rules) for policy, seed in pairs]
        for run in runs:
            yield run.result()


def outcome(policy: str, seed: int, size: TownSize, rules: RecommendSettings) -> Outcome:
    """Let one policy live in one town."""
    course = live(policy, seed, size, rules)
    counts = course.counts
    return Outcome(
        policy=policy,
        seed=seed,
        figures=figures(course),
        like_rate=[_ratio(one.liked, one.reached) for one in counts],
        here=[one.here / size.n_listeners for one in counts],
        share=course.share.round(4).tolist(),
        curiosity=course.people.curiosity.round(4).tolist(),
        realism=realism(course),
    )


def figures(course: Course) -> dict[str, float]:
    """Return ``FIGURES``: liked of reached tracks; the same of explored ones; tracks liked by the mean
    listener; how many tracks and artists ``FANS`` came to like; who is here at the end; lists opened of
    those of listeners here; the share of reached tracks that explored."""
    counts, (n, _) = course.counts, course.came_to_like.shape
    reached, liked, explored, explored_liked, opened, here = np.array(
        [(c.reached, c.liked, c.explored, c.explored_liked, c.opened, c.here) for c in counts]
    ).sum(axis=0)
    fans = course.came_to_like.sum(axis=0)
    by_artist = np.zeros((n, course.people.known_artists.shape[1]), bool)
    listener, track = np.nonzero(course.came_to_like)
    by_artist[listener, course.people.music.artist[track]] = True
    values = (
        _ratio(liked, reached), _ratio(explored_liked, explored), liked / n, (fans >= FANS).sum(),
        (by_artist.sum(axis=0) >= FANS).sum(), counts[-1].here / n, _ratio(opened, here),
        _ratio(explored, reached),
    )  # fmt: skip
    return {name: float(value) for name, value in zip(FIGURES, values, strict=True)}


def town_mean(values: Sequence[float]) -> TownMean:
    """Return the mean with its interval."""
    found, n = np.array(values, float), len(values)
    if n < 2:
        return TownMean(float(found.mean()), float("nan"), float("nan"))
    half = stats.t.ppf(0.975, n - 1) * found.std(ddof=1) / np.sqrt(n)
    return TownMean(float(found.mean()), float(found.mean() - half), float(found.mean() + half))


def table(outcomes: Sequence[Outcome]) -> dict[str, dict[str, TownMean]]:
    """Return each policy's figures, over its towns."""
    return {
        policy: {name: town_mean(values) for name, values in _by_figure(outcomes, policy).items()}
        for policy in dict.fromkeys(one.policy for one in outcomes)
    }


def differences(outcomes: Sequence[Outcome]) -> dict[str, dict[str, TownMean]]:
    """Return each policy's figures less those of the first, town by town."""
    first, *others = dict.fromkeys(one.policy for one in outcomes)
    base = _by_figure(outcomes, first)
    return {
        policy: {
            name: town_mean([value - other for value, other in zip(values, base[name], strict=True)])
            for name, values in _by_figure(outcomes, policy).items()
        }
        for policy in others
    }


def _by_figure(outcomes: Sequence[Outcome], policy: str) -> Mapping[str, list[float]]:
    return {name: [one.figures[name] for one in outcomes if one.policy == policy] for name in FIGURES}


def _ratio(part: float, whole: float) -> float:
    return float(part / whole) if whole else float("nan")


def mean_by_night(rows: Sequence[Sequence[float]]) -> Floats:
    """Return the mean over towns, night by night, without nights on which nobody opened a list."""
    return np.asarray(np.nanmean(np.array(rows, float), axis=0))
