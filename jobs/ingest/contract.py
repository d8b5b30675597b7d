"""The landing contract: the fields of the four kinds, and what makes a value one of theirs."""

import math
import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from expectations.audio_features import UNDETECTED
from jobs.ingest.faults import RowFault
from jobs.ingest.numbers import TwoReadingsError, plain_number
from jobs.ingest.times import INSTANT, parse_time
from jobs.lake.catalog import TABLES
from jobs.lake.schemas import arrow_type
from models.features import FEATURES


@dataclass(frozen=True)
class Field:
    """One field of a row, with its type in the catalog's words."""

    name: str
    type: str
    required: bool = True

    @property
    def arrow(self) -> pa.DataType:
        """Its type in Arrow."""
        return INSTANT if self.type == "timestamp" else arrow_type(self.type)


# Truth, where a file knows only texts.
FLAGS = {"true": True, "false": False, "1": True, "0": False}


class NotANumber:
    """What NaN and Infinity become, for JSON has no such numbers; and a text of two readings."""

    def __init__(self, word: str, why: str = "") -> None:
        self.word, self.why = word, why

    def __repr__(self) -> str:
        return self.word


def _fields(table: str, *names: str, optional: tuple[str, ...] = ()) -> tuple[Field, ...]:
    types = {column.name: column.type for column in TABLES[table].columns}
    return tuple(Field(name, types[name], name not in optional) for name in names)


FIELDS: dict[str, tuple[Field, ...]] = {
    "listens": _fields(
        "listens", "listen_id", "user_id", "track_id", "listened_at", "ms_played", "skipped", "source",
        "playlist_id", "private", "end_reason",
        optional=("listen_id", "skipped", "source", "playlist_id", "private", "end_reason"),
    ),
    "tracks": (
        *_fields("tracks", "track_id", "title"),
        # One of the two is enough.
        Field("artist_id", "string", required=False),
        Field("artist_ids", "array<string>", required=False),
        *_fields("tracks", "artist", "album", "release_date", "duration_ms", "explicit",
                 optional=("album", "release_date", "explicit")),
    ),
    "audio_features": _fields("audio_features", "track_id", *FEATURES, optional=tuple(UNDETECTED)),
    "feedback": _fields("feedback", "user_id", "kind", "target_id", "at"),
}  # fmt: skip


def required_fields(kind: str) -> set[str]:
    """Return the fields that a file of the kind must have."""
    return {field.name for field in FIELDS[kind] if field.required}


def typed(kind: str, row: Mapping[str, Any], nulled: Counter[str]) -> dict[str, Any]:
    """Return the kind's fields with values of their types, None where absent; RowFault for any other.

    An optional field never costs the row: what is none of its type is None, counted in ``nulled``.
    """
    values: dict[str, Any] = {}
    for field in FIELDS[kind]:
        value = row.get(field.name)
        try:
            values[field.name] = None if value is None else _TYPED[field.type](field.name, value)
        except RowFault:
            if field.required:
                raise
            values[field.name] = None
            nulled[field.name] += 1
    return values


def from_text(kind: str, row: Mapping[str, str], separator: str = ",") -> dict[str, Any]:
    """Return the values of a row that knows only texts, as CSV does; an empty text is no value.

    ``separator`` stands between the cells, and tells how numbers are written: see ``plain_number``.
    """
    types = {field.name: field.type for field in FIELDS[kind]}
    return {name: _from_text(types.get(name), text, separator) for name, text in row.items() if text}


def _from_text(kind: str | None, text: str, separator: str) -> Any:
    if kind in ("double", "bigint", "int"):
        return _number_text(text, separator, whole=kind != "double")
    if kind == "boolean":
        return FLAGS.get(text.strip().lower(), text)
    return _list_text(text) if kind == "array<string>" else text


def wrong_type(name: str, wanted: str, value: object) -> RowFault:
    """Return the fault of a value that is not of its field's type."""
    return RowFault(f"wrong type: {name}", f"{name} is {repr(value)[:60]}, not {wanted}")


def _text(name: str, value: Any) -> str:
    if not isinstance(value, str):
        raise wrong_type(name, "a text", value)
    return value


def _texts(name: str, value: Any) -> list[str]:
    if not isinstance(value, list):
        raise wrong_type(name, "a list of texts", value)
    return [_text(name, item) for item in value]


def _flag(name: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise wrong_type(name, "true or false", value)
    return value


def _number(name: str, value: Any) -> float:
    if isinstance(value, NotANumber) or (isinstance(value, float) and not math.isfinite(value)):
        why = value.why if isinstance(value, NotANumber) else ""
        raise RowFault(f"not a number: {name}", f"{name} is {value!r}{why}")
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise wrong_type(name, "a number", value)
    try:
        return float(value)
    except OverflowError:
        raise RowFault(f"out of range: {name}", f"{name} has {len(str(value))} digits") from None


def _whole(bits: int) -> Callable[[str, Any], int]:
    def whole(name: str, value: Any) -> int:
        number = _number(name, value)
        if number != math.floor(number):
            raise wrong_type(name, "a whole number", value)
        exact = int(value)
        if not -(2 ** (bits - 1)) <= exact < 2 ** (bits - 1):
            raise RowFault(f"out of range: {name}", f"{name} is {number:g}: no such number is stored")
        return exact

    return whole


def _number_text(text: str, separator: str, *, whole: bool) -> Any:
    if text.strip().lower().lstrip("+-") in ("nan", "inf", "infinity"):
        return NotANumber(text)
    try:
        plain = plain_number(text, separator, whole=whole)
    except TwoReadingsError as error:
        return NotANumber(repr(text), f": {error}")
    # Python reads 1_000 and Arabic digits; the contract does not.
    if not plain.isascii() or "_" in plain:
        return text
    for number in (int, float):
        try:
            return number(plain)
        except ValueError:
            continue
    return text


def _list_text(text: str) -> Any:
    from json import loads

    if text.startswith("['") and text.endswith("']"):  # a list of texts as Python prints it
        return text[2:-2].split("', '")
    if not re.search(r"[\[\],;]", text):
        return [text]
    try:
        return loads(text)
    except (ValueError, RecursionError):
        return text


_TYPED: dict[str, Callable[[str, Any], Any]] = {
    "string": _text,
    "array<string>": _texts,
    "boolean": _flag,
    "double": _number,
    "bigint": _whole(64),
    "int": _whole(32),
    "timestamp": parse_time,
}
