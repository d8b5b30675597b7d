import csv
from io import StringIO

import pytest

from jobs.publish.formats import m3u8, spreadsheet
from tests.publish.nights import playlist, row

KNOWN = {"album": "Songs", "release_date": "1999-02", "duration_ms": 200_600, "url": "https://x.org/t1"}
HOSTILE = {"title": 'Line\nbreak, "quoted" #EXTINF', "artist": "=cmd()\r"}


def test_m3u8_is_in_the_order_of_listening_with_lengths_and_addresses():
    rows = [row(1, "t1", play_order=2) | KNOWN, row(2, "a b/c", play_order=1)]
    assert m3u8(playlist(rows, "é")).decode().splitlines() == [
        "#EXTM3U",
        "#PLAYLIST:Discover for é, 2026-06-28",
        "#EXTINF:-1,An Artist - Title of a b/c",
        "urn:nocturne:track:a%20b%2Fc",
        "#EXTINF:201,An Artist - Title of t1",
        "https://x.org/t1",
    ]


def test_no_text_makes_a_line_of_its_own_in_m3u8():
    lines = m3u8(playlist([row(1, "t\n1") | HOSTILE], "u\n#EXTM3U")).decode().split("\n")
    assert lines == [
        "#EXTM3U",
        "#PLAYLIST:Discover for u #EXTM3U, 2026-06-28",
        '#EXTINF:-1,=cmd()  - Line break, "quoted" #EXTINF',
        "urn:nocturne:track:t%0A1",
        "",
    ]


@pytest.mark.parametrize("title", ["👩\u200d🎤", "نی\u200cم", "क्\u200dष", "non\u00a0stop", "\u200eabc"])
def test_joiners_and_other_blanks_stay_in_m3u8(title):
    lines = m3u8(playlist([row(1, "t1") | {"title": title}])).decode().split("\n")
    assert lines[2] == f"#EXTINF:-1,An Artist - {title}"


@pytest.mark.parametrize(
    "char", ["\n", "\r", "\x0b", "\x0c", "\x85", "\u2028", "\u2029", "\x00", "\x1b"]
)
def test_what_ends_a_line_somewhere_is_a_blank_in_m3u8(char):
    lines = m3u8(playlist([row(1, "t1") | {"title": f"a{char}b"}])).decode().splitlines()
    assert lines[2] == "#EXTINF:-1,An Artist - a b"


def test_csv_reads_back_by_rank():
    body = spreadsheet(playlist([row(1, "t1", play_order=2) | KNOWN, row(2, "t2", play_order=1)]))
    assert body.startswith(b"\xef\xbb\xbfrank,play_order,track_id,title,artist,album,")
    first, second = csv.DictReader(StringIO(body.decode("utf-8-sig"), newline=""))
    assert first == {
        "rank": "1", "play_order": "2", "track_id": "t1", "title": "Title of t1", "artist": "An Artist",
        "album": "Songs", "release_date": "1999-02", "duration_ms": "200600", "url": "https://x.org/t1",
        "strategy": "explore", "reason": "New to you.",
    }  # fmt: skip
    assert (second["rank"], second["album"], second["duration_ms"]) == ("2", "", "")


def test_no_cell_of_csv_is_a_formula():
    body = spreadsheet(playlist([row(1, "-1+1") | HOSTILE])).decode("utf-8-sig")
    [found] = csv.DictReader(StringIO(body, newline=""))
    assert found["track_id"] == "'-1+1" and found["artist"] == "'=cmd()\r"
    assert found["title"] == HOSTILE["title"]
