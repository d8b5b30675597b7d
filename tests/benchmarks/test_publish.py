"""All ways write the same night, and what the benchmark's lists are."""

import json
from pathlib import Path

import pytest
from nocturne_reader import latest

from benchmarks.publish import __main__ as benchmark
from benchmarks.publish import lake
from benchmarks.publish.raw import write_raw
from jobs.settings import S3Settings


@pytest.fixture
def settings(tmp_path, monkeypatch):
    monkeypatch.setattr(lake, "N_CATALOG", 2_000)
    made = benchmark.settings_at(tmp_path, S3Settings())
    lake.write_lake(made, 20)
    return made


def test_each_way_writes_the_whole_night(settings, tmp_path):
    with benchmark.rendered(settings) as (spool, n_bytes):
        written = tmp_path / "raw"
        assert write_raw(iter(spool), str(written), settings) == 60
        assert sum(file.stat().st_size for file in written.rglob("*.*")) == n_bytes
        for way in ("files", "packs"):
            benchmark.write(way, settings, str(tmp_path / way), spool)
    for file in written.rglob("*.json"):
        document = json.loads(file.read_bytes())
        assert len({track["track_id"] for track in document["tracks"]}) == 30
        for way in ("files", "packs"):
            assert latest(str(tmp_path / way)).for_user(document["user_id"]) == document


def test_a_round_times_every_way_and_leaves_nothing(settings, tmp_path):
    root = tmp_path / "written"
    with benchmark.rendered(settings) as (spool, _):
        times, n_objects = benchmark.rounds(settings, str(root), spool, 2, tmp_path)
    assert {way: len(pairs) for way, pairs in times.items()} == {"raw": 2, "files": 2, "packs": 2}
    # Three documents a listener; checksums and manifest.
    assert (n_objects["raw"], n_objects["files"]) == (60, 62)
    assert n_objects["packs"] <= 2 * 16 + 2
    assert list(Path(root).iterdir()) == []
