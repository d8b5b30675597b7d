"""What a gate found, in words and numbers."""

import typer

from jobs.cli import app
from jobs.validate.findings import CRITICAL, WARNING, GateFinding, failed, rows_checked, stop_message


def finding(expectation: str, **changes) -> GateFinding:
    fields = {
        "table_name": "listens", "expectation": expectation, "column_name": "",
        "severity": CRITICAL, "success": False, "n_rows": 5, "n_unexpected": 2,
        "observed": "2 of 5 rows", "threshold": "a = 1", "reason": "It must.",
    }  # fmt: skip
    return GateFinding(**fields | changes)


def test_a_sentence_names_the_table_the_column_and_what_was_seen():
    assert finding("rule").sentence() == "listens rule: 2 of 5 rows; expected a = 1. It must."
    of_column = finding("rule", column_name="user_id").sentence()
    assert of_column.startswith("listens.user_id rule: 2 of 5")


def test_what_failed_is_told_apart_by_severity():
    assert (CRITICAL, WARNING) == ("critical", "warning")
    found = [
        finding("a"), finding("b", severity=WARNING), finding("c", success=True),
        finding("d", severity=WARNING, success=True), finding("e"),
    ]  # fmt: skip
    assert [f.expectation for f in failed(found, CRITICAL)] == ["a", "e"]
    assert [f.expectation for f in failed(found, WARNING)] == ["b"]


def test_what_holds_although_rows_break_it_is_tolerated():
    assert finding("a", success=True).tolerated
    assert not finding("a").tolerated
    assert not finding("a", success=True, n_unexpected=0).tolerated
    assert not finding("a", success=True, n_unexpected=None).tolerated


def test_rows_of_a_table_are_counted_once_however_many_expectations_looked_at_them():
    found = [
        finding("a", n_rows=5), finding("b", n_rows=9), finding("c", n_rows=7),
        finding("d", table_name="tracks", n_rows=2),
    ]  # fmt: skip
    assert rows_checked(found) == 11
    assert rows_checked([]) == 0


def test_why_the_night_stops_and_what_to_do():
    told = stop_message("gate_inputs", "2026-06-28", [finding("a"), finding("b")], "docs/index.html")
    lines, commands = told.splitlines(), typer.main.get_command(app).commands
    assert lines[0] == (
        "the night 2026-06-28 stops at gate_inputs: 2 critical expectation(s) failed. Nothing of it is "
        "published; the last good playlists stay."
    )
    assert lines[1:3] == [f"  - {finding(name).sentence()}" for name in "ab"]
    assert lines[3] == "Details: docs/index.html"
    assert lines[4].startswith("Correct the landing, or the stage") and '--force "why"' in lines[4]
    for command in ("run", "night", "validate"):
        assert "--force" in [option for p in commands[command].params for option in p.opts]
