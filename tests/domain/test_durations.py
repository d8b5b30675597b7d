"""A track's duration by Spark and by Arrow, from one table in which every order disagrees."""

from datetime import date

import pyarrow as pa
import pytest

from jobs.domain.durations import deciding_rows, newest_duration_rows, newest_durations

CATALOG = [
    ("both", 40_000, 1, "a"),
    ("later day", 50_000, 2, "a"), ("later day", 30_000, 1, "z"),
    ("later file", 20_000, 1, "z"), ("later file", 60_000, 1, "a"),
    ("catalog says nothing", 0, 9, "z"), ("catalog says nothing", None, 8, "z"),
    ("older is known", 10_000, 1, "a"), ("older is known", None, 2, "a"),
]  # fmt: skip
FEATURES = [
    ("both", 70_000, 9, "z"), ("catalog says nothing", 80_000, 1, "a"),
    ("features alone", 90_000, 1, "a"), ("features alone", 0, 2, "a"),
    ("nowhere", None, 1, "a"), ("nowhere", -5, 1, "b"),
]  # fmt: skip
KNOWN = {
    "both": 40_000, "later day": 50_000, "later file": 20_000, "catalog says nothing": 80_000,
    "older is known": 10_000, "features alone": 90_000,
}  # fmt: skip


def history(rows, **more):
    """Rows (track_id, duration_ms, day landed, file) as a table."""
    track, duration, day, file = zip(*rows, strict=True)
    landed = pa.array([date(2026, 6, n) for n in day])
    columns = {"track_id": track, "duration_ms": pa.array(duration, pa.int64()), "landed_on": landed}
    return pa.table(columns | {"landing_file": file} | more)


def test_the_catalogs_newest_comes_before_the_features_newest():
    found = newest_duration_rows(history(CATALOG), history(FEATURES))
    assert found.column_names == ["track_id", "duration_ms"]
    assert dict(zip(*found.to_pydict().values(), strict=True)) == KNOWN
    assert found["track_id"].to_pylist() == sorted(KNOWN)


@pytest.mark.spark
def test_spark_finds_the_same(spark):
    tables = (spark.createDataFrame(history(rows)) for rows in (CATALOG, FEATURES))
    found = [tuple(row) for row in newest_durations(*tables).collect()]
    assert sorted(found) == sorted(KNOWN.items())


def test_a_column_before_the_order_decides_between_catalog_and_features():
    catalog = history([("x", 40_000, 1, "a"), ("y", 50_000, 1, "a")], known=[False, True])
    features = history([("x", 70_000, 1, "a"), ("y", 80_000, 1, "a")], known=[True, True])
    found = newest_duration_rows(catalog, features, before=("known",))
    assert found["duration_ms"].to_pylist() == [70_000, 50_000]


def test_only_durations_under_twice_the_least_play_decide():
    found = deciding_rows(newest_duration_rows(history(CATALOG), history(FEATURES)), 25_000)
    assert found["track_id"].to_pylist() == ["both", "later file", "older is known"]
