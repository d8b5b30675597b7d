"""The two gates on small nights: what passes, what stops, what is kept and where."""

import logging
import re
import sys
from datetime import timedelta
from posixpath import normpath

import pytest

from jobs.cli import main
from jobs.errors import BadDataError, NoInputError
from jobs.lake.arrow import table_rows
from jobs.stage import Night
from jobs.validate.inputs.stage import gate_inputs
from jobs.validate.playlists.stage import gate_playlists
from jobs.window import DAY, Window
from tests.validate.rows import (
    NIGHT,
    TRACKS,
    land,
    landing_file,
    listen,
    playlist,
    write,
)

pytestmark = pytest.mark.spark


def results(settings, **where) -> list[dict]:
    rows = table_rows(settings, "validation_results").to_table().to_pylist()
    return [row for row in rows if all(row[name] == value for name, value in where.items())]


def failures(settings) -> dict[str, str]:
    return {row["expectation"]: row["severity"] for row in results(settings, success=False)}


def test_a_healthy_night_passes_and_its_data_docs_are_in_the_store(spark, night):
    land(night.settings)
    gate_inputs(night)
    assert failures(night.settings) == {}
    checked = results(night.settings, table_name="listens", expectation="missing field: user_id")
    assert [(row["n_rows"], row["n_unexpected"], row["column_name"]) for row in checked] == [
        (2, 0, "user_id")
    ]
    prefix = f"reports/{NIGHT}/data_docs/gate_inputs/"
    keys = list(night.store.list(prefix))
    assert f"{prefix}index.html" in keys
    pages = [key for key in keys if key.startswith(f"{prefix}validations/listens/")]
    assert b"missing field: user_id" in night.store.get(pages[0])
    assert night.summary.details["data_docs"] == night.store.url(f"{prefix}index.html")


def test_feedback_that_slipped_through_stops_the_night(spark, night):
    word = {"user_id": "ann", "target_id": "t1", "at": listen("x", "ann", "t1")["listened_at"],
            "landed_on": NIGHT, "landing_file": "f"}  # fmt: skip
    land(night.settings, feedback_history=[word | {"kind": "like"}, word | {"kind": "adore"}])
    with pytest.raises(BadDataError, match=r"feedback\.kind unknown kind: kind: f; 1 of 2 rows"):
        gate_inputs(night)


def links(html: bytes) -> set[str]:
    return {link for link in re.findall(r'href="([^"#]+\.html)', html.decode()) if "//" not in link}


def test_the_first_page_says_what_did_not_hold_and_every_link_leads_to_a_page(spark, night):
    land(night.settings, landing_files=[landing_file("listens", 0, status="refused", reason="<cut>")])
    with pytest.raises(BadDataError):
        gate_inputs(night)
    prefix = f"reports/{NIGHT}/data_docs/gate_inputs/"
    keys = [key.removeprefix(prefix) for key in night.store.list(prefix)]
    first = night.store.get(f"{prefix}index.html")
    n_missed = len(results(night.settings, success=False))
    assert first.count(b"<li>critical: ") + first.count(b"<li>warning: ") == n_missed > 0
    assert b"&lt;cut&gt;" in first and b"<script" not in first
    assert links(first) == {key for key in keys if key.startswith("validations/")}
    for key in links(first):
        theirs = {normpath(f"{key}/../{link}") for link in links(night.store.get(prefix + key))}
        assert "index.html" in theirs and theirs <= set(keys)


def test_the_message_names_the_file_the_numbers_and_the_way_on(spark, night):
    broken = landing_file("listens", 0, status="refused", reason="truncated gzip")
    land(night.settings, landing_files=[broken])
    with pytest.raises(BadDataError) as stopped:
        gate_inputs(night)
    assert stopped.value.exit_code == 65
    for part in (
        str(NIGHT),
        "gate_inputs",
        broken["landing_file"],
        "truncated gzip",
        "--force",
        "Details:",
    ):
        assert part in str(stopped.value)


def test_force_lets_the_night_through_and_its_note_is_kept(spark, night):
    land(night.settings, landing_files=[landing_file("listens", 100, 50)])
    gate_inputs(Night(night.window, night.settings, "half the town was on holiday"))
    assert failures(night.settings)["few_rows_quarantined"] == "critical"
    forced = results(night.settings, expectation="passed_by_force")
    assert [row["observed"] for row in forced] == ["half the town was on holiday"]


