"""The days that Airflow makes runs for."""

from datetime import UTC, datetime

import pytest
from airflow.serialization.serialized_objects import DagSerialization

D28, D29, D30 = (datetime(2026, 6, day, tzinfo=UTC) for day in (28, 29, 30))


@pytest.fixture
def scheduled(dag, monkeypatch):
    """The DAG as the scheduler knows it, with its schedule on or off."""

    def made(use_job_schedule):
        monkeypatch.setenv("AIRFLOW__SCHEDULER__USE_JOB_SCHEDULE", str(use_job_schedule))
        return DagSerialization.from_dict(DagSerialization.to_dict(dag))

    return made


def test_by_itself_the_next_run_is_for_the_last_whole_day(scheduled):
    serialized = scheduled(use_job_schedule=True)
    info = serialized.next_dagrun_info(last_automated_run_info=None)
    length = info.data_interval.end - info.data_interval.start
    assert (length.total_seconds(), info.data_interval.start.hour) == (24 * 3600, 0)
    assert info.run_after == info.data_interval.end
    assert serialized.timetable.summary == "0 0 * * *"


def test_where_the_schedule_is_off_there_is_no_next_run_and_it_says_so(scheduled):
    serialized = scheduled(use_job_schedule=False)
    assert serialized.next_dagrun_info(last_automated_run_info=None) is None
    (first, _) = serialized.iter_dagrun_infos_between(D28, D29)
    assert serialized.next_dagrun_info(last_automated_run_info=first) is None
    assert serialized.timetable.summary == "by hand"
    assert "nocturne up --nightly" in serialized.timetable.description


@pytest.mark.parametrize("use_job_schedule", [True, False])
def test_a_backfill_has_each_of_its_nights(scheduled, use_job_schedule):
    infos = list(scheduled(use_job_schedule).iter_dagrun_infos_between(D28, D29))
    assert [(info.logical_date, info.data_interval.end) for info in infos] == [(D28, D29), (D29, D30)]
