"""Findings about last week's lists, from figures of a few nights."""

from datetime import date, timedelta

import pytest

from jobs.lake.arrow import replace
from jobs.validate.playlists.quality import against_history, against_popularity, read_findings

TONIGHT = date(2026, 6, 28)
JUDGED = date(2026, 6, 20)  # its seven days of plays ended on the 27th


def figure(age, low, high, contender="published", **changes):
    """A row of evaluations of the night so many days before the judged one."""
    return {
        "as_of": JUDGED - timedelta(days=age), "n_days": 7, "task": "discovery", "slice": "all",
        "contender": contender, "metric": "NDCG@10", "n_listeners": 50, "value": (low + high) / 2,
        "low": low, "high": high, "difference": None, "difference_low": None, "difference_high": None,
    } | changes  # fmt: skip


BEFORE = [
    figure(age, low, low + 0.02) for age, low in ((1, 0.09), (2, 0.10), (3, 0.08), (9, 0.2), (28, 0))
]
PEER = {"contender": "popularity", "difference": 0.02}


@pytest.mark.parametrize(
    ("high", "before", "worse"),
    [
        (0.0899, BEFORE, True),  # the middle of the lower ends is .09
        (0.09, BEFORE, False),
        (0.0899, BEFORE[1:], None),
        (0.0899, [], None),
    ],
)
def test_worse_than_before_is_an_interval_below_what_is_usual(high, before, worse):
    assert against_history([figure(0, 0.01, high), *before], JUDGED).surely_worse is worse


def test_a_night_that_was_not_evaluated_is_not_judged():
    assert against_history(BEFORE, JUDGED).surely_worse is None
    assert against_popularity(BEFORE, JUDGED).surely_worse is None
    assert against_popularity([figure(0, 0, 1, "popularity")], JUDGED).surely_worse is None


@pytest.mark.parametrize(("low", "worse"), [(0.001, True), (0.0, False), (-0.001, False)])
def test_worse_than_popularity_is_a_difference_surely_above_zero(low, worse):
    rows = [figure(0, 0.1, 0.2), figure(0, 0.1, 0.2, difference_low=low, **PEER)]
    found = against_popularity(rows, JUDGED)
    assert found.surely_worse is worse
    assert f"{JUDGED}: +0.0200, at least {low:+.4f}" in found.sentence


def test_a_night_looks_at_what_was_evaluated_before_it_and_at_that_figure_alone(settings):
    other = {"task": "relisten"}, {"slice": "niche"}, {"metric": "MAP@10"}, {"contender": "explore"}
    rows = [
        figure(0, 0.01, 0.05), *BEFORE, figure(29, 0.9, 0.95), figure(-1, 0.9, 0.95),
        figure(0, 0, 1, difference_low=0.01, **PEER),
        *(figure(age, 0.9, 0.95) | changes for age in range(6) for changes in other),
    ]  # fmt: skip
    replace(settings, "evaluations", rows, "true")
    history, peer = read_findings(settings, TONIGHT).to_pylist()
    assert (history["surely_worse"], peer["surely_worse"]) == (True, True)
    assert history["sentence"].endswith("usually at least 0.0900 (5 nights)")


def test_without_any_evaluation_nothing_is_judged(settings):
    found = read_findings(settings, TONIGHT).to_pylist()
    assert [row["surely_worse"] for row in found] == [None, None]
    assert [row["finding"] for row in found] == ["lists_are_as_good_as_before", "lists_beat_popularity"]
