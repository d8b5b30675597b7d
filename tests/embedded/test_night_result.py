"""What a run ends with: a listener's playlist, the counts of the night, where everything is."""

import re
from datetime import timedelta
from io import StringIO

import pytest
from rich.console import Console

from jobs.embedded.night_result import (
    example_listener,
    night_counts,
    places,
    published_night,
    read_playlist,
    show_playlist,
    show_result,
    typed,
)
from jobs.errors import UsageError
from jobs.stage import Night, run_stage
from jobs.stage_record import record_key
from jobs.store import open_store
from jobs.window import Window
from tests.publish.nights import NIGHT, by_neighbors, row, write_playlists

# Neither by name nor by rows is the longest playlist first, and another night has a longer one.
PLAYLISTS = {
    "bob": [row(2, "t2"), by_neighbors(1, "t1")],
    "zoe": [row(1, "t3")],
    "ada": [row(3, "t1"), row(1, "t9"), row(2, "t4", reason="[bold] and slow.")],
    "cid": [row(2, "t5"), row(1, "t6"), row(3, "t7")],
}


@pytest.fixture
def night(settings):
    """A night whose ingest has left its record."""
    write_playlists(settings, {"abe": [row(n, f"t{n}") for n in range(1, 6)]}, NIGHT - timedelta(1))
    write_playlists(settings, PLAYLISTS)

    def ingest(given):
        given.summary.rows_in, given.summary.rows_out, given.summary.rows_rejected = 6235, 6200, 35

    given = Night(Window.night(NIGHT), settings)
    run_stage("ingest", ingest, given)
    return given


def printed(width: int, show, *arguments) -> str:
    screen = StringIO()
    show(Console(file=screen, width=width), *arguments)
    return screen.getvalue()


def test_a_listener_to_show_has_the_longest_playlist_and_the_first_name(night):
    assert example_listener(night.settings, NIGHT) == "ada"


def test_a_playlist_is_read_by_rank(night):
    tracks = read_playlist(night.settings, "ada", NIGHT)
    assert [(track["rank"], track["title"]) for track in tracks] == [
        (1, "Title of t9"),
        (2, "Title of t4"),
        (3, "Title of t1"),
    ]


def test_a_listener_without_a_playlist_is_told_how_many_have_one(night):
    with pytest.raises(
        UsageError, match=r"'abe' has no playlist of 2026-06-28, .* those of 4 listeners$"
    ):
        read_playlist(night.settings, "abe", NIGHT)


def test_a_playlist_is_printed_with_brackets_as_they_are(night):
    shown = printed(100, show_playlist, "ada", NIGHT, read_playlist(night.settings, "ada", NIGHT))
    assert shown.splitlines() == [
        "ada · discover · 2026-06-28",
        " 1  Title of t9 · An Artist",
        "    New to you.",
        " 2  Title of t4 · An Artist",
        "    [bold] and slow.",
        " 3  Title of t1 · An Artist",
        "    New to you.",
    ]


def test_on_a_terminal_a_track_takes_two_lines_however_long_its_words_are(night):
    rows = read_playlist(night.settings, "ada", NIGHT)
    rows[0] |= {"title": "A title " * 20, "reason": "Because " * 40}
    screen = StringIO()
    show_playlist(Console(file=screen, width=80, force_terminal=True), "ada", NIGHT, rows)
    lines = re.sub(r"\x1b\[[0-9;]*m", "", screen.getvalue()).splitlines()
    assert len(lines) == 7 and max(map(len, lines)) <= 80
    assert lines[1].endswith("…") and lines[2].startswith("    Because") and lines[2].endswith("…")


def test_a_run_ends_with_ten_tracks_and_the_command_for_the_rest(night, monkeypatch):
    write_playlists(night.settings, {"an na": [row(n, f"t{n}") for n in range(1, 13)]}, NIGHT)
    monkeypatch.setattr("sys.argv", [".venv/bin/nocturne", "run"])
    given = {"NOCTURNE__LANDING__ROOT": "my logs"}
    lines = printed(80, show_result, night.settings, NIGHT, given).splitlines()
    assert lines[1] == "an na · discover · 2026-06-28" and lines[20].startswith("10  Title of")
    assert len([line for line in lines if "Title of" in line]) == 10
    assert lines[22] == (
        "    … all 12: NOCTURNE__LANDING__ROOT='my logs' .venv/bin/nocturne playlist 'an na' "
        "--date 2026-06-28"
    )
    assert lines[-1].startswith("Airflow UI    NOCTURNE__LANDING__ROOT='my logs' make up (user admin, ")


