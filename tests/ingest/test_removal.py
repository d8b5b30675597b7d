"""A landing is what is there: files that are gone, and what a person wants forgotten."""

import shutil
from datetime import date
from pathlib import Path

import pytest
from typer.testing import CliRunner

from jobs.errors import NoInputError
from jobs.ingest.landing_commands import landing
from jobs.ingest.landing_files import gone_files
from jobs.stage import Night
from jobs.window import Window
from tests.ingest.test_landing_files import file
from tests.ingest.test_stage import features, lake_content, listen, rows, track

D26, D27, D28 = (date(2026, 6, day) for day in (26, 27, 28))


def test_files_are_gone_from_days_of_which_something_is_left():
    entries = {f.name: {"landed_on": f.landed_on} for f in
               (file("a", D26), file("b", D27), file("c", D27), file("d", D28))}  # fmt: skip
    assert gone_files([file("c", D27)], entries, []) == [file("b", D27).name]
    # Of the window's own days even if nothing is left; D26 is taken for archived.
    assert gone_files([file("c", D27)], entries, [D28]) == [file("b", D27).name, file("d").name]


@pytest.mark.spark
def test_rows_of_a_file_that_is_gone_go_and_what_had_yielded_to_them_comes_back(
    settings, land, ingest, spark, caplog
):
    for day in (D27, D28):
        Night(Window.night(day), settings).store.put(f"ledger/{day}/ingest.json", b"{}")
    wrong = land("listens", [listen(1, D26), listen(2, D26)], "wrong.jsonl", D26)
    land("listens", [listen(3, D26), listen(4, D26, user_id="")], "right.jsonl", D26)
    land("listens", [listen(2, D26), listen(5, D27)], "again.jsonl", D27)
    old = land("tracks", [track(1, title="wrong")], "t.jsonl", D26)
    land("tracks", [track(1), track(2)], "s.jsonl", D26)
    gone_features = land("audio_features", [features(1)], "f.jsonl", D26)
    ingest(D27)
    assert [name for (name,) in rows(settings, "listens", "listen_id")] == ["l-1", "l-2", "l-3", "l-5"]
    for path in (wrong, old, gone_features):
        path.unlink()
    details = ingest(D26)["details"]
    assert details["files_gone"]["listens/date=2026-06-26/wrong.jsonl"] == 2
    assert list(details["stale_nights"]) == ["2026-06-27", "2026-06-28"]
    assert "nocturne night --date 2026-06-27" in details["stale_nights"]["2026-06-27"]
    assert "gone: listens/date=2026-06-26/wrong.jsonl: its 2 rows are removed" in caplog.text
    assert rows(settings, "listens", "listen_id", "landed_on") == [
        ("l-2", D27), ("l-3", D26), ("l-5", D27),
    ]  # fmt: skip
    assert rows(settings, "tracks", "track_id", "title") == [("t1", "T1"), ("t2", "T2")]
    assert rows(settings, "audio_features", "track_id") == []
    assert "wrong.jsonl" not in str(lake_content(settings))


@pytest.mark.spark
def test_a_refused_file_is_told_the_next_night_while_it_lies_there(settings, land, ingest, spark):
    removed = land("listens", b"%PDF-1.4", "a.pdf", D27)
    land("listens", b"%PDF-1.4", "b.jsonl", D27)
    ingest(D27)
    land("listens", [listen(1)])
    refused = ingest(D28)["details"]["still_refused"]
    assert [name.split("/")[-1] for name in refused] == ["a.pdf", "b.jsonl"]
    removed.unlink()
    land("listens", [listen(2, D27)], "b.jsonl", D27)
    assert ingest(D28)["details"]["still_refused"] == {}


@pytest.mark.spark
def test_a_refused_file_that_was_removed_leaves_nothing_behind(settings, land, ingest, spark):
    land("listens", [listen(1)])
    pdf = land("listens", b"%PDF-1.4", "statement.pdf")
    assert list(ingest()["details"]["files_refused"]) == ["listens/date=2026-06-28/statement.pdf"]
    pdf.unlink()
    assert ingest()["details"]["files_refused"] == {}
    assert rows(settings, "listens_quarantine", "rule") == []


@pytest.mark.spark
def test_a_day_that_was_archived_keeps_its_rows(settings, land, ingest, spark):
    land("listens", [listen(1, D27)], day=D27)
    ingest(D27)
    shutil.rmtree(Path(settings.landing.root) / "listens" / f"date={D27}")
    land("listens", [listen(2)])
    ingest(D28)
    assert rows(settings, "listens", "listen_id") == [("l-1",), ("l-2",)]
    with pytest.raises(NoInputError, match="nocturne landing show"):
        ingest(D27)


def run(monkeypatch, settings, *argv):
    monkeypatch.setattr("jobs.settings.load_settings", lambda: settings)
    return CliRunner().invoke(landing, argv)


@pytest.mark.spark
def test_a_file_is_forgotten_until_it_is_delivered_again(settings, land, ingest, spark, monkeypatch):
    bad = land("listens", [listen(1), listen(3, user_id="u1"), listen(2)], "user=u1/bad's.jsonl")
    land("listens", [listen(1), listen(5)], "z.jsonl")
    Night(Window.night(D28), settings).store.put(f"ledger/{D28}/ingest.json", b"{}")
    ingest()
    name = "listens/date=2026-06-28/user=u1/bad's.jsonl"
    done = run(monkeypatch, settings, "forget", name)
    assert done.exit_code == 0, done.output
    assert f"{name}: 3 rows removed" in done.output and "it stays out as it is" in done.output
    assert "nocturne night --date 2026-06-28" in done.output
    ingest()
    assert rows(settings, "listens", "listen_id") == [("l-1",), ("l-5",)]
    assert f"{name}: forgotten" in run(monkeypatch, settings, "show", "bad").output
    bad.write_text(bad.read_text() + "\n")
    ingest()
    assert len(rows(settings, "listens", "listen_id")) == 4


@pytest.mark.spark
def test_a_listener_is_forgotten_in_files_of_their_own_and_in_those_of_all(
    settings, land, ingest, spark, monkeypatch
):
    land("listens", [listen(1, user_id="o'hara"), listen(2, user_id="eve")], "all.jsonl")
    land("listens", [listen(7, user_id="eve"), listen(8, user_id="eve")], "user=eve/own.jsonl")
    said = {"kind": "like", "target_id": "t1", "at": "2026-06-28T01:00:00Z"}
    land("feedback", [said | {"user_id": "eve"}, said | {"user_id": "o'hara"}])
    ingest()
    assert run(monkeypatch, settings, "forget", "eve").exit_code == 0
    # What is read again leaves the listener out while it is the same file.
    land("listens", [listen(1, user_id="o'hara")], "a.jsonl")
    summary = ingest()
    assert rows(settings, "listens", "user_id") == [("o'hara",)]
    assert rows(settings, "feedback", "user_id") == rows(settings, "feedback_history", "user_id")
    assert rows(settings, "feedback", "user_id") == [("o'hara",)]
    assert summary["rows_in"] == summary["rows_out"] + 1
    missing = run(monkeypatch, settings, "forget", "nobody")
    assert missing.exit_code == 66 and "neither a landed file nor a listener" in missing.stderr
