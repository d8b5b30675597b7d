from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime

import pytest

from jobs.lake.arrow import table_rows
from jobs.lake.catalog import TABLES
from jobs.lake.schemas import arrow_schema, spark_schema
from jobs.lake.tables import Lake
from jobs.settings import LakeSettings

pytestmark = pytest.mark.spark
D1, D2 = date(2026, 6, 27), date(2026, 6, 28)


def neighbors(lake: Lake, rows: list[tuple[date, str, str, float]]):
    full = [(day, user, other, r, 9, r, 1, "similar") for day, user, other, r in rows]
    return lake.spark.createDataFrame(full, spark_schema(TABLES["neighbors"]))


def listed(lake: Lake) -> list[tuple[date, str, str, float]]:
    rows = lake.read("neighbors").orderBy("as_of", "user_id", "neighbor_id").collect()
    return [(row.as_of, row.user_id, row.neighbor_id, row.pearson) for row in rows]


def test_a_table_never_written_reads_as_no_rows_with_its_columns(lake):
    rows = lake.read("neighbors")
    assert rows.count() == 0
    assert rows.columns == list(TABLES["neighbors"].column_names)
    assert lake.version("neighbors") == -1


def test_replacing_a_night_leaves_the_others_alone(lake):
    lake.replace_night(neighbors(lake, [(D2, "a", "b", 0.5)]), "neighbors", D2)
    lake.replace_night(neighbors(lake, [(D1, "a", "b", 0.1), (D1, "a", "c", 0.2)]), "neighbors", D1)
    lake.replace_night(neighbors(lake, [(D1, "a", "d", 0.3)]), "neighbors", D1)
    assert listed(lake) == [(D1, "a", "d", 0.3), (D2, "a", "b", 0.5)]


def test_no_rows_empty_the_night(lake):
    lake.replace_night(neighbors(lake, [(D1, "a", "b", 0.1), (D2, "a", "b", 0.5)][:1]), "neighbors", D1)
    lake.replace_night(neighbors(lake, []), "neighbors", D1)
    assert listed(lake) == []


def test_a_night_cannot_write_another_nights_rows(lake):
    with pytest.raises(Exception, match="DELTA_REPLACE_WHERE"):
        lake.replace_night(neighbors(lake, [(D2, "a", "b", 0.5)]), "neighbors", D1)
    assert listed(lake) == []


def test_delta_rs_reads_the_same_types_as_the_catalog_says(lake, settings):
    lake.replace_night(neighbors(lake, [(D1, "a", "b", 0.1)]), "neighbors", D1)
    table = table_rows(settings, "neighbors").to_table()
    wanted = arrow_schema(TABLES["neighbors"])
    assert {f.name: f.type for f in table.schema} == {f.name: f.type for f in wanted}


def test_a_lake_may_be_in_a_folder_whose_name_is_not_plain_sql(spark, settings, tmp_path):
    root = LakeSettings(root=str(tmp_path / "Ada's `old` lake"))
    lake = Lake(spark, settings.model_copy(update={"lake": root}))
    lake.merge(neighbors(lake, [(D1, "a", "b", 0.1)]), "neighbors")
    lake.merge(neighbors(lake, [(D1, "a", "b", 0.9), (D1, "a", "c", 0.2)]), "neighbors")
    lake.delete("neighbors", "neighbor_id = 'b'")
    assert listed(lake) == [(D1, "a", "c", 0.2)]


def test_tables_are_merged_by_threads_of_one_session_at_the_same_time(lake):
    names = ["neighbors", "ratings"]
    schemas = {name: spark_schema(TABLES[name]) for name in names}
    empty = {name: lake.spark.createDataFrame([], schemas[name]) for name in names}

    def merge_thrice(name):
        for _ in range(3):
            lake.merge(empty[name], name)

    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(merge_thrice, names)) == [None, None]
    assert lake.exists("neighbors")
    assert lake.exists("ratings")


def test_a_table_of_before_is_given_what_the_catalog_has_made_optional_since(lake):
    table = TABLES["audio_features"]
    old = ", ".join(f"`{c.name}` {c.type} NOT NULL" for c in table.columns)
    lake.spark.sql(f"CREATE TABLE delta.`{lake.path('audio_features')}` ({old}) USING delta")
    before = [(track, *[0.5] * 2, 1, 0.5, 1, *[0.5] * 5, tempo, 9, 4, "given", D1, "f")
              for track, tempo in (("a", 90.0), ("b", 0.0))]  # fmt: skip
    lake.append(lake.spark.createDataFrame(before, spark_schema(table)), "audio_features")
    newer = [("b", *before[1][1:11], None, *before[1][12:])]
    lake.merge(lake.spark.createDataFrame(newer, spark_schema(table)), "audio_features",
               update_when="true")  # fmt: skip
    rows = lake.read("audio_features").orderBy("track_id").collect()
    assert [row.tempo for row in rows] == [90.0, None]


def test_an_old_table_reads_and_takes_columns_that_came_later(lake):
    table = TABLES["listens"]
    old = [c for c in table.columns if c.name not in ("private", "end_reason")]
    columns = ", ".join(f"`{c.name}` {c.type} {'' if c.nullable else 'NOT NULL'}" for c in old)
    path = f"delta.`{lake.path('listens')}`"
    lake.spark.sql(
        f"CREATE TABLE {path} ({columns}) USING delta PARTITIONED BY (listened_on) TBLPROPERTIES "
        "('delta.dataSkippingStatsColumns' = 'listened_at,landed_on,landing_file')"
    )
    assert lake.read("listens").columns[-2:] == ["private", "end_reason"]
    row = ("l", "u", "t", datetime(2026, 6, 28, 9), 1, None, None, None, True, "done", D2, D2, "f")
    lake.append(lake.spark.createDataFrame([row], spark_schema(table)), "listens")
    assert [(r.private, r.end_reason) for r in lake.read("listens").collect()] == [(True, "done")]


def test_describe_says_what_the_table_and_its_columns_mean(lake):
    lake.replace_night(neighbors(lake, [(D1, "a", "b", 0.1)]), "neighbors", D1)
    described = lake.spark.sql(f"DESCRIBE delta.`{lake.path('neighbors')}`").collect()
    comments = {row.col_name: row.comment for row in described}
    assert (
        comments["similarity"] == "the correlation, shrunk where the overlap is small: docs/neighbors.md"
    )
    assert comments["rank"] == "place in the band, from 1"
    assert all(comments[name] for name in TABLES["neighbors"].column_names)
