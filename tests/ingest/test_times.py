from datetime import UTC, datetime

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.ingest.faults import RowFault
from jobs.ingest.times import parse_time, parse_times

AT = datetime(2026, 6, 28, 15, 4, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "2026-06-28T15:04:00Z", "2026-06-28 15:04Z", "2026-06-28T17:04:00+02:00",
        "2026-06-28T17:04:00+0200",
        "2026-06-28T17:04:00+02", "2026-06-28T15:04:00.000000000-00:00", "2026-06-28T15:04:00,0Z",
        "2026-06-28T20:34:00+05:30", "2026-06-29T05:04:00+14:00", "2026-06-28T03:34:00-11:30",
    ],
)  # fmt: skip
def test_one_instant_in_many_spellings(text):
    assert parse_time("at", text) == AT
    assert parse_times(pa.array([text])).to_pylist() == [AT]


@pytest.mark.parametrize(
    "text",
    [
        "2026-06-28 15:04:00 UTC", "2026-06-28 15:04:00.000 UTC", "2026-06-28 15:04:00 GMT",
        "2026-06-28 17:04:00 +0200", "2026-06-28 17:04 +02:00", "2026-06-28 12:04:00 -03",
        "2026-06-28T15:04:00 Z", "2026-06-28t15:04:00z", "2026-06-28 15:04:00utc",
    ],
)  # fmt: skip
def test_a_zone_may_be_set_apart_or_called_by_its_name(text):
    assert parse_time("at", text) == AT
    # Blocks of them are read row by row.
    assert parse_times(pa.array([text])) is None


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("2026-06-28T15:04:00", "no zone: at"),
        ("2026-06-28", "no zone: at"),
        ("2026-06-28T15:04:00  Z", "not ISO-8601: at"),
        ("2026-06-28T15:04:00 CET", "not ISO-8601: at"),
        ("2026-06-28 -02", "not ISO-8601: at"),
        ("2026-06-28 UTC", "not ISO-8601: at"),
        ("2026-06-28T15:04:00 Europe/Berlin", "not ISO-8601: at"),
        ("2026-6-28T15:04:00Z", "not ISO-8601: at"),
        ("20260628T150400Z", "not ISO-8601: at"),
        ("2026-W26-7T15:04:00Z", "not ISO-8601: at"),
        ("2026-06-28T15:04:00+15:00", "not ISO-8601: at"),
        (" 2026-06-28T15:04:00Z", "not ISO-8601: at"),
        ("٢٠٢٦-06-28T15:04:00Z", "not ISO-8601: at"),
        ("", "not ISO-8601: at"),
        (1782673451, "not ISO-8601: at"),
        (20.5, "not ISO-8601: at"),
    ],
)
def test_nothing_is_guessed(text, rule):
    with pytest.raises(RowFault) as fault:
        parse_time("at", text)
    assert fault.value.rule == rule
    assert "as 2026-06-28T21:04:00" in fault.value.reason
    if isinstance(text, str):
        assert parse_times(pa.array(["2026-06-28T15:04:00Z", text])) is None


def test_no_text_is_no_instant():
    assert parse_times(pa.array([None, "2026-06-28T15:04:00Z"])).to_pylist() == [None, AT]
    assert parse_times(pa.array([], pa.string())).to_pylist() == []


@given(
    at=st.datetimes(min_value=datetime(1900, 1, 2), max_value=datetime(2200, 1, 1)),
    digits=st.integers(0, 9),
    minutes=st.integers(-14 * 60, 14 * 60),
)
def test_both_parsers_read_the_same_instant(at, digits, minutes):
    fraction = f".{at.microsecond:06}000"[: digits + 1] if digits else ""
    sign, size = "-" if minutes < 0 else "+", abs(minutes)
    text = f"{at:%Y-%m-%dT%H:%M:%S}{fraction}{sign}{size // 60:02}:{size % 60:02}"
    assert parse_times(pa.array([text])).to_pylist() == [parse_time("at", text)]
