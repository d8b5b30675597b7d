"""Optional fields whose value is none: null and counted, for they never cost the row.

Here for whole blocks of typed rows, however they were read; values of another type were nulled before.
"""

import re
from collections import Counter
from datetime import date

import pyarrow as pa
import pyarrow.compute as pc

from expectations.audio_features import UNDETECTED
from expectations.rules import MAX_ID_BYTES

_LABELS = ("playlist_id", "source", "end_reason")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_DAY = r"[1-9]\d{3}(?:-(?:0[1-9]|1[0-2])(?:-(?:0[1-9]|[12]\d|3[01]))?)?"
_TIME_OF_DAY = r"^(\d{4}-\d\d-\d\d)[T ]\d\d:\d\d.*$"


def checked(kind: str, table: pa.Table, nulled: Counter[str], undetected: Counter[str]) -> pa.Table:
    """Return the kind's rows with null for optional values that are none.

    Labels as long or odd as no id may be, days that are in no calendar and what an analysis did not
    detect; ``nulled`` and ``undetected`` count them by field. Of a time as release_date the day stays.
    """
    if kind == "audio_features":
        return _detected(table, undetected)
    if kind == "tracks":
        days = pc.replace_substring_regex(table["release_date"], _TIME_OF_DAY, r"\1")
        return _without(table, "release_date", days, _no_days(days), nulled)
    for name in _LABELS if kind == "listens" else ():
        words = pc.unique(table[name]).to_pylist()
        odd = [word for word in words if word and not _is_label(word)]
        if odd:
            wrong = pc.is_in(table[name], pa.array(odd, pa.string()))
            table = _without(table, name, table[name], wrong, nulled)
    return table


def _without(
    table: pa.Table, name: str, values: pa.ChunkedArray, wrong: pa.ChunkedArray, nulled: Counter[str]
) -> pa.Table:
    n_wrong = pc.sum(wrong).as_py()
    if n_wrong:
        nulled[name] += n_wrong
        values = pc.if_else(wrong, pa.scalar(None, values.type), values)
    return table.set_column(table.column_names.index(name), name, values)


def _is_label(word: str) -> bool:
    blank_ends = word != word.strip().strip("\ufeff")
    return not (blank_ends or len(word.encode()) > MAX_ID_BYTES or _CONTROL.search(word))


def _no_days(texts: pa.ChunkedArray) -> pa.ChunkedArray:
    """Where a text is there and is neither YYYY, YYYY-MM nor YYYY-MM-DD."""
    written = pc.and_(pc.is_valid(texts), pc.not_equal(texts, ""))
    right = pc.match_substring_regex(texts, f"^{_DAY}$")
    wrong = pc.and_(pc.fill_null(written, False), pc.invert(pc.fill_null(right, False)))
    days = pc.unique(
        texts.filter(pc.and_(pc.fill_null(right, False), pc.equal(pc.utf8_length(texts), 10)))
    )
    never = [day for day in days.to_pylist() if not _is_day(day)]
    return pc.or_(wrong, pc.is_in(texts, pa.array(never, pa.string()))) if never else wrong


def _is_day(text: str) -> bool:
    try:
        return bool(date.fromisoformat(text))
    except ValueError:
        return False


def _detected(table: pa.Table, undetected: Counter[str]) -> pa.Table:
    is_row = pc.is_null(table["rule"])
    for name, word in UNDETECTED.items():
        values = table[name]
        unknown = pc.fill_null(pc.equal(values, word), True)
        undetected[name] += pc.sum(pc.and_(unknown, is_row)).as_py() or 0
        values = pc.if_else(unknown, pa.scalar(None, values.type), values)
        table = table.set_column(table.column_names.index(name), name, values)
    return table
