"""Says beside each run which night it is for, whoever made it: its times in Airflow's UI are those of
the day after. A listener of Airflow's, whose scheduler calls it (``dags.report_pages`` registers it).
"""

from contextlib import suppress
from typing import Any

from airflow.listeners import hookimpl

from dags.night_window import resolve_window
from jobs.errors import UsageError
from jobs.window import Window

DAG_ID = "nightly_discover"


@hookimpl
def on_dag_run_running(dag_run: Any) -> None:
    """Note the night of a run that begins, if it has one and nobody has noted anything beside it."""
    if dag_run.dag_id != DAG_ID or dag_run.note:
        return
    interval = dag_run.data_interval_start, dag_run.data_interval_end
    with suppress(UsageError):
        dag_run.note = note_of(resolve_window(dag_run.conf or {}, dag_run.run_type, *interval))


def note_of(window: Window) -> str:
    """Return the window in words."""
    if len(window.days) == 1:
        return f"the night of {window.as_of}"
    return f"the nights of {window.start} to {window.as_of}"
