"""How many plays were heard in a night, against the nights before it."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from statistics import median
from typing import Any

from jobs.validate.inputs.landed_plays import ANY, HISTORY, OWN_LOGS, Plays
from jobs.window import DAY

Counts = Mapping[date, Mapping[str, int]]

# Two nights say nothing of how much nights differ.
MIN_NIGHTS = 3
# No history is so even that a tenth less would be news; weekdays among themselves differ more.
LEAST_SPREAD, LEAST_SPREAD_ACROSS_WEEKDAYS = 0.08, 0.10
# Median absolute deviation to standard deviation, of a normal distribution.
MAD_TO_SIGMA = 1.4826


@dataclass(frozen=True)
class Volume:
    """Plays of the night (``scope`` "night") or of one of its sources (``scope`` "source").

    ``typical`` is the median of the nights compared with and ``z`` the robust z-score; both are null
    where fewer than MIN_NIGHTS nights came before. ``sentence`` says it in words.
    """

    scope: str
    n_plays: int
    typical: float | None
    z: float | None
    sentence: str


def by_source(plays: Mapping[date, Plays]) -> Counts:
    """Plays heard by each landing day, by source."""
    return {
        day: {source: n for (source, feature, _), n in counts.items() if feature == ANY}
        for day, counts in plays.items()
    }


def largest_file(files: Iterable[Mapping[str, Any]], night: date) -> str:
    """Say which of the night's files of listens has the most rows, and whose it is; "" without any."""
    landed = [f for f in files if f["kind"] == "listens" and f["landed_on"] == night]
    most = max(landed, key=lambda f: (f["rows_accepted"], f["landing_file"]), default=None)
    if most is None:
        return ""
    whose = f" of {most['listener']}" if most.get("listener") else ""
    return f"; the largest file{whose} is {most['landing_file']}, {most['rows_accepted']:,} rows"


def volumes(counts: Counts, night: date, largest: str = "") -> list[Volume]:
    """Return the night's volume first, whose sentence ends with ``largest``, then each source's that it
    has or that the nights before had. What listeners hand in themselves comes and goes, and is no source
    to be judged."""
    nights, what = compared(counts, night)
    least = LEAST_SPREAD_ACROSS_WEEKDAYS if what == "nights" else LEAST_SPREAD
    tonight = counts.get(night, {})
    everything = [sum(counts[day].values()) for day in nights]
    all_plays = _volume("night", "all", sum(tonight.values()), everything, least, what)
    found = [replace(all_plays, sentence=all_plays.sentence + largest)]
    for source in sorted({*tonight, *(name for day in nights for name in counts[day])} - {OWN_LOGS}):
        history = [counts[day].get(source, 0) for day in nights]
        found.append(_volume("source", source, tonight.get(source, 0), history, least, what))
    return found


def compared(counts: Counts, night: date) -> tuple[list[date], str]:
    """Return the nights to compare with: the same weekday's of the last 8 weeks, or where there are
    fewer than MIN_NIGHTS all of the last 4 weeks; and what they are, for a person."""
    before = sorted(day for day in counts if night - HISTORY <= day < night)
    alike = [day for day in before if day.weekday() == night.weekday()]
    if len(alike) >= MIN_NIGHTS:
        return alike, f"{night:%A}s"
    return [day for day in before if day >= night - 28 * DAY], "nights"


def robust_z(n_plays: int, history: Sequence[int], least_spread: float) -> float:
    """Return (ln n - median) / spread, over the logarithms of the history.

    The spread is 1.4826 times their median absolute deviation, but no less than ``least_spread`` and
    twice what chance alone gives so many plays. No plays count as half a one.
    """
    logs = [math.log(max(n, 0.5)) for n in history]
    middle = median(logs)
    deviation = MAD_TO_SIGMA * median(abs(log - middle) for log in logs)
    by_chance = 2 / math.sqrt(math.exp(middle))
    return (math.log(max(n_plays, 0.5)) - middle) / max(deviation, least_spread, by_chance)


def _volume(
    scope: str, name: str, n_plays: int, history: Sequence[int], least: float, what: str
) -> Volume:
    sentence = f"{name}: {n_plays:,} plays"
    if len(history) < MIN_NIGHTS:
        return Volume(
            scope, n_plays, None, None, f"{sentence}; {len(history)} {what} before: not judged"
        )
    typical, z = median(history), robust_z(n_plays, history, least)
    sentence = f"{sentence}; {typical:,.0f} is the median of {len(history)} {what} (z {z:+.1f})"
    return Volume(scope, n_plays, typical, z, sentence)
