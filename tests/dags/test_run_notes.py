"""What a run says of itself, by whatever way it was made."""

from datetime import UTC, datetime

import pytest
from airflow.models.dagrun import DagRun
from airflow.utils.state import DagRunState
from airflow.utils.types import DagRunType

NIGHT = datetime(2026, 6, 28, tzinfo=UTC), datetime(2026, 6, 29, tzinfo=UTC)
WEEK = {"window_start": "2026-06-22", "window_end": "2026-06-29"}


def begun(run_type, interval=NIGHT, conf=None, note=None, dag_id="nightly_discover"):
    """Airflow's own run, as its scheduler tells listeners that it begins."""
    run = DagRun(
        dag_id=dag_id,
        run_id=f"{run_type}__2026-06-29",
        run_type=DagRunType(run_type),
        logical_date=interval and interval[0],
        data_interval=interval,
        conf=conf,
        note=note,
        state=DagRunState.RUNNING,
    )
    run.notify_dagrun_state_changed(msg="started")
    return run.note


@pytest.mark.parametrize("run_type", ["scheduled", "backfill"])
def test_a_run_of_an_interval_says_its_night_not_the_day_after(run_type):
    assert begun(run_type) == "the night of 2026-06-28"


def test_a_run_by_hand_says_what_was_asked_for():
    one = {"window_start": "2026-06-01", "window_end": "2026-06-02", "force": None}
    assert begun("manual", conf=one) == "the night of 2026-06-01"
    assert begun("manual", None, conf=WEEK) == "the nights of 2026-06-22 to 2026-06-28"
    assert begun("backfill", conf=WEEK) == "the nights of 2026-06-22 to 2026-06-28"


@pytest.mark.parametrize("conf", [None, {"window_start": "2026-06-22"}, {**WEEK, "window_end": "soon"}])
def test_a_run_without_a_window_says_nothing(conf):
    assert begun("manual", conf=conf) is None


def test_what_a_person_noted_stays_and_other_dags_are_left_alone():
    assert begun("backfill", note="ada: again, after the outage") == "ada: again, after the outage"
    assert begun("backfill", dag_id="somebody_elses") is None
