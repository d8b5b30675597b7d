"""The one line that an alarm is made of."""

import logging
from types import SimpleNamespace

from dags.night_failures import alert_dag, alert_task


def test_a_failed_task_is_told_by_name_run_and_reason(caplog):
    task = SimpleNamespace(task_id="ingest", run_id="backfill__2026-06-28")
    alert_task({"task_instance": task, "exception": ValueError("17 of 20 rows are bad")})
    assert caplog.record_tuples == [
        (
            "nocturne.alerts",
            logging.ERROR,
            "ingest of run backfill__2026-06-28 failed: 17 of 20 rows are bad",
        )
    ]


def test_a_failed_run_is_told_with_airflows_reason(caplog):
    alert_dag({"run_id": "backfill__2026-06-28", "reason": "task_failure"})
    assert caplog.record_tuples == [
        (
            "nocturne.alerts",
            logging.ERROR,
            "run backfill__2026-06-28 failed: task_failure; the last published playlists stay up",
        )
    ]
