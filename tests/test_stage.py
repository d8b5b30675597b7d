"""How a stage starts and ends, whatever it does."""

import json
import os
import subprocess
import sys
from datetime import date
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import psutil
import pytest

from jobs.errors import BadDataError, NoInputError
from jobs.stage import Night, main, peak_memory_mb, run_stage, summary_key
from jobs.window import Window

ARGV = ["--window-start", "2026-06-28", "--window-end", "2026-06-29"]
MB_OF_THE_PARENT = 400


@pytest.fixture
def night(settings, monkeypatch):
    monkeypatch.setenv("NOCTURNE__HOME", settings.home)
    monkeypatch.setenv("NOCTURNE__STORE__ROOT", settings.store.root)
    return Night(Window.parse("2026-06-28", "2026-06-29"), settings)


def summary(night, name):
    return json.loads(night.store.get(summary_key(night, name)))


def test_a_stage_that_ends_well_leaves_its_summary(night, monkeypatch):
    clock = SimpleNamespace(monotonic=iter([10.0, 12.3456]).__next__)
    monkeypatch.setattr("jobs.stage.time", clock)

    def stage(given):
        given.summary.rows_in, given.summary.rows_out, given.summary.rows_rejected = 5, 3, 2
        given.summary.table_versions, given.summary.details = {"listens": 4}, {"n_files": 1}

    assert main("ingest", stage, ARGV) == 0
    body = night.store.get(summary_key(night, "ingest")).decode()
    assert body.startswith('{\n "stage": "ingest",\n')
    left = json.loads(body)
    assert left.pop("peak_memory_mb") > 1
    assert left == {
        "stage": "ingest",
        "window_start": "2026-06-28",
        "window_end": "2026-06-29",
        "as_of": "2026-06-28",
        "rows_in": 5,
        "rows_out": 3,
        "rows_rejected": 2,
        "table_versions": {"listens": 4},
        "details": {"n_files": 1},
        "seconds": 2.346,
        "force": None,
        "error": None,
    }


def test_a_stage_that_says_nothing_of_its_rows_has_none(night):
    assert main("ingest", lambda _: None, ARGV) == 0
    left = summary(night, "ingest")
    counts = [left[name] for name in ("rows_in", "rows_out", "rows_rejected")]
    assert (counts, left["table_versions"], left["details"]) == ([0, 0, 0], {}, {})


def test_summaries_stand_by_the_last_night_of_the_window_and_by_stage(settings):
    night = Night(Window.parse("2026-06-26", "2026-06-29"), settings)
    assert summary_key(night, "find_neighbors") == "ledger/2026-06-28/find_neighbors.json"


@pytest.mark.parametrize(("error", "code"), [(BadDataError, 65), (NoInputError, 66)])
def test_a_known_error_is_a_sentence_and_an_exit_code(night, capsys, error, code):
    def stage(_):
        raise error("no listens: land some")

    assert main("ingest", stage, ARGV) == code
    printed = capsys.readouterr().err
    assert printed == "ingest: no listens: land some\n"
    assert summary(night, "ingest")["error"] == "no listens: land some"


def test_a_fault_of_ours_keeps_its_trace(night, caplog):
    def stage(_):
        raise KeyError("user_id")

    assert main("ingest", stage, ARGV) == 1
    # Not by its text: whoever imports Airflow in this process changes how that looks.
    assert [record.exc_info[0] for record in caplog.records if record.exc_info] == [KeyError]
    assert summary(night, "ingest")["error"] == "'user_id'"


class FullStore:
    def put(self, *_):
        raise OSError(28, "No space left on device")


@pytest.mark.parametrize(
    ("raised", "code"), [(BadDataError("a null id"), 65), (NoInputError("nothing landed"), 66)]
)
def test_a_summary_that_cannot_be_left_does_not_hide_why_the_stage_failed(
    night, monkeypatch, capsys, raised, code
):
    monkeypatch.setattr(Night, "store", FullStore())

    def stage(_):
        raise raised

    assert main("ingest", stage, ARGV) == code
    assert str(raised) in capsys.readouterr().err


