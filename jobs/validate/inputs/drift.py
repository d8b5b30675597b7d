"""How far what was played in a night is from what was played in the week before it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from expectations.drift import BINS, SOURCE_MIX
from jobs.validate.inputs.landed_plays import Plays
from jobs.window import DAY

# A week before the night: every weekday once.
REFERENCE = 7 * DAY
# Below it the index is mostly chance: with 10 bins it is 9 / n on average for equal distributions.
MIN_PLAYS = 1_000
# What one row of a chart can hold; the smaller ones are in the index of all sources.
MAX_SOURCES = 20

# Plays by bin: before the night, and in it.
Bins = dict[int, list[int]]


@dataclass(frozen=True)
class Drift:
    """The population stability index of one feature; null with fewer than MIN_PLAYS plays on a side."""

    feature: str
    source: str | None
    psi: float | None
    sentence: str


def in_periods(plays: Mapping[date, Plays], night: date) -> dict[tuple[str, str], Bins]:
    """Plays of the night and of the week before it, by feature and source, bin, and period."""
    counted = (
        (day, *of, n)
        for day, counts in plays.items()
        if night - REFERENCE <= day <= night
        for of, n in counts.items()
    )
    found: dict[tuple[str, str], Bins] = {}
    for day, source, feature, number, n in counted:
        if feature in BINS:
            pair = found.setdefault((feature, source), {}).setdefault(number, [0, 0])
            pair[day == night] += n
    return found


def drifts(by_source: Mapping[tuple[str, str], Bins]) -> list[Drift]:
    """Return the index of every feature over all sources, of the mix of sources, and of each large
    source."""
    sources = sorted({source for _, source in by_source})
    totals = {source: _total(by_source.get((next(iter(BINS)), source), {})) for source in sources}
    found = [
        drift(name, None, _merge(by_source.get((name, source), {}) for source in sources))
        for name in BINS
    ]
    found.append(drift(SOURCE_MIX, None, {i: totals[source] for i, source in enumerate(sources)}))
    largest = sorted(sources, key=lambda source: (-sum(totals[source]), source))[:MAX_SOURCES]
    found += [
        drift(name, source, by_source.get((name, source), {})) for source in largest for name in BINS
    ]
    return found


def drift(feature: str, source: str | None, bins: Bins) -> Drift:
    """Return the index of one histogram of pairs (before, tonight)."""
    before, tonight = _total(bins)
    sentence = f"{source or 'all'}: {tonight:,} plays against {before:,}"
    if min(before, tonight) < MIN_PLAYS:
        return Drift(feature, source, None, f"{sentence}: too few to judge")
    index = psi(np.array(list(bins.values()), np.float64))
    return Drift(feature, source, index, f"PSI {index:.3f}, {sentence}")


def psi(counts: NDArray[np.float64]) -> float:
    """Sum of (p - q) ln(p / q) over the rows (before, tonight) of counts; half a play is added to each,
    so that an empty bin is finite."""
    before, tonight = (counts + 0.5).T
    p, q = before / before.sum(), tonight / tonight.sum()
    return float(np.sum((q - p) * np.log(q / p)))


def _merge(histograms: Iterable[Bins]) -> Bins:
    merged: Bins = {}
    for histogram in histograms:
        for number, (before, tonight) in histogram.items():
            counted = merged.setdefault(number, [0, 0])
            counted[0] += before
            counted[1] += tonight
    return merged


def _total(bins: Bins) -> list[int]:
    return [sum(pair[side] for pair in bins.values()) for side in (0, 1)]
