"""What a run ends with, on a screen that is too narrow for it."""

from datetime import date
from io import StringIO

from rich.console import Console

from jobs.embedded import ending


def test_a_place_is_one_line_however_narrow_the_screen_is(settings, monkeypatch):
    place = "/home/ada/nocturne/.nocturne/store/reports/2026-06-28/index.html"
    monkeypatch.setattr(ending, "someone", lambda *_: "ada")
    monkeypatch.setattr(ending, "playlist", lambda *_: [])
    monkeypatch.setattr(ending, "show_playlist", lambda *_: None)
    monkeypatch.setattr(ending, "counts", lambda *_: "2026-06-28: 6,235 rows landed, 0 rejected")
    monkeypatch.setattr(ending, "places", lambda *_: [("night report", place)])
    screen = StringIO()
    ending.show_ending(Console(file=screen, width=40), settings, date(2026, 6, 28))
    lines = screen.getvalue().splitlines()
    assert "2026-06-28: 6,235 rows landed, 0 rejected" in lines
    assert f"night report  {place}" in lines
