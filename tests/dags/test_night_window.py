from datetime import UTC, date, datetime

import pytest

from dags.night_window import resolve_window
from jobs.errors import UsageError
from jobs.window import Window

NIGHT = (datetime(2026, 6, 28, tzinfo=UTC), datetime(2026, 6, 29, tzinfo=UTC))
NOTHING = {"window_start": None, "window_end": None}


@pytest.mark.parametrize("run_type", ["scheduled", "backfill"])
def test_a_scheduled_or_backfill_run_is_for_its_data_interval(run_type):
    assert resolve_window(NOTHING, run_type, *NIGHT) == Window(date(2026, 6, 28), date(2026, 6, 29))


@pytest.mark.parametrize("run_type", ["manual", "backfill"])
def test_explicit_params_win(run_type):
    params = {"window_start": "2026-06-01", "window_end": "2026-06-08"}
    assert resolve_window(params, run_type, *NIGHT) == Window(date(2026, 6, 1), date(2026, 6, 8))


def test_a_manual_runs_interval_is_not_taken_for_its_window():
    with pytest.raises(UsageError, match=r"manual run has no window of its own: trigger the run with"):
        resolve_window(NOTHING, "manual", *NIGHT)


def test_half_a_window_is_refused_with_what_to_pass():
    with pytest.raises(
        UsageError, match=r"only one end of the window was given \(2026-06-28\): trigger"
    ):
        resolve_window({"window_start": "2026-06-28", "window_end": None}, "backfill", *NIGHT)


def test_a_run_without_an_interval_is_refused():
    with pytest.raises(UsageError, match="scheduled run has no window"):
        resolve_window(NOTHING, "scheduled", None, None)
