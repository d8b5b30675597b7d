from datetime import date
from io import StringIO

import pytest
from rich.console import Console

from jobs.embedded.progress import Progress, StageEnd, stage_line

NIGHT = date(2026, 6, 28)


@pytest.mark.parametrize(
    ("state", "summary", "line"),
    [
        (
            "success",
            {"rows_in": 20121, "rows_out": 19873, "rows_rejected": 127},
            "2026-06-28  ingest               20,121 in       19,873 out      127 rejected    12.3 s",
        ),
        (
            "success",
            {"rows_in": 20121, "rows_out": 20121, "seconds": 8.1},
            "2026-06-28  ingest               20,121 in       20,121 out                      12.3 s"
            " (4.2 s start-up)",
        ),
        ("failed", {}, "2026-06-28  ingest          FAILED after 12.3 s"),
        ("up_for_retry", {}, "2026-06-28  ingest          UP FOR RETRY after 12.3 s"),
    ],
)
def test_a_line_says_night_stage_rows_and_seconds(state, summary, line):
    assert stage_line(StageEnd(NIGHT, "ingest", state, 12.34, summary)) == line


def shown(terminal):
    file = StringIO()
    progress = Progress(Console(file=file, force_terminal=terminal, width=80))
    progress.now("2026-06-28 ingest")
    progress.say("tables [of the night]")
    progress.close()
    return file.getvalue()


def test_without_a_terminal_there_are_only_plain_lines():
    assert shown(terminal=False) == "tables [of the night]\n"


def test_on_a_terminal_there_is_what_runs_now_too():
    assert "2026-06-28 ingest" in shown(terminal=True)


def test_without_a_terminal_what_runs_is_said_again_until_it_has_ended():
    file = StringIO()
    progress = Progress(Console(file=file, width=80), quiet_s=0.05)
    progress.now("starting Spark")
    while file.getvalue().count("… starting Spark\n") < 2:
        pass
    progress.now("2026-06-28 ingest")
    while "… 2026-06-28 ingest\n" not in file.getvalue():
        pass
    progress.close()
    printed = file.getvalue()
    progress.say("done")
    assert file.getvalue() == printed + "done\n"
