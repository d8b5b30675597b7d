"""What a run ends with, on a screen that is too narrow for it."""

from datetime import date
from io import StringIO

import pyarrow as pa
import pytest
from rich.console import Console

from jobs.embedded import night_result
from jobs.errors import UsageError
from jobs.stage_record import record_key
from jobs.store import open_store


def test_a_place_is_one_line_however_narrow_the_screen_is(settings, monkeypatch):
    place = "/home/ada/nocturne/.nocturne/store/reports/2026-06-28/index.html"
    monkeypatch.setattr(night_result, "example_listener", lambda *_: "ada")
    monkeypatch.setattr(night_result, "read_playlist", lambda *_: [])
    monkeypatch.setattr(night_result, "show_playlist", lambda *_: None)
    monkeypatch.setattr(
        night_result, "night_counts", lambda *_: "2026-06-28: 6,235 rows landed, 0 rejected"
    )
    monkeypatch.setattr(night_result, "places", lambda *_: [("night report", place)])
    screen = StringIO()
    night_result.show_result(Console(file=screen, width=40), settings, date(2026, 6, 28))
    lines = screen.getvalue().splitlines()
    assert "2026-06-28: 6,235 rows landed, 0 rejected" in lines
    assert f"night report  {place}" in lines


def test_a_half_written_record_or_pointer_costs_a_count_and_no_more(settings, monkeypatch):
    night = date(2026, 6, 28)
    store = open_store(settings)
    store.put(record_key(night, "ingest"), b'{"rows_in": 62')
    store.put("playlists/latest.json", b'{"as_of": "2026-06')
    rows = pa.table({"user_id": ["ada", "ada"], "strategy": ["exploit", "exploit"], "rank": [1, 2]})
    monkeypatch.setattr(night_result, "read_playlists", lambda *_: rows)
    assert night_result.night_counts(settings, night) == (
        "2026-06-28: 0 rows landed, 0 rejected; playlists of 1 listeners, 2 tracks (2 exploit)"
    )
    assert dict(night_result.places(settings, night, None))["playlists"].endswith(
        "playlists/latest.json"
    )
    with pytest.raises(UsageError, match="make a night first"):
        night_result.published_night(settings)
