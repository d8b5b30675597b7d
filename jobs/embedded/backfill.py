"""A backfill of nights, followed from its start to its end."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

from jobs.embedded.airflow import Airflow
from jobs.embedded.api import DAG_ID, Api
from jobs.embedded.progress import Progress, StageEnd, stage_number
from jobs.stage_record import read_record, record_key
from jobs.stages import REPORT, STAGES
from jobs.store import open_store

POLL_SECONDS = 1.0
STAGE_NAMES = {spec.name for spec in (*STAGES, REPORT)}
ENDED = {"success", "failed", "skipped", "up_for_retry"}
RUNNING = {"running", "queued", "scheduled"}


@dataclass
class Backfill:
    """The nights of one backfill; ``failed`` are those whose run has failed, with the stage."""

    airflow: Airflow
    api: Api
    nights: list[date]
    progress: Progress
    force: str | None = None
    reported: set[tuple[str, str, int, str]] = field(default_factory=set)
    ended: dict[date, str] = field(default_factory=dict)

    def run(self) -> Iterator[tuple[date, bool]]:
        """Run the nights one after the other; yields each that ended, and whether it succeeded."""
        unfinished = self.airflow.home.unfinished_file
        unfinished.touch()
        number = self.api.backfill(self.nights[0], self.nights[-1], self.force)
        complete = False
        while not complete and len(self.ended) < len(self.nights):
            time.sleep(POLL_SECONDS)
            self.airflow.check()
            complete = self.api.call("GET", f"backfills/{number}")["completed_at"] is not None
            yield from self._look()
        if not complete:
            # Airflow looks only every half minute whether a backfill has come to its end.
            self.api.end_backfill(number)
        unfinished.unlink()

    def _look(self) -> Iterator[tuple[date, bool]]:
        self._report_tasks()
        for run in self._runs():
            night, state = _night(run), run["state"]
            if state in ("success", "failed") and night not in self.ended:
                self.ended[night] = state
                yield night, state == "success"

    def _runs(self) -> list[dict[str, Any]]:
        """The runs of our nights, oldest first."""
        first, last = (f"{day}T00:00:00Z" for day in (self.nights[0], self.nights[-1]))
        query = f"logical_date_gte={first}&logical_date_lte={last}&order_by=logical_date&limit=100"
        return [
            run
            for run in self.api.call("GET", f"dags/{DAG_ID}/dagRuns?{query}")["dag_runs"]
            if run["run_type"] == "backfill"
        ]

    def _report_tasks(self) -> None:
        first, last = (f"{day}T00:00:00Z" for day in (self.nights[0], self.nights[-1]))
        query = f"logical_date_gte={first}&logical_date_lte={last}&order_by=end_date&limit=100"
        path = f"dags/{DAG_ID}/dagRuns/~/taskInstances?{query}"
        tasks = [task for task in self._pages(path) if task["task_id"] in STAGE_NAMES]
        for task in tasks:
            self._report(task)
        running = [task for task in tasks if task["state"] in RUNNING]
        if not running:
            self.progress.now("Airflow takes the next night")
            return
        names = [f"{_night(t)} {stage_number(t['task_id'])} {t['task_id']}" for t in running]
        at_work = next((task for task in running if task["state"] == "running"), None)
        self.progress.now(", ".join(names), self._log(at_work) if at_work else None)

    def _pages(self, path: str) -> Iterator[dict[str, Any]]:
        offset, total = 0, 1
        while offset < total:
            page = self.api.call("GET", f"{path}&offset={offset}")
            yield from page["task_instances"]
            offset, total = offset + 100, page["total_entries"]

    def _report(self, task: dict[str, Any]) -> None:
        reported = (task["dag_run_id"], task["task_id"], task["try_number"], task["state"])
        if task["state"] not in ENDED or reported in self.reported:
            return
        self.reported.add(reported)
        night, stage = _night(task), task["task_id"]
        summary = self._summary(night, stage)
        seconds = task["duration"] or 0.0
        self.progress.ended(StageEnd(night, stage, task["state"], seconds, summary))
        if task["state"] in ("failed", "up_for_retry"):
            self.progress.say(f"    {summary.get('error') or 'no word from the stage'}")
            self.progress.say(f"    log: {self._log(task)}")

    def _summary(self, night: date, stage: str) -> dict[str, Any]:
        record = read_record(open_store(self.airflow.settings), record_key(night, stage))
        return dict(record) if record else {}

    def _log(self, task: dict[str, Any]) -> Path:
        run = self.airflow.home.logs / f"dag_id={DAG_ID}" / f"run_id={task['dag_run_id']}"
        return run / f"task_id={task['task_id']}" / f"attempt={task['try_number']}.log"


def _night(thing: dict[str, Any]) -> date:
    return datetime.fromisoformat(thing["logical_date"]).date()
