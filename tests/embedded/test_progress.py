from datetime import date
from io import StringIO
from pathlib import Path
from types import SimpleNamespace

import pytest
from rich.console import Console

from jobs.embedded.progress import Progress, StageEnd, stage_line
from jobs.stages import REPORT, STAGES

NIGHT = date(2026, 6, 28)
ROWS = {"rows_in": 20121, "rows_out": 19873, "rows_rejected": 127, "seconds": 8.1}


@pytest.mark.parametrize(
    ("state", "summary", "line"),
    [
        (
            "success",
            ROWS,
            "2026-06-28  1/11 ingest             20,121 in     19,873 out    127 rejected   12.3 s"
            " (4.2 s start-up)",
        ),
        (
            "success",
            {"rows_in": 20121, "rows_out": 20121},
            "2026-06-28  1/11 ingest             20,121 in     20,121 out                   12.3 s",
        ),
        ("failed", {}, "2026-06-28  1/11 ingest          FAILED after 12.3 s"),
        ("up_for_retry", {}, "2026-06-28  1/11 ingest          UP FOR RETRY after 12.3 s"),
    ],
)
def test_a_line_says_night_stage_rows_and_seconds(state, summary, line):
    assert stage_line(StageEnd(NIGHT, "ingest", state, 12.34, summary)) == line


@pytest.mark.parametrize(
    ("width", "line"),
    [
        (90, "2026-06-28  1/11 ingest             20,121 in     19,873 out    127 rejected   12.3 s"),
        (80, "06-28  1/11 ingest             20,121 in     19,873 out    127 rejected   12.3 s"),
        (72, "06-28  1/11 ingest          20,121 in 19,873 out 127 rejected 12.3 s"),
        (20, "06-28  1/11 ingest          20,121 in 19,873 out 127 rejected 12.3 s"),
    ],
)
def test_a_narrower_terminal_is_told_less(width, line):
    assert stage_line(StageEnd(NIGHT, "ingest", "success", 12.34, ROWS), width) == line


@pytest.mark.parametrize("state", ["success", "failed", "skipped", "up_for_retry"])
def test_no_line_of_a_laptops_night_wraps_at_72(state):
    rows = {"rows_in": 131_072, "rows_out": 131_072, "rows_rejected": 0, "seconds": 1.0}
    for spec in (*STAGES, REPORT):
        assert len(stage_line(StageEnd(NIGHT, spec.name, state, 123.4, rows), 72)) <= 72


def shown(terminal, width=80):
    file = StringIO()
    progress = Progress(Console(file=file, force_terminal=terminal, width=width))
    progress.now("2026-06-28 ingest", Path("logs/[1]/ingest.log"))
    progress.say("tables [of the night]")
    progress.ended(StageEnd(NIGHT, "ingest", "success", 12.34, ROWS))
    progress.close()
    return file.getvalue()


def test_without_a_terminal_there_are_only_plain_lines_of_full_length():
    lines = shown(terminal=False, width=72).splitlines()
    assert lines[0] == "tables [of the night]"
    assert lines[1].startswith("2026-06-28  1/11") and lines[1].endswith("(4.2 s start-up)")


def test_on_a_terminal_there_is_what_runs_now_too_for_how_long_and_its_log():
    printed = shown(terminal=True)
    assert "2026-06-28 ingest, 0:00" in printed
    assert "log: logs/[1]/ingest.log" in printed


def test_without_a_terminal_what_runs_is_said_again_until_it_has_ended():
    file = StringIO()
    progress = Progress(Console(file=file, width=80), quiet_s=0.05)
    progress.now("starting Spark")
    while file.getvalue().count("… starting Spark, 0:0") < 2:
        pass
    progress.now("2026-06-28 ingest", Path("ingest.log"))
    while "… 2026-06-28 ingest, 0:00 (log: ingest.log)\n" not in file.getvalue():
        pass
    progress.close()
    printed = file.getvalue()
    progress.say("done")
    assert file.getvalue() == printed + "done\n"


def test_time_is_that_of_what_runs_now(monkeypatch):
    clock = SimpleNamespace(now=0.0, monotonic=lambda: clock.now)
    monkeypatch.setattr("jobs.embedded.progress.time", clock)
    file = StringIO()
    progress = Progress(Console(file=file, width=80), quiet_s=0.05)
    progress.now("ingest")
    clock.now = 71.0
    progress.now("ingest")
    while "… ingest, 1:11\n" not in file.getvalue():
        pass
    progress.now("taste")
    while "… taste, 0:00\n" not in file.getvalue():
        pass
    progress.close()
