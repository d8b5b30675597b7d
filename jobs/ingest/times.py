"""Instants as ISO 8601 texts with a zone. Nothing is guessed: no zone, no instant.

A zone may be set apart by a blank or be called UTC or GMT, as databases and older exports write it.
"""

import re
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from jobs.ingest.faults import RowFault

_DATE = r"[1-9]\d{3}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])"
_CLOCK = r"(?:[01]\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:[.,]\d{1,9})?)?"
_ZONE = r"(?:Z|[+-](?:0\d|1[0-4])(?::?[0-5]\d)?)"
PATTERN = f"^{_DATE}[T ]{_CLOCK}{_ZONE}$"
_INSTANT = re.compile(PATTERN, re.ASCII)
_SET_APART = re.compile(r"(.*\d) ?(?:(Z|[+-]\d\d(?::?\d\d)?)|UTC|GMT)", re.ASCII)
_ZONELESS = re.compile(f"^{_DATE}(?:[T ]{_CLOCK})?$", re.ASCII)
_OTHER_ORDER = re.compile(r"\d{1,2}([./-])\d{1,2}\1\d{2,4}\b", re.ASCII)
INSTANT = pa.timestamp("us", tz="UTC")


def parse_time(name: str, text: Any) -> datetime:
    """Return the instant, in UTC; RowFault if the text has no zone or is no ISO 8601 time."""
    instant = _instant(text) if isinstance(text, str) else None
    if instant:
        try:
            return datetime.fromisoformat(_microseconds(instant)).astimezone(UTC)
        except (ValueError, OverflowError):
            pass
    shown = repr(text)[:60]
    if isinstance(text, str) and _ZONELESS.fullmatch(text):
        raise RowFault(
            f"no zone: {name}",
            f"{name} is {shown}: a time without a zone is no instant; write it with its zone, as "
            "2026-06-28T21:04:00Z",
        )
    order = ""
    if isinstance(text, str) and _OTHER_ORDER.match(text):
        order = "whether the day or the month comes first is not known, "
    raise RowFault(
        f"not ISO-8601: {name}",
        f"{name} is {shown}: {order}write an ISO 8601 time with a zone, as 2026-06-28T21:04:00+02:00",
    )


def _instant(text: str) -> str | None:
    """The text as ``PATTERN`` has it; None if it is no instant."""
    if _INSTANT.fullmatch(text):
        return text
    found = _SET_APART.fullmatch(text.upper())
    tight = f"{found[1]}{found[2] or 'Z'}" if found else ""
    return tight if _INSTANT.fullmatch(tight) else None


def _microseconds(text: str) -> str:
    """Arrow and Python know microseconds; finer digits are cut, not rounded."""
    return re.sub(r"[.,](\d{1,6})\d*", r".\1", text)


def parse_times(texts: pa.Array) -> pa.Array | None:
    """Return all of the instants at once, null where the text is; None if any of them has a fault."""
    if not pc.all(pc.match_substring_regex(texts, PATTERN), min_count=0).as_py():
        return None
    # Without commas and digits finer than Arrow knows there is nothing to rewrite.
    found = _cast(texts)
    if found is not None:
        return found
    return _cast(pc.replace_substring_regex(texts, r"[.,](\d{1,6})\d*", r".\1"))


def _cast(texts: pa.Array) -> pa.Array | None:
    try:
        return pc.cast(texts, INSTANT)
    except pa.ArrowInvalid:
        return None