def test_warnings_are_told_and_what_is_within_its_share(spark, night, caplog):
    odd = [listen("l1", "ann", "new"), listen("l2", "bob", "t1") | {"ms_played": 460_001}]
    plays = [listen(f"n{nth}", "ann", "t2") | {"ms_played": 460_000} for nth in range(8)]
    files = [landing_file("tracks", 100, 20)]
    land(night.settings, listens=[*odd, *plays], landing_files=files)
    with caplog.at_level(logging.WARNING, "nocturne"):
        gate_inputs(night)
    assert set(failures(night.settings)) == {"hardly_any_row_quarantined", "plays_fit_their_tracks"}
    assert "hardly_any_row_quarantined" in caplog.text
    assert len(night.summary.details["warnings"]) == 2
    assert "plays_fit_their_tracks: 1 of 9 rows" in night.summary.details["warnings"][1]
    assert night.summary.details["tolerated"] == (
        "tracks_are_known 1 of 10 rows (10.00%); tracks_have_features 1 of 10 rows (10.00%)"
    )


def test_playlists_pass_or_stop_and_a_second_run_replaces_the_results_of_its_gate(spark, night):
    land(night.settings)
    gate_inputs(night)
    n_inputs = len(results(night.settings))
    with pytest.raises(NoInputError, match="no lists of 2026-06-28 have been made yet: run recommend"):
        gate_playlists(night)
    write(night.settings, "playlists_staged", playlist("ann", "t3", "t4"))
    with pytest.raises(BadDataError, match="every_listener_has_a_list"):
        gate_playlists(night)
    both = playlist("ann", "t3", "t4") + playlist("bob", "t5", "t6")
    write(night.settings, "playlists_staged", both)
    gate_playlists(night)
    assert failures(night.settings) == {"listeners_have_neighbors": "warning"}
    assert len(results(night.settings, gate="gate_inputs")) == n_inputs
    keys = [(row["gate"], row["table_name"], row["expectation"], row["column_name"])
            for row in results(night.settings)]  # fmt: skip
    assert len(keys) == len(set(keys))


def test_nothing_that_landed_can_write_html_into_the_data_docs(spark, night):
    evil = "<script>alert(1)</script>"
    broken = landing_file("listens", 0, status="refused", reason=evil, landing_file=evil)
    land(night.settings, landing_files=[broken], listens=[listen(evil, evil, evil)])
    with pytest.raises(BadDataError):
        gate_inputs(night)
    pages = [night.store.get(key) for key in night.store.list("reports/") if key.endswith(".html")]
    assert any(b"&lt;script&gt;alert" in page for page in pages)
    assert not any(evil.encode() in page for page in pages)


def test_half_a_dump_without_one_of_its_sources_does_not_get_through(spark, night):
    def sunday(weeks_ago: int, n_app: int, n_tv: int) -> list[dict]:
        day = NIGHT - timedelta(weeks=weeks_ago)
        sources = ["app"] * n_app + ["tv"] * n_tv
        return [
            listen(f"{day}-{nth}", f"u{nth % 50}", TRACKS[nth % 6], day) | {"source": source}
            for nth, source in enumerate(sources)
        ]

    history = [play for n in (1, 2, 3) for play in sunday(n, 300, 300)]
    land(night.settings, listens=[*history, *sunday(0, 300, 0)])
    with pytest.raises(BadDataError) as stopped:
        gate_inputs(night)
    assert "all: 300 plays; 600 is the median of 3 Sundays (z -8.5)" in str(stopped.value)
    assert "tv: 0 plays; 300 is the median of 3 Sundays" in str(stopped.value)
    assert failures(night.settings) == {
        "volume_is_not_far_off": "critical",
        "volume_is_usual": "warning",
        "every_source_is_there": "critical",
        "sources_are_usual": "warning",
    }
    land(night.settings, listens=[*history, *sunday(0, 300, 300)])
    gate_inputs(night)
    assert failures(night.settings) == {}
    weekend = Night(Window(NIGHT - DAY, NIGHT + DAY), night.settings)
    with pytest.raises(BadDataError, match="2026-06-27 all: 0 plays; 600 is the median of 3 nights"):
        gate_inputs(weekend)


def test_the_command_says_what_it_found_and_exits_with_the_gates_code(spark, night, monkeypatch, capsys):
    for name in ("home", "lake", "store"):
        value = getattr(night.settings, name)
        key = f"NOCTURNE__{name.upper()}" + ("" if name == "home" else "__ROOT")
        monkeypatch.setenv(key, value if name == "home" else value.root)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setattr(sys, "argv", ["nocturne", "validate", "--date", str(NIGHT)])
    land(night.settings, landing_files=[landing_file("tracks", 100, 21)])
    with pytest.raises(SystemExit) as stopped:
        main()
    assert stopped.value.code == 65
    told = capsys.readouterr()
    assert "few_rows_quarantined" in told.out
    file = f"tracks/date={NIGHT}/a.jsonl"
    assert f"few_rows_quarantined: {file}: 21 of 100 rows quarantined; 1 of 1 files" in told.err
