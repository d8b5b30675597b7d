"""The first lines of a delimited file: what separates its cells, and what its columns are called."""

import csv
import re
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from typing import Any

from jobs.ingest.faults import FileFault

# Whether columns are those of a known format.
Fits = Callable[[Mapping[str, Any]], bool]
SEPARATORS = (",", ";", "\t", "|")
_DECLARED = re.compile(r'"?sep=([,;|\t])"?', re.IGNORECASE)
# A cell that names no column: a number, a time, an address.
_DATUM = re.compile(
    r"[+-]?[\d.,]*\d|\d{4}-\d\d-\d\d.*|\d{1,2}[./-]\d{1,2}[./-]\d{2,4}\b.*|\w+:\w+:\w+|https?:.*"
    r"|\d{1,2} [A-Z][a-z]{2} \d{4}\b.*"
)
# lastfmstats.com calls the column of its times by the listener, too.
_DATE_OF = re.compile(r"(date)#(.+)", re.IGNORECASE)
_SCROBBLED = re.compile(r"\d{1,2} [A-Z][a-z]{2} \d{4},? \d\d:\d\d")
_PLAYER_LOG = ("artist", "album", "track", "tracknum", "length", "rating", "timestamp")
_OF_PLAYER = {5: re.compile("[LS]"), 6: re.compile(r"\d{1,10}")}
# Exports that have no header, by the shape of a row: patterns of some of their cells, by place.
_FIXED: tuple[tuple[tuple[str, ...], dict[int, re.Pattern[str]]], ...] = (
    (("artist", "album", "track", "date"), {3: _SCROBBLED}),
    (("uts", "track", "artist", "album", "track_mbid", "artist_mbid", "album_mbid"),
     {0: re.compile(r"\d{9,10}")}),
    # A portable player's .scrobbler.log, of version 1.0 and 1.1.
    (_PLAYER_LOG, _OF_PLAYER),
    ((*_PLAYER_LOG, "mbid"), _OF_PLAYER),
    # Last.fm's thousand listeners and its 360 thousand, and the triplets of the Million Song Dataset.
    (("user_id", "timestamp", "artist_mbid", "artist_name", "track_mbid", "track_name"),
     {0: re.compile(r"user_\d{6}"), 1: re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")}),
    (("user", "artist_mbid", "artist", "plays"),
     {0: re.compile("[0-9a-f]{40}"), 1: re.compile("([0-9a-f-]{36})?"), 3: re.compile(r"\d+")}),
    (("user_id", "song_id", "play_count"),
     {0: re.compile("[0-9a-f]{40}"), 1: re.compile("SO[A-Z0-9]{16}"), 2: re.compile(r"\d+")}),
)  # fmt: skip


def declared_separator(line: str) -> str | None:
    """Return the separator that a spreadsheet declares in a line of its own, ``sep=;``."""
    found = _DECLARED.fullmatch(line.strip("\ufeff \r"))
    return found[1] if found else None


def separator(line: str, known: Container[str]) -> str:
    """Return what separates the cells of a file with this first line: that which gives most columns that
    are ``known``, then most cells; ties in the order of ``SEPARATORS``."""

    def worth(mark: str) -> tuple[bool, int, int]:
        cells = split_cells(line, mark)
        n_known = sum(spelling(cell) in known for cell in cells)
        return fixed_columns(cells) is not None, n_known, len(cells)

    return max(SEPARATORS, key=worth)


def split_cells(line: str, mark: str) -> list[str]:
    """Return the cells of one line; none where they cannot be told."""
    try:
        return next(csv.reader([line], delimiter=mark), [])
    except csv.Error:
        return []


def spelling(name: str) -> str:
    """Return a column's name without what spreadsheets and people change: case, blanks, marks."""
    return re.sub(r"[\s_\-.()#]+", "_", name[:200].strip().lower()).strip("_")


def fixed_columns(cells: Sequence[str]) -> tuple[str, ...] | None:
    """Return the columns of a known export without a header, of which this is a row; None if of none."""
    for columns, patterns in _FIXED:
        if len(cells) == len(columns) and all(
            pattern.fullmatch(cells[place].strip()) for place, pattern in patterns.items()
        ):
            return columns
    return None


def header_place(lines: Sequence[str], mark: str | None, known: Container[str], fits: Fits) -> int:
    """Return which of a file's first lines is its header, or its first row if it has none.

    That is the first line that ``fits`` a known format, if all above it are comments or have fewer
    cells, as titles have; else the first line that is no comment. ``mark`` separates the cells; None:
    each line tells.
    """
    cells = [split_cells(line, mark or separator(line, known)) for line in lines]
    found = next((place for place, row in enumerate(cells) if _is_header(row, known, fits)), None)
    if found is not None and all(
        _is_comment(line) or len(row) < len(cells[found])
        for line, row in zip(lines[:found], cells[:found], strict=True)
    ):
        return found
    return next((place for place, line in enumerate(lines) if not _is_comment(line)), 0)


def _is_header(cells: Sequence[str], known: Container[str], fits: Fits) -> bool:
    if fixed_columns(cells):
        return True
    names = dict.fromkeys(cell if cell in known else spelling(cell) for cell in cells)
    return fits(names)


def _is_comment(line: str) -> bool:
    return line.lstrip('\ufeff "').startswith("#")


def named_columns(cells: Sequence[str], known: Iterable[str]) -> list[str]:
    """Return the header's names, each as it is ``known`` where it is but spelled otherwise.

    FileFault if that makes two columns one.
    """
    exact = set(known)
    by_spelling = {spelling(name).replace("_", ""): name for name in sorted(exact)}
    by_spelling |= {spelling(name): name for name in sorted(exact)}
    names = [name if name in exact else _known(name, by_spelling) for name in cells]
    names = [
        cell if name != cell and name in cells else name for name, cell in zip(names, cells, strict=True)
    ]
    # Spreadsheets leave columns without a name behind the last one.
    twice = sorted({name for name in names if name and names.count(name) > 1})
    if twice:
        raise FileFault(
            "duplicate columns", f"the header has {', '.join(map(repr, twice))} more than once"
        )
    return names


def named_account(cells: Sequence[str]) -> tuple[list[str], str | None]:
    """Return the header's names without the account that one of them tells, and the account."""
    found = [_DATE_OF.fullmatch(cell.strip()) for cell in cells]
    account = next((match[2] for match in found if match), None)
    return [match[1] if match else cell for cell, match in zip(cells, found, strict=True)], account


def _known(name: str, by_spelling: dict[str, str]) -> str:
    form = spelling(name)
    return by_spelling.get(form) or by_spelling.get(form.replace("_", "")) or name.strip()


def looks_like_data(cells: Iterable[str]) -> bool:
    """Return whether a first line has cells that name no column."""
    return any(_DATUM.fullmatch(cell.strip()[:200]) for cell in cells)
