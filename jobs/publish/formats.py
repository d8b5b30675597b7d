"""Formats beside Nocturne's own JSON, for players and spreadsheets: a new one is a function, a line
below, and its name in the settings.

Each is a function of a list's rows alone, so that the same rows give the same bytes.
"""

import csv
from collections.abc import Callable, Mapping
from io import StringIO
from unicodedata import category

from jobs.publish.cover import cover
from jobs.publish.documents import address, by_place, jspf, title_of
from jobs.publish.playlists import Playlist

Format = Callable[[Playlist], bytes]
CSV_COLUMNS = (
    "rank", "play_order", "track_id", "title", "artist", "album", "release_date", "duration_ms", "url",
    "strategy", "reason",
)  # fmt: skip
# How a cell begins that a spreadsheet would take for a formula.
FORMULA = ("=", "+", "-", "@", "\t", "\r")
# Unicode's categories of control characters, and of what separates lines and paragraphs.
ENDS_LINES = {"Cc", "Zl", "Zp"}


def m3u8(playlist: Playlist) -> bytes:
    """Render a playlist as extended M3U in UTF-8 (RFC 8216), in the order of listening.

    A track is at its address if it has one, else a URN that a player's library may know. Of unknown
    length is -1. What would end a line, and any other control character, is a blank.
    """
    lines = ["#EXTM3U", f"#PLAYLIST:{_line(title_of(playlist))}"]
    for row in by_place(playlist.rows):
        seconds = -1 if row.get("duration_ms") is None else round(row["duration_ms"] / 1000)
        lines += [
            f"#EXTINF:{seconds},{_line(row['artist'])} - {_line(row['title'])}",
            _line(row.get("url") or address(row["track_id"])),
        ]
    return ("\n".join(lines) + "\n").encode()


def spreadsheet(playlist: Playlist) -> bytes:
    """Render a playlist as CSV (RFC 4180) with a header, by rank, in UTF-8 with its mark, by which
    spreadsheets know it.

    Text that a spreadsheet would run as a formula has an apostrophe before it.
    """
    text = StringIO()
    writer = csv.writer(text)
    writer.writerow(CSV_COLUMNS)
    for row in playlist.rows:
        writer.writerow(_cell(row.get(name)) for name in CSV_COLUMNS)
    return text.getvalue().encode("utf-8-sig")


def _line(text: str) -> str:
    # Joiners stay: emoji and titles in Persian or Hindi are misspelt without them.
    return "".join(" " if category(char) in ENDS_LINES else char for char in text)


def _cell(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value


FORMATS: Mapping[str, Format] = {"jspf": jspf, "m3u8": m3u8, "csv": spreadsheet, "svg": cover}
