"""Reading the tables without Spark: what is read, and how a process that has read ends."""

import ast
import os
import subprocess
import sys
from datetime import UTC, date, datetime
from pathlib import Path

import boto3
import pyarrow as pa
import pyarrow.dataset as ds
import pytest
from deltalake import DeltaTable, write_deltalake

from jobs.lake.arrow import night_rows, replace, replace_night, storage_options, table_rows, version
from jobs.lake.catalog import TABLES
from jobs.lake.schemas import arrow_schema
from jobs.settings import LakeSettings, Settings

HOUSE = Path(__file__).parents[2]
D1, D2 = date(2026, 6, 27), date(2026, 6, 28)
# Delta-rs' ways to Arrow whose file system is Python's; ``to_pandas`` of a table goes the same way.
OTHER_DOORS = {"to_pyarrow_dataset", "to_pyarrow_table"}
ENDS = 12


def rated(as_of: date, *ratings: tuple[str, float]) -> list[dict[str, object]]:
    return [
        {"as_of": as_of, "user_id": "a", "track_id": track, "rating": rating, "n_plays": 1, "n_skips": 0}
        for track, rating in ratings
    ]


def ratings(rows) -> list[tuple[date, str, float]]:
    found = rows.to_table(["as_of", "track_id", "rating"]).to_pylist()
    return sorted(tuple(row.values()) for row in found)


def test_rows_of_a_night_or_of_all_nights_at_a_version(settings):
    replace_night(settings, "ratings", rated(D1, ("t2", 1.0), ("t1", 2.0)), D1)
    replace_night(settings, "ratings", rated(D2, ("t3", 3.0)), D2)
    replace_night(settings, "ratings", rated(D1, ("t4", 4.0)), D1)
    assert ratings(table_rows(settings, "ratings")) == [(D1, "t4", 4.0), (D2, "t3", 3.0)]
    assert ratings(night_rows(settings, "ratings", D1)) == [(D1, "t4", 4.0)]
    assert ratings(night_rows(settings, "ratings", D1, 1)) == [(D1, "t1", 2.0), (D1, "t2", 1.0)]
    assert ratings(table_rows(settings, "ratings", 0)) == [(D1, "t1", 2.0), (D1, "t2", 1.0)]
    assert version(settings, "ratings") == 2


def test_a_table_never_written_has_its_columns_and_no_rows(settings):
    assert table_rows(settings, "ratings").to_table().schema == arrow_schema(TABLES["ratings"])
    assert night_rows(settings, "ratings", D1).count_rows() == 0
    assert version(settings, "ratings") == -1


def test_a_new_table_tells_what_its_columns_mean_and_an_older_one_keeps_what_it_tells(settings):
    replace_night(settings, "ratings", rated(D1, ("t1", 1.0)), D1)
    table = DeltaTable(f"{settings.lake.root}/ratings")
    assert table.metadata().description == "one listener's rating of a track on a night"
    told = {field.name: field.metadata["comment"] for field in table.schema().fields}
    assert told == {column.name: column.meaning for column in TABLES["ratings"].columns}
    table.alter.set_column_metadata("rating", {"comment": "as it was called before"})
    replace_night(settings, "ratings", rated(D2, ("t1", 1.0)), D2)
    table = DeltaTable(f"{settings.lake.root}/ratings")
    assert table.schema().fields[3].metadata == {"comment": "as it was called before"}
    assert len(ratings(table_rows(settings, "ratings"))) == 2


def test_a_night_is_not_written_with_rows_of_another(settings):
    with pytest.raises(Exception, match="as_of"):
        replace_night(settings, "ratings", rated(D2, ("t1", 1.0)), D1)
    assert table_rows(settings, "ratings").count_rows() == 0


@pytest.mark.parametrize("folder", ["Ada's `old` lake", "lac d'été", "relative"])
def test_a_lake_may_be_in_any_folder(settings, tmp_path, monkeypatch, folder):
    monkeypatch.chdir(tmp_path)
    root = folder if folder == "relative" else str(tmp_path / folder)
    settings = settings.model_copy(update={"lake": LakeSettings(root=root)})
    replace_night(settings, "ratings", rated(D1, ("t1", 1.0)), D1)
    assert ratings(table_rows(settings, "ratings")) == [(D1, "t1", 1.0)]


