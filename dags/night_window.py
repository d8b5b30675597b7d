"""The one place where a run's window is resolved."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from jobs.errors import UsageError
from jobs.window import Window

HOW_TO = (
    "trigger the run with window_start and window_end (YYYY-MM-DD, the end is the day after the last "
    "night), or make a backfill of the nights"
)
# Runs whose data interval is the night they are for. A manual run's is merely the newest one.
INTERVAL_RUNS = ("scheduled", "backfill")


def resolve_window(
    params: Mapping[str, Any],
    run_type: str,
    interval_start: datetime | None,
    interval_end: datetime | None,
) -> Window:
    """Return the window of a run: its params, else its data interval; UsageError says what to pass."""
    start, end = params.get("window_start"), params.get("window_end")
    if start and end:
        return Window.parse(start, end)
    if start or end:
        raise UsageError(f"only one end of the window was given ({start or end}): {HOW_TO}")
    if run_type in INTERVAL_RUNS and interval_start and interval_end:
        return Window.parse(interval_start.isoformat(), interval_end.isoformat())
    raise UsageError(f"a {run_type} run has no window of its own: {HOW_TO}")


def window_of(context: Mapping[str, Any]) -> Window:
    """Return the window of a task's run, from its context."""
    return resolve_window(
        context["params"],
        context["dag_run"].run_type.value,
        context.get("data_interval_start"),
        context.get("data_interval_end"),
    )
