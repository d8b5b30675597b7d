from datetime import timedelta
from math import log

import numpy as np
import pytest

from expectations.drift import BINS
from jobs.validate.inputs.drift import MAX_SOURCES, drift, drifts, in_periods, psi
from jobs.validate.inputs.landed_plays import ANY
from tests.validate.rows import NIGHT


def test_the_index_by_hand():
    # Shares with half a play more: 25/50 and 25/50 before, 12.5/50 and 37.5/50 tonight.
    counts = np.array([[24.5, 12.0], [24.5, 37.0]])
    assert psi(counts) == pytest.approx(-0.25 * log(0.5) + 0.25 * log(1.5))
    assert psi(counts[:, ::-1]) == pytest.approx(psi(counts))


def test_equal_shares_and_an_empty_bin_are_finite():
    assert psi(np.array([[100.0, 1000.0], [100.0, 1000.0]])) == pytest.approx(0, abs=1e-4)
    assert 1 < psi(np.array([[100.0, 0.0], [100.0, 200.0]])) < 10


def test_few_plays_are_not_judged():
    assert drift("energy", None, {0: [5_000, 999]}).psi is None
    assert drift("energy", None, {0: [5_000, 1_000]}).psi == 0
    few = drift("energy", "app", {0: [900, 3_000], 1: [99, 2_000]})
    assert (few.psi, few.sentence) == (None, "app: 5,000 plays against 999: too few to judge")


def test_all_sources_their_mix_and_each_of_them_are_judged():
    one = {0: [1_000, 0], 1: [1_000, 2_000]}
    other = {0: [1_000, 2_000], 1: [1_000, 0]}
    found = drifts(
        {(name, source): bins for name in BINS for source, bins in (("app", one), ("tv", other))}
    )
    index = {(each.feature, each.source): each.psi for each in found}
    assert len(index) == len(BINS) * 3 + 1
    assert index["energy", None] == pytest.approx(0)
    assert index["source", None] == pytest.approx(0)
    assert index["energy", "app"] == pytest.approx(index["energy", "tv"])
    assert index["energy", "app"] > 1
    whole = next(each for each in found if (each.feature, each.source) == ("energy", None))
    assert whole.sentence == "PSI 0.000, all: 4,000 plays against 4,000"


def test_the_largest_sources_are_judged_by_themselves_and_of_equal_ones_the_first_by_name():
    sizes = {f"s{nth:02}": 2_000 + nth for nth in range(MAX_SOURCES + 1)} | {"a": 2_001, "z": 2_001}
    found = drifts({(name, source): {0: [n, n]} for name in BINS for source, n in sizes.items()})
    judged = {each.source for each in found if each.source}
    assert judged == {f"s{nth:02}" for nth in range(2, MAX_SOURCES + 1)} | {"a"}


def test_a_night_stands_against_the_week_before_it():
    week, day_before = NIGHT - timedelta(days=7), NIGHT - timedelta(days=1)
    plays = {
        week - timedelta(days=1): {("app", "energy", 0): 100},
        week: {("app", "energy", 0): 1, ("app", ANY, 0): 5},
        day_before: {("app", "energy", 0): 10, ("tv", "energy", 3): 7},
        NIGHT: {("app", "energy", 0): 2, ("app", "energy", 9): 4},
        NIGHT + timedelta(days=1): {("app", "energy", 0): 100},
    }
    assert in_periods(plays, NIGHT) == {
        ("energy", "app"): {0: [11, 2], 9: [0, 4]}, ("energy", "tv"): {3: [7, 0]},
    }  # fmt: skip