def test_a_stage_whose_summary_cannot_be_left_fails(night, monkeypatch, capsys):
    monkeypatch.setattr(Night, "store", FullStore())
    assert main("ingest", lambda _: None, ARGV) == 1
    assert "no space is left" in capsys.readouterr().err


def test_details_that_json_does_not_know_are_told_all_the_same(night):
    def stage(given):
        given.summary.details = {"day": date(2026, 6, 28), "n": np.int64(3), "share": np.float32(0.5)}

    assert main("ingest", stage, ARGV) == 0
    assert summary(night, "ingest")["details"] == {"day": "2026-06-28", "n": 3, "share": 0.5}


def test_a_forced_run_hands_its_note_to_the_stage_and_to_the_ledger(night):
    notes = []
    assert main("ingest", lambda given: notes.append(given.force), [*ARGV, "--force", "ada: fine"]) == 0
    assert main("ingest", lambda given: notes.append(given.force), ARGV) == 0
    assert notes == ["ada: fine", None]
    assert summary(night, "ingest")["force"] is None


def test_an_interrupted_stage_says_so(night):
    def stage(_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_stage("ingest", stage, night)
    assert summary(night, "ingest")["error"] == "KeyboardInterrupt"


def test_a_window_that_ends_before_it_starts_is_a_mistake_of_the_caller(capsys):
    argv = ["--window-start", "2026-06-29", "--window-end", "2026-06-28"]
    assert main("ingest", lambda _: None, argv) == 2
    assert "2026-06-29" in capsys.readouterr().err


@pytest.mark.parametrize("by_spark_submit", [False, True])
def test_peak_memory_includes_the_java_machine_that_started_us(by_spark_submit):
    child = "from jobs.stage import peak_memory_mb; print(peak_memory_mb())"
    parent = (
        f"import subprocess, sys; block = b'x' * ({MB_OF_THE_PARENT} << 20)\n"
        f"subprocess.run([sys.executable, '-c', {child!r}], check=True)"
    )
    environment = {k: v for k, v in os.environ.items() if k != "PYSPARK_GATEWAY_PORT"}
    environment |= {"PYSPARK_GATEWAY_PORT": "1"} if by_spark_submit else {}
    done = subprocess.run(
        [sys.executable, "-c", parent], env=environment, capture_output=True, text=True, check=True
    )
    assert (float(done.stdout) > MB_OF_THE_PARENT) == by_spark_submit


def test_memory_is_the_kernels_own_peak_in_mebibytes(monkeypatch):
    monkeypatch.delenv("PYSPARK_GATEWAY_PORT", raising=False)
    monkeypatch.setattr(psutil.Process, "children", lambda *_, **__: [])
    before, told, after = own_peak(), peak_memory_mb(), own_peak()
    assert round(before, 1) <= told <= round(after, 1)
    assert told == round(told, 1)


def own_peak() -> float:
    (line,) = (x for x in Path("/proc/self/status").read_text().splitlines() if x.startswith("VmHWM:"))
    return int(line.removesuffix("kB").removeprefix("VmHWM:")) / 1024


def test_a_process_that_ended_meanwhile_has_no_memory(monkeypatch):
    monkeypatch.delenv("PYSPARK_GATEWAY_PORT", raising=False)
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    monkeypatch.setattr(psutil.Process, "children", lambda *_, **__: [gone])
    assert abs(peak_memory_mb() - own_peak()) < 0.1


@pytest.mark.parametrize("left_out", ["--window-start", "--window-end"])
def test_half_a_window_is_no_window(left_out, capsys):
    place = ARGV.index(left_out)
    with pytest.raises(SystemExit) as caught:
        main("ingest", lambda _: None, [*ARGV[:place], *ARGV[place + 2 :]])
    assert caught.value.code == 2
    assert left_out in capsys.readouterr().err
