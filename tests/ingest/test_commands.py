import json
from datetime import date

import pytest
from typer.testing import CliRunner

from jobs.ingest.commands import quarantine
from jobs.ingest.landing import LandedFile
from jobs.ingest.landing_files import FileCount
from jobs.lake.arrow import replace

D27, D28 = date(2026, 6, 27), date(2026, 6, 28)
ENTRIES = [
    ("listens", D27, "listens/date=2026-06-27/a.jsonl", 3, b"{\xe9}", "not UTF-8", "byte 2 is 0xe9"),
    (
        "listens",
        D28,
        "listens/date=2026-06-28/b.jsonl",
        7,
        b"x\ny\x1b[31m",
        "malformed JSON",
        "no value",
    ),
    ("listens", D28, "listens/date=2026-06-28/c.jsonl.gz", None, None, "truncated file", "cut off"),
    ("tracks", D28, "tracks/date=2026-06-28/t.jsonl", 1, b"{}" * 500, "malformed JSON", "no value"),
]


@pytest.fixture
def entries(settings, monkeypatch):
    for kind in ("listens", "tracks"):
        rows = [
            {
                "landed_on": day,
                "landing_file": file,
                "line": line,
                "raw": raw,
                "rule": rule,
                "reason": reason,
            }
            for of, day, file, line, raw, rule, reason in ENTRIES
            if of == kind
        ]
        replace(settings, f"{kind}_quarantine", rows, "true")
    monkeypatch.setattr("jobs.settings.load_settings", lambda: settings)
    return settings


def run(*argv: str):
    return CliRunner().invoke(quarantine, argv)


def test_json_has_the_counts_and_the_entries_with_bytes_escaped(entries):
    document = json.loads(run("show", "--json", "--limit", "1").stdout)
    assert document["rules"] == [
        {"kind": "listens", "rule": "malformed JSON", "n_entries": 1},
        {"kind": "listens", "rule": "not UTF-8", "n_entries": 1},
        {"kind": "listens", "rule": "truncated file", "n_entries": 1},
        {"kind": "tracks", "rule": "malformed JSON", "n_entries": 1},
    ]
    (entry,) = document["entries"]
    assert (entry["raw"], entry["landed_on"], entry["line"]) == ("{\\xe9}", "2026-06-27", 3)


def test_counts_by_rule_then_entries_on_lines_of_their_own(entries):
    lines = run("show").stdout.splitlines()
    assert [line.split(maxsplit=1) for line in lines[:4]] == [
        ["1", "listens         malformed JSON"], ["1", "listens         not UTF-8"],
        ["1", "listens         truncated file"], ["1", "tracks          malformed JSON"],
    ]  # fmt: skip
    assert "listens/date=2026-06-28/b.jsonl, line 7" in lines
    assert "  x\\ny\\x1b[31m" in lines
    assert "  {\\xe9}" in lines
    assert "listens/date=2026-06-28/c.jsonl.gz, the whole file" in lines
    assert max(len(line) for line in lines) < 130


@pytest.mark.parametrize(
    ("argv", "files"),
    [
        (["--rule", "malformed JSON"], ["b.jsonl", "t.jsonl"]),
        (["--date", "2026-06-27"], ["a.jsonl"]),
        (["--file", "c.jsonl"], ["c.jsonl.gz"]),
        (["--rule", "malformed JSON", "--file", "tracks/"], ["t.jsonl"]),
        (["--limit", "1"], ["a.jsonl"]),
    ],
)
def test_entries_can_be_chosen(entries, argv, files):
    shown = [line for line in run("show", *argv).stdout.splitlines() if "date=" in line]
    assert [line.split("/")[-1].split(",")[0] for line in shown] == files


def test_a_reason_is_shown_to_its_end_for_the_remedy_stands_there(entries):
    reason = "x" * 300 + ": unpack it here"
    entry = {"landed_on": D28, "landing_file": "feedback/x", "rule": "r", "reason": reason}
    replace(entries, "feedback_quarantine", [entry], "true")
    assert f"  {reason}" in run("show").stdout.splitlines()


def test_nothing_in_quarantine(entries):
    assert run("show", "--rule", "no such").stdout == "Nothing of that is in quarantine.\n"


def test_replay_takes_the_chosen_files_in_again(entries, land, monkeypatch):
    land("listens", b"{}", "b.jsonl")
    land("listens", b"{}", "c.jsonl.gz")
    taken: list[LandedFile] = []

    class Done:
        def __init__(self, files):
            taken.extend(files)
            self.counts = {file.name: FileCount(file, n_accepted=2) for file in files}

    monkeypatch.setattr("jobs.ingest.stage.ingest_files", lambda _, files, __: [Done(files)])
    told = run("replay", "--rule", "malformed JSON").stdout
    assert [file.name for file in taken] == ["listens/date=2026-06-28/b.jsonl"]
    assert told.splitlines() == [
        "listens/date=2026-06-28/b.jsonl: 2 accepted, 0 quarantined",
        "Nights that may change: nocturne night --date 2026-06-28",
    ]


def test_replay_of_nothing_is_told(entries):
    result = run("replay", "--rule", "no such")
    assert result.exit_code == 66
    assert "no file of such an entry" in result.stderr
