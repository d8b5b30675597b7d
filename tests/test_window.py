from datetime import UTC, date, datetime

import pytest

from jobs.errors import UsageError
from jobs.window import Window

TWO_DAYS = Window(date(2026, 6, 28), date(2026, 6, 30))


def test_a_window_is_half_open_and_named_by_its_last_day():
    assert TWO_DAYS.as_of == date(2026, 6, 29)
    assert TWO_DAYS.days == [date(2026, 6, 28), date(2026, 6, 29)]
    assert TWO_DAYS.end_at == datetime(2026, 6, 30, tzinfo=UTC)


def test_a_night_is_one_day():
    assert Window.night(date(2026, 2, 28)) == Window(date(2026, 2, 28), date(2026, 3, 1))


@pytest.mark.parametrize("end", ["2026-06-28", "2026-06-27"])
def test_an_empty_window_is_a_wrong_argument(end):
    with pytest.raises(UsageError, match=f"2026-06-28 to {end} is empty: the end must be a later day"):
        Window.parse("2026-06-28", end)


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("2026-06-28", "2026-06-30"),
        ("2026-06-28T00:00:00", "2026-06-30T00:00:00+00:00"),
        ("2026-06-28T02:00:00+02:00", "2026-06-29T19:00:00-05:00"),
    ],
)
def test_days_and_midnights_utc_are_the_same(start, end):
    assert Window.parse(start, end) == TWO_DAYS


@pytest.mark.parametrize("text", ["yesterday", "28.6.2026", ""])
def test_what_is_no_day_is_a_wrong_argument(text):
    with pytest.raises(UsageError, match="is not a day: write YYYY-MM-DD"):
        Window.parse("2026-06-28", text)


@pytest.mark.parametrize("text", ["2026-06-28T00:00:00+02:00", "2026-06-28T12:00:00"])
def test_part_of_a_day_is_a_wrong_argument(text):
    with pytest.raises(UsageError, match="is not midnight UTC"):
        Window.parse(text, "2026-06-30")