def old_listens(settings: Settings) -> None:
    """A table as it was before ``private`` and ``end_reason``; its columns in another order."""
    schema = arrow_schema(TABLES["listens"])
    old = pa.schema([schema.field(name) for name in reversed(schema.names) if name not in NEW])
    values = dict.fromkeys(old.names) | {
        "listen_id": "l1", "user_id": "u", "track_id": "t", "ms_played": 5, "listened_on": D1,
        "listened_at": datetime(2026, 6, 27, 8, tzinfo=UTC), "landed_on": D1, "landing_file": "f",
    }  # fmt: skip
    write_deltalake(
        f"{settings.lake.root}/listens",
        pa.Table.from_pylist([values], old),
        partition_by=["listened_on"],
        storage_options=storage_options(settings),
    )


NEW = ("private", "end_reason")


def test_a_column_that_an_old_table_lacks_is_null(settings):
    old_listens(settings)
    rows = table_rows(settings, "listens")
    (row,) = rows.to_table(["listen_id", "private", "end_reason"]).to_pylist()
    assert row == {"listen_id": "l1", "private": None, "end_reason": None}
    assert rows.schema.field("private").type == pa.bool_()
    assert rows.count_rows(filter=ds.field("private").is_null()) == 1


def test_an_old_table_gets_its_new_columns_when_it_is_written(settings):
    schema = arrow_schema(TABLES["landing_files"])
    row = {
        "landing_file": "a", "kind": "listens", "landed_on": D1, "fingerprint": "x", "source": "s",
        "rows_read": 1, "rows_accepted": 1, "rows_quarantined": 0, "rows_duplicate": 0,
        "status": "ingested", "unknown_columns": [], "rows_left_out": 7, "notes": [],
    }  # fmt: skip
    lacking = pa.schema([field for field in schema if not field.nullable])
    old = pa.schema([field for field in lacking if field.name not in ("rows_left_out", "notes")])
    path = f"{settings.lake.root}/landing_files"
    write_deltalake(path, pa.Table.from_pylist([row], old))
    replace(
        settings, "landing_files", [row | {"landing_file": "b", "reason": "why"}], "landing_file = 'b'"
    )
    found = table_rows(settings, "landing_files").to_table(["landing_file", "reason"])
    assert sorted(found.to_pylist(), key=lambda row: row["landing_file"]) == [
        {"landing_file": "a", "reason": None},
        {"landing_file": "b", "reason": "why"},
    ]


def ends_of(settings: Settings, source: str, **environment: str) -> list[int]:
    """Exit codes of processes that read and end at once."""
    roots = {"NOCTURNE__LAKE__ROOT": settings.lake.root, "NOCTURNE__HOME": settings.home}
    environment = {**os.environ, **roots, **environment}
    return [
        subprocess.run([sys.executable, "-c", source], env=environment, check=False).returncode
        for _ in range(ENDS)
    ]


READS = """
from jobs.lake.arrow import table_rows
from jobs.settings import load_settings
assert table_rows(load_settings(), "ratings").to_table().num_rows == 400
"""


def put_many_files(settings: Settings) -> None:
    for day in (D1, D2):
        replace_night(settings, "ratings", rated(day, *((f"t{n}", 1.0) for n in range(200))), day)


def test_a_process_that_has_read_ends_cleanly(settings):
    put_many_files(settings)
    assert ends_of(settings, READS) == [0] * ENDS


def test_a_process_that_has_read_from_s3_ends_cleanly(settings, s3_server, monkeypatch):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    boto3.client("s3", endpoint_url=s3_server.endpoint_url, region_name="us-east-1").create_bucket(
        Bucket="ends"
    )
    lake = LakeSettings(root="s3://ends/a lake")
    settings = settings.model_copy(update={"lake": lake, "s3": s3_server})
    put_many_files(settings)
    s3 = {
        "NOCTURNE__S3__ENDPOINT_URL": str(s3_server.endpoint_url),
        "NOCTURNE__S3__PATH_STYLE": "true",
    }
    assert ends_of(settings, READS, **s3) == [0] * ENDS


def test_nothing_in_the_house_reads_through_another_door():
    sources = [path for folder in ("jobs", "models", "expectations", "dags", "benchmarks", "tests")
               for path in (HOUSE / folder).rglob("*.py")]  # fmt: skip
    found = {
        str(path.relative_to(HOUSE))
        for path in sources
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute) and node.attr in OTHER_DOORS
    }
    assert found == {"jobs/lake/arrow.py"}
    pages = [*HOUSE.glob("*.md"), *(HOUSE / "docs").glob("*.md")]
    assert len(pages) > 5
    told = {page.name for page in pages if any(door in page.read_text() for door in OTHER_DOORS)}
    assert told == set()
