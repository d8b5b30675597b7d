"""How the town's listening looks: figures to be read beside those of real logs, and never a test."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from jobs.domain.arrays import Floats, Ints

if TYPE_CHECKING:
    from jobs.simulate.closed_loop import Course

# Of a log; a log of years repeats more than one of weeks.
WINDOW_DAYS = 60
RANKS = (1, 5, 10, 20)


@dataclass(frozen=True)
class Realism:
    """Of a log; NaN for what it does not tell.

    ``plays``: median listens on a day of listening; ``gap_one``: share of days of listening that are
    followed by one the day after, ``gap`` the mean days in between; ``repeats``: share of listens of a
    track heard before in the log; ``top_1``, ``top_10``: share of listens that fall to the first 1 % and
    10 % of its tracks; ``skips``: share of listens that are skipped, at ranks 1, 5, 10 and 20.
    """

    plays: float
    gap_one: float
    gap: float
    repeats: float
    top_1: float
    top_10: float
    skips: tuple[float, ...]


def realism(course: "Course") -> Realism:
    """Describe a course of the town."""
    day = np.repeat(np.arange(len(course.log)), [len(heard.track) for heard in course.log])
    listener = np.concatenate([heard.listener for heard in course.log])
    track = np.concatenate([heard.track for heard in course.log])
    reached = np.where(course.reached_at > 0, course.reached_at, 1)
    skips = np.where(course.reached_at > 0, course.skipped_at / reached, np.nan)
    at_ranks = tuple(float(skips[rank - 1]) for rank in RANKS if rank <= len(skips))
    return describe(listener, day, track, at_ranks)


def describe(listener: Ints, day: Ints, track: Ints, skips: tuple[float, ...] = ()) -> Realism:
    """Describe listens, a row each, in the order in which they were heard; days are counted from 0."""
    days, n_on = np.unique(np.stack([listener, day], axis=1), axis=0, return_counts=True)
    gaps = np.diff(days[:, 1])[np.diff(days[:, 0]) == 0]
    seen = np.unique(np.stack([listener, track], axis=1), axis=0)
    of_track = np.sort(np.unique(track, return_counts=True)[1])[::-1]
    return Realism(
        plays=float(np.median(n_on)),
        gap_one=float((gaps == 1).mean()) if len(gaps) else float("nan"),
        gap=float(gaps.mean()) if len(gaps) else float("nan"),
        repeats=1 - len(seen) / len(track),
        top_1=top_share(of_track, 0.01),
        top_10=top_share(of_track, 0.1),
        skips=skips,
    )


def top_share(n_listens: Ints | Floats, share: float) -> float:
    """Return the share of all listens that the first ``share`` of tracks have; listens by track, the
    greatest first."""
    n = max(1, round(len(n_listens) * share))
    return float(n_listens[:n].sum() / n_listens.sum())
