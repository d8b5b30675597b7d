import json
from datetime import date
from io import StringIO

import pytest
from rich.console import Console

from jobs.embedded import backfill
from jobs.embedded.airflow import Airflow
from jobs.embedded.api import ApiError
from jobs.embedded.backfill import Backfill
from jobs.embedded.progress import Progress
from jobs.stage_record import record_key
from jobs.store import open_store

D1, D2 = date(2026, 6, 27), date(2026, 6, 28)


def task(day, name, state, try_number=1):
    return {"dag_run_id": f"backfill__{day}", "task_id": name, "state": state, "try_number": try_number,
            "duration": 12.34, "logical_date": f"{day}T00:00:00Z"}  # fmt: skip


def dag_run(day, state, run_type="backfill"):
    return {"dag_run_id": f"{run_type}__{day}", "note": None, "logical_date": f"{day}T00:00:00Z",
            "state": state, "run_type": run_type}  # fmt: skip


def leave(settings, stage, **said):
    """A stage's record of the first night."""
    record = {
        "stage": stage, "window_start": str(D1), "window_end": str(D2), "rows_in": 0, "rows_out": 0,
        "rows_rejected": 0, "table_versions": {}, "details": {}, "seconds": 1.0, "peak_memory_mb": 1.0,
        "force": None, "error": None,
    }  # fmt: skip
    open_store(settings).put(record_key(D1, stage), json.dumps(record | said).encode())


class FakeApi:
    """Answers as Airflow would, one step of a backfill at each look."""

    def __init__(self, steps):
        self.steps = steps
        self.asked = None
        self.closed = []

    def end_backfill(self, number):
        self.closed.append(number)

    def backfill(self, first, last, force):
        self.asked = (first, last, force)
        return 7

    def call(self, method, path):
        tasks, runs, complete = self.steps[0]
        if path.startswith("backfills/7"):
            return {"completed_at": "2026-06-29T01:00:00Z" if complete else None}
        if "taskInstances" in path:
            return {"task_instances": tasks, "total_entries": len(tasks)}
        self.steps = self.steps[1:] or self.steps
        return {"dag_runs": runs}


@pytest.fixture
def follow(settings, monkeypatch):
    """Follows a backfill through the steps; returns the nights that ended, and what was printed."""
    monkeypatch.setattr(backfill, "POLL_SECONDS", 0)

    def run(*steps):
        printed = StringIO()
        progress = Progress(Console(file=printed, width=120))
        airflow = Airflow(settings, progress)
        airflow.home.folder.mkdir(parents=True)
        api = FakeApi(list(steps))
        nights = list(Backfill(airflow, api, [D1, D2], progress, "ada: late").run())
        assert api.asked == (D1, D2, "ada: late")
        assert api.closed == ([] if steps[-1][2] else [7])
        assert not airflow.home.unfinished_file.exists()
        return nights, printed.getvalue().splitlines()

    return run


def test_each_stage_is_told_once_and_each_night_ends(follow, settings):
    leave(settings, "ingest", rows_in=6287, rows_out=6280, rows_rejected=7)
    done = task(D1, "ingest", "success")
    nights, lines = follow(
        ([task(D1, "ingest", "running")], [dag_run(D1, "running")], False),
        ([done], [dag_run(D1, "running")], False),
        ([done], [dag_run(D1, "success"), dag_run(D2, "running")], False),
        (
            [done, task(D2, "publish", "success")],
            [dag_run(D1, "success"), dag_run(D2, "success")],
            False,
        ),
    )
    assert nights == [(D1, True), (D2, True)]
    assert [line[:27].strip() for line in lines] == [
        "2026-06-27  1/11 ingest",
        "2026-06-28 10/11 publish",
    ]
    assert "6,287 in      6,280 out      7 rejected" in lines[0]


def test_a_failure_is_told_with_its_words_and_its_log(follow, settings):
    leave(settings, "gate_inputs", error="17 of 20 rows are bad")
    retried, failed = task(D1, "gate_inputs", "up_for_retry"), task(D1, "gate_inputs", "failed", 2)
    nights, lines = follow(
        ([retried], [dag_run(D1, "running")], False), ([failed], [dag_run(D1, "failed")], True)
    )
    assert nights == [(D1, False)]
    assert "UP FOR RETRY" in lines[0]
    assert "FAILED" in lines[3]
    assert lines[4] == "    17 of 20 rows are bad"
    assert lines[5].endswith("run_id=backfill__2026-06-27/task_id=gate_inputs/attempt=2.log")


def test_a_half_written_record_stops_nobody_from_following(follow, settings):
    open_store(settings).put(record_key(D1, "ingest"), b'{"rows_in": 62')
    nights, lines = follow(([task(D1, "ingest", "success")], [dag_run(D1, "success")], True))
    assert nights == [(D1, True)]
    assert lines[0].startswith("2026-06-27  1/11 ingest")


def test_runs_that_are_not_the_backfills_are_left_alone(follow):
    nights, _ = follow(([], [dag_run(D1, "failed", "manual"), dag_run(D2, "success")], True))
    assert nights == [(D2, True)]


def test_a_backfill_that_breaks_off_is_remembered_as_unfinished(settings, monkeypatch):
    monkeypatch.setattr(backfill, "POLL_SECONDS", 0)
    api = FakeApi([])
    api.call = lambda *_: (_ for _ in ()).throw(ApiError("gone", 500))
    airflow = Airflow(settings, Progress(Console(file=StringIO())))
    airflow.home.folder.mkdir(parents=True)
    with pytest.raises(ApiError):
        list(Backfill(airflow, api, [D1, D2], airflow.progress).run())
    assert airflow.home.unfinished_file.exists()
