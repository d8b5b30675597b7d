from datetime import date, timedelta
from math import log

import pytest

from jobs.validate.inputs.landed_plays import OWN_LOGS
from jobs.validate.inputs.volume import compared, largest_file, robust_z, volumes
from jobs.window import DAY

SUNDAY = date(2026, 6, 28)


def weeks(*n_plays: int) -> dict[date, dict[str, int]]:
    """As many Sundays before the night, the last one last."""
    return {SUNDAY - timedelta(weeks=len(n_plays) - nth): {"app": n} for nth, n in enumerate(n_plays)}


@pytest.mark.parametrize(
    ("n_plays", "history", "least_spread", "z"),
    [
        # The median is 10,000; every deviation but one is 0, so the least spread counts.
        (5_000, [10_000, 10_000, 10_000, 90_000], 0.08, log(0.5) / 0.08),
        (10_000, [10_000, 10_000, 10_000], 0.08, 0.0),
        # Deviations 0, ln 2, ln 2: their median times 1.4826.
        (40_000, [5_000, 10_000, 20_000], 0.08, log(4) / (1.4826 * log(2))),
        # Few plays: chance alone gives 2 / sqrt(16) = 0.5.
        (8, [16, 16, 16], 0.08, log(0.5) / 0.5),
        (0, [100, 100, 100], 0.08, log(0.5 / 100) / 0.2),
    ],
)
def test_the_robust_z_score_by_hand(n_plays, history, least_spread, z):
    assert robust_z(n_plays, history, least_spread) == pytest.approx(z)


def test_a_night_is_compared_with_its_weekday_where_there_are_three():
    counts = weeks(1, 1, 1) | {SUNDAY - timedelta(days=1): {"app": 9}}
    assert compared(counts, SUNDAY) == (sorted(weeks(1, 1, 1)), "Sundays")


def test_else_with_all_nights_of_four_weeks_and_never_with_later_ones():
    recent = [SUNDAY - timedelta(days=n) for n in (3, 2, 1)]
    counts = weeks(1, 1) | {day: {"app": 9} for day in recent}
    counts |= {SUNDAY + timedelta(days=1): {}, SUNDAY - timedelta(days=29): {}, SUNDAY: {}}
    nights, what = compared(counts, SUNDAY)
    assert (nights, what) == (sorted([*weeks(1, 1), *recent]), "nights")


def test_eight_weeks_and_four_weeks_are_their_first_day_included():
    eight = [SUNDAY - timedelta(weeks=n) for n in (8, 2, 1)]
    counts = {day: {"app": 1} for day in [*eight, SUNDAY - timedelta(weeks=9)]}
    assert compared(counts, SUNDAY) == (sorted(eight), "Sundays")
    four = [SUNDAY - timedelta(days=n) for n in (28, 2, 1)]
    counts = {day: {"app": 1} for day in [*four, SUNDAY - timedelta(days=30)]}
    assert compared(counts, SUNDAY) == (sorted(four), "nights")


def test_weekdays_among_themselves_may_differ_more():
    counts = {SUNDAY - timedelta(days=n): {"app": 10_000} for n in (1, 2, 3)}
    night, app = volumes(counts | {SUNDAY: {"app": 5_000}}, SUNDAY)
    assert night.z == app.z == pytest.approx(log(0.5) / 0.10)


def test_the_nights_volume_comes_first_and_its_sources_by_name():
    sources = ("tv", "car", "app", "web", "radio", "phone")
    counts = {SUNDAY: dict.fromkeys(sources[:4], 1), SUNDAY - DAY: dict.fromkeys(sources[2:], 1)}
    counts |= {SUNDAY - n * DAY: {} for n in (2, 3)}
    found = [(volume.scope, volume.sentence.split(":")[0]) for volume in volumes(counts, SUNDAY)]
    assert found == [("night", "all"), *(("source", name) for name in sorted(sources))]


def test_two_nights_of_history_judge_nothing():
    counts = {SUNDAY - timedelta(days=n): {"app": 10_000} for n in (1, 2)} | {SUNDAY: {"app": 1}}
    assert [(found.typical, found.z) for found in volumes(counts, SUNDAY)] == [(None, None)] * 2


def test_a_source_that_is_gone_is_there_with_no_plays():
    counts = weeks(1_000, 1_000, 1_000) | {SUNDAY: {"radio": 500}}
    found = {volume.sentence.split(":")[0]: volume for volume in volumes(counts, SUNDAY)}
    assert (found["app"].n_plays, found["app"].typical) == (0, 1_000)
    assert (found["radio"].n_plays, found["radio"].typical) == (500, 0)
    assert found["all"].z == pytest.approx(log(0.5) / 0.08)


def test_what_listeners_hand_in_is_no_source_that_may_be_missed():
    counts = weeks(1_000, 1_000, 1_000) | {SUNDAY: {"app": 1_000}}
    counts = {day: plays | ({OWN_LOGS: 500} if day != SUNDAY else {}) for day, plays in counts.items()}
    found = volumes(counts, SUNDAY)
    assert [volume.sentence.split(":")[0] for volume in found] == ["all", "app"]
    assert (found[0].n_plays, found[0].typical) == (1_000, 1_500)


def test_the_largest_file_of_the_night_is_named_with_its_owner():
    files = [
        {"kind": kind, "landed_on": day, "rows_accepted": n, "landing_file": name, "listener": who}
        for kind, day, n, name, who in [
            ("listens", SUNDAY, 10, "a", None), ("listens", SUNDAY, 1_000, "b", "vera"),
            ("tracks", SUNDAY, 2_000, "c", None), ("listens", SUNDAY - DAY, 3_000, "d", None),
        ]
    ]  # fmt: skip
    said = "; the largest file of vera is b, 1,000 rows"
    assert largest_file(files, SUNDAY) == said
    assert largest_file(files[:1], SUNDAY) == "; the largest file is a, 10 rows"
    assert largest_file(files[2:], SUNDAY) == ""
    first, *others = volumes({SUNDAY: {"app": 1, "tv": 2}}, SUNDAY, said)
    assert first.sentence == f"all: 3 plays; 0 nights before: not judged{said}"
    assert not any(said in found.sentence for found in others)
