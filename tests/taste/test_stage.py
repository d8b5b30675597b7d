from datetime import UTC, date, datetime

import pytest

from jobs.errors import NoInputError
from jobs.stage import Night
from jobs.taste.stage import build_taste
from jobs.window import Window
from tests.tables import put

pytestmark = pytest.mark.spark
D1, D2 = date(2026, 6, 27), date(2026, 6, 28)


def land(settings, *days):
    vector = (0.5, 0.5, 1, -9.0, 1, 0.1, 0.1, 0.1, 0.1, 0.5, 120.0, 200_000, 4)
    at = {day: datetime(day.year, day.month, day.day, 12, tzinfo=UTC) for day in days}
    listens = [(f"l{d.day}", "u", "t", at[d], 200_000, False, *[None] * 4, d, d, "f") for d in days]
    put(settings, "listens", listens)
    put(settings, "audio_features_history", [("t", *vector, "given", day, "f") for day in days])


def test_a_night_sees_what_had_landed_and_a_second_run_gives_the_same_rows(lake, settings):
    land(settings, D1, D2)
    seen = []
    for day in (D2, D1, D2):
        night = Night(Window.night(day), settings)
        build_taste(night)
        row = lake.read("ratings", day).first()
        seen.append((row.n_plays, row.rating, lake.read("taste_profiles", day).first().weight))
        assert (night.summary.rows_in, night.summary.rows_out) == (row.n_plays, 1)
    assert [n for n, _, _ in seen] == [2, 1, 2]
    assert seen[0] == seen[2]
    assert lake.read("ratings").count() == 2


def test_no_listens_is_said_not_written(lake, settings):
    with pytest.raises(NoInputError, match=r"nobody .* 365 days before 2026-06-29"):
        build_taste(Night(Window.night(D2), settings))
    assert not lake.exists("ratings")


def test_nothing_but_starts_is_said_with_their_number(lake, settings):
    noon = datetime(2026, 6, 28, 12, tzinfo=UTC)
    starts = [
        (f"l{n}", "u", "t", noon, 0, False, None, None, None, "trackerror", D2, D2, "f") for n in "ab"
    ]
    private = [("l", "v", "t", noon, 200_000, False, None, None, True, None, D2, D2, "f")]
    put(settings, "listens", starts + private)
    night = Night(Window.night(D2), settings)
    with pytest.raises(NoInputError, match=r"is a play or a skip \(starts 2, private 1\): ingest"):
        build_taste(night)
    assert night.summary.details["starts"] == 2
    assert not lake.exists("ratings")
