"""Parquet, in batches."""

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from jobs.ingest.faults import FileFault
from jobs.ingest.formats import columnar
from jobs.ingest.formats.columnar import check_names
from tests.ingest.reader import read


def written(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink)
    return sink.getvalue().to_pybytes()


def test_rows_are_numbered_through_from_batch_to_batch(tmp_path, monkeypatch):
    monkeypatch.setattr(columnar, "BATCH", 2)
    instants = pa.array([0] * 5, pa.timestamp("us", "UTC"))
    table = pa.table({
        "user_id": list("uuuuu"), "track_id": list("abcde"), "ms_played": [1] * 5,
        "listened_at": instants,
    })  # fmt: skip
    rows, census = read(tmp_path, "listens", "f.parquet", written(table))
    assert [(row["line"], row["track_id"]) for row in rows] == list(enumerate("abcde", start=1))
    assert census["n_read"] == 5


def test_columns_that_are_there_twice_are_told_by_name():
    field = pa.field("x", pa.int64())
    names = ("track_id", "c", "user_id", "track_id", "ms_played", "user_id", "b", "a", "b", "a", "c")
    with pytest.raises(FileFault) as told:
        check_names(pa.schema([field.with_name(name) for name in names]))
    assert told.value.reason == "the file has a, b, c, track_id, user_id more than once"
    check_names(pa.schema([field, field.with_name("y")]))