def test_other_lists_are_named_with_the_command_that_shows_them(night, monkeypatch):
    again = [row(n, f"t{n}", playlist="rediscover") for n in (2, 1)]
    write_playlists(night.settings, {"ada": [row(1, "t9"), *again], "bob": again})
    monkeypatch.setattr("sys.argv", ["/usr/bin/pytest"])
    lines = printed(80, show_result, night.settings, NIGHT).splitlines()
    assert lines[1:5] == [
        "ada · discover · 2026-06-28",
        " 1  Title of t9 · An Artist",
        "    New to you.",
        "    rediscover, 2: nocturne playlist ada --date 2026-06-28 --list rediscover",
    ]
    found = read_playlist(night.settings, "ada", NIGHT, "rediscover")
    assert [track["track_id"] for track in found] == ["t1", "t2"]
    with pytest.raises(UsageError, match=r"'bob' has no list discover .* but one by --list rediscover$"):
        read_playlist(night.settings, "bob", NIGHT)


def test_a_program_that_is_not_ours_is_not_named(monkeypatch):
    monkeypatch.setattr("sys.argv", ["/usr/bin/pytest"])
    assert typed("status", {}) == "nocturne status"


def test_a_nights_counts_are_those_of_its_own_rows(night):
    assert night_counts(night.settings, NIGHT) == (
        "2026-06-28: 6,235 rows landed, 35 rejected; playlists of 4 listeners, 9 tracks "
        "(1 exploit, 8 explore)"
    )


def test_places_are_one_line_each_however_narrow_the_screen_is(night):
    store = open_store(night.settings)
    docs = "reports/2026-06-28/data_docs/gate_inputs"
    for key in (f"{docs}/index.html", f"{docs}/expectations/index.html"):
        store.put(key, b"")
    lines = printed(30, show_result, night.settings, NIGHT).splitlines()
    root, home = night.settings.store.root, night.settings.home
    assert lines[-5:] == [
        f"tables        {night.settings.lake.root}/<table>",
        f"playlists     {root}/playlists/latest.json",
        f"night report  {root}/reports/2026-06-28/index.html",
        f"Data Docs     {root}/{docs}/index.html",
        f"Airflow UI    make up (user admin, password in {home}/airflow/passwords.json)",
    ]
    assert night_counts(night.settings, NIGHT) in lines
    assert lines[1].rstrip() == "ada · discover · 2026-06-28"


def test_playlists_are_where_the_pointer_says_and_the_ui_where_it_is(night):
    pointer = b'{"as_of": "2026-06-28", "manifest": "runs/2026-06-28-a/manifest.json"}'
    open_store(night.settings).put("playlists/latest.json", pointer)
    assert published_night(night.settings) == NIGHT
    told = dict(places(night.settings, NIGHT, "http://127.0.0.1:8080"))
    assert told["playlists"] == f"{night.settings.store.root}/playlists/runs/2026-06-28-a"
    assert told["Airflow UI"].startswith("http://127.0.0.1:8080 (user admin")


@pytest.mark.parametrize(
    "pointer", [None, b'{"as_of": "2026-06', b"[]", b"{}", b'{"as_of": 3}', b'{"as_of": "yesterday"}']
)
def test_a_half_written_record_or_pointer_costs_a_count_and_no_more(night, pointer):
    store = open_store(night.settings)
    store.put(record_key(NIGHT, "ingest"), b'{"rows_in": 62')
    if pointer is not None:
        store.put("playlists/latest.json", pointer)
    assert "2026-06-28: 0 rows landed, 0 rejected;" in night_counts(night.settings, NIGHT)
    assert dict(places(night.settings, NIGHT, "make up"))["playlists"].endswith("playlists/latest.json")
    with pytest.raises(UsageError, match="make a night first"):
        published_night(night.settings)


def test_without_a_table_a_night_is_to_be_made_first(settings):
    with pytest.raises(UsageError, match=r"no playlists table in .*: make a night first"):
        read_playlist(settings, "ada", NIGHT)
