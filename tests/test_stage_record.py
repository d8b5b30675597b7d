import json
from datetime import date

import pytest

from jobs.stage import Night, run_stage, summary_key
from jobs.stage_record import read_record, record_key
from jobs.store import open_store
from jobs.window import Window

KEY = record_key(date(2026, 6, 28), "ingest")


@pytest.fixture
def written(settings) -> bytes:
    """What a stage leaves."""
    night = Night(Window.night(date(2026, 6, 28)), settings)
    night.summary.rows_in, night.summary.table_versions = 12, {"listens": 3}
    run_stage("ingest", lambda _: None, night)
    return night.store.get(summary_key(night, "ingest"))


def test_what_a_stage_leaves_is_read_as_its_record(settings, written):
    record = read_record(open_store(settings), "ledger/2026-06-28/ingest.json")
    assert (record["stage"], record["window_end"]) == ("ingest", date(2026, 6, 29))
    assert (record["rows_in"], record["table_versions"], record["error"]) == (12, {"listens": 3}, None)


@pytest.mark.parametrize("damage", [b"", b"[]", b"null", b'{"error": null}', b"\xff\xfe"])
def test_what_is_no_record_is_none(settings, damage):
    open_store(settings).put(KEY, damage)
    assert read_record(open_store(settings), KEY) is None


def test_half_a_record_is_none(settings, written):
    open_store(settings).put(KEY, written[: len(written) // 2])
    assert read_record(open_store(settings), KEY) is None


def test_a_record_of_another_kind_is_none(settings, written):
    strange = json.loads(written) | {"table_versions": ["listens"]}
    open_store(settings).put(KEY, json.dumps(strange).encode())
    assert read_record(open_store(settings), KEY) is None


def test_where_there_is_nothing_is_no_record(settings):
    assert read_record(open_store(settings), KEY) is None
