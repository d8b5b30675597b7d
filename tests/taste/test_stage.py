from datetime import UTC, date, datetime

import pytest

from jobs.errors import NoInputError
from jobs.lake.catalog import TABLES
from jobs.lake.schemas import spark_schema
from jobs.stage import Night
from jobs.taste.stage import build_taste
from jobs.window import Window

pytestmark = pytest.mark.spark
D1, D2 = date(2026, 6, 27), date(2026, 6, 28)


def land(lake, day):
    at = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    listen = (f"l{day.day}", "u", "t", at, 200_000, False, None, None, day, day, "f")
    rows = lake.spark.createDataFrame([listen], spark_schema(TABLES["listens"]))
    lake.replace(rows, "listens", f"listened_on = DATE'{day}'")
    vector = (0.5, 0.5, 1, -9.0, 1, 0.1, 0.1, 0.1, 0.1, 0.5, 120.0, 200_000, 4)
    features = [("t", *vector, "given", day, "f")]
    rows = lake.spark.createDataFrame(features, spark_schema(TABLES["audio_features_history"]))
    lake.replace(rows, "audio_features_history", f"landed_on = DATE'{day}'")


def test_a_night_sees_what_had_landed_and_a_second_run_gives_the_same_rows(lake, settings):
    for day in (D1, D2):
        land(lake, day)
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
    with pytest.raises(NoInputError, match="365 days before 2026-06-29"):
        build_taste(Night(Window.night(D2), settings))
    assert not lake.exists("ratings")
