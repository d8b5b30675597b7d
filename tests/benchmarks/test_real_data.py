"""The table of real files: what it counts, and that it says so where a sum or a trial is wrong."""

import json

import pytest

from benchmarks.ingest import real_data
from benchmarks.ingest.real_data import TrialRow, count_records, files_of, trial_of
from tests.ingest.reader import DAY, json_lines, listen, put
from tests.ingest.sources.test_sources import SPOTIFY

PLACE = f"listens/date={DAY}"


@pytest.fixture
def landed(settings, tmp_path):
    """A producer's file with a repeated and a rejected row, an upload with a podcast, a refused file."""
    root = tmp_path / "landing"
    rows = [listen(), listen(), listen(listen_id="b", ms_played=-1), listen(listen_id="c")]
    put(root, "listens", "feed.jsonl", json_lines(*rows))
    podcast = {"spotify_track_uri": None, "spotify_episode_uri": "spotify:episode:x"}
    put(root, "listens", "user=ann/h.json", json.dumps([SPOTIFY, SPOTIFY | podcast]).encode())
    put(root, "listens", "a.pdf", b"%PDF-1.4")
    return settings


@pytest.mark.spark
def test_every_row_of_every_file_is_somewhere(spark, landed, monkeypatch):
    rows = {row.entry["landing_file"]: row for row in files_of("bad_input", landed, {"feed.jsonl": 1})}
    feed, upload, refused = (
        rows[f"{PLACE}/{name}"] for name in ("feed.jsonl", "user=ann/h.json", "a.pdf")
    )
    assert (feed.n_read, feed.records, list(feed.parts.values())) == (4, 4, [2, 1, 1, 0])
    assert (feed.is_wrong, feed.remark) == (True, "WRONG: 1 were to be kept")
    assert (upload.n_read, upload.records, list(upload.parts.values())) == (2, 2, [1, 0, 0, 1])
    assert not upload.is_wrong
    assert (refused.is_wrong, refused.remark) == (False, "refused: other content")
    monkeypatch.setitem(real_data.CASES, "x", {"ann": 1, "listens": 3, "other content": 1, "bo": 0})
    assert trial_of("x", landed).line == "| x | ann: 1, listens: 3, other content: 1, bo: 0 | so |"
    monkeypatch.setitem(real_data.CASES, "x", {"ann": 2, "listens rejected": 2})
    assert trial_of("x", landed).is_wrong


def test_a_trial_that_came_out_otherwise_says_how():
    row = TrialRow("x", {"ann": 2, "bo": 0}, {"ann": 1, "bo": 0})
    assert (row.is_wrong, row.line) == (True, "| x | ann: 2, bo: 0 | WRONG: ann: 1, bo: 0 |")


def test_records_are_counted_by_reading_plainly(tmp_path):
    put(tmp_path, "listens", "a.csv", b'a,b\n1,"x\ny"\n\n2,z\n')
    put(tmp_path, "listens", "a.json", b"[1, 2, 3]")
    put(tmp_path, "listens", "a.jsonl", b"{}\n\n{}")
    counts = [count_records(tmp_path, f"{PLACE}/{name}") for name in ("a.csv", "a.json", "a.jsonl")]
    assert counts == [2, 3, 2]
