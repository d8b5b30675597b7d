"""JSON lines and JSON documents, strictly: no NaN, no key twice, no bytes that are not UTF-8."""

import json
import re
from collections.abc import Iterator
from itertools import accumulate
from typing import Any

from jobs.ingest.contract import NotANumber
from jobs.ingest.faults import FileFault, RowFault
from jobs.ingest.formats.records import Record
from jobs.ingest.formats.streams import MAX_LINE, Stream

MAX_DEPTH = 32
MAX_DOCUMENT = 1 << 28
# A string that is never closed counts to the end, once: no other quote in it is tried as a beginning.
_STRING = re.compile(r'"(?:[^"\\]|\\.)*+(?:"|\\?\Z)', re.DOTALL)
# Where the list of listens is, in documents that wrap it.
_WRAPPED = ("payload", "listens", "data", "audio_features", "tracks", "items")


def line_record(number: int, line: bytes) -> Record:
    """The record of one JSON line."""
    try:
        return Record(number, line, fields=_parsed(line))
    except RowFault as fault:
        return Record(number, line, fault=fault)


def _parsed(line: bytes) -> dict[str, Any]:
    if len(line) > MAX_LINE:
        raise RowFault("line too long", f"the line has more than {MAX_LINE:,} bytes")
    try:
        text = line.decode()
    except UnicodeDecodeError as error:
        at = f"byte {error.start + 1} is 0x{line[error.start]:02x}"
        raise RowFault("not UTF-8", f"{at}: not UTF-8, and no other character is put for it") from None
    fields = loads(text)
    if not isinstance(fields, dict):
        raise RowFault("malformed JSON", f"the line is a {type(fields).__name__}, not an object")
    return fields


def loads(text: str) -> Any:
    """The JSON value; RowFault where the text is none."""
    if text.count("[") + text.count("{") > MAX_DEPTH and _depth(text) > MAX_DEPTH:
        raise RowFault("malformed JSON", f"the value is nested more than {MAX_DEPTH} deep")
    try:
        value = json.loads(text, parse_constant=NotANumber, object_pairs_hook=_object)
    except (ValueError, RecursionError) as error:
        raise RowFault("malformed JSON", str(error)[:200]) from None
    if "\\u" in text and not _encodable(value):
        raise RowFault("malformed JSON", "half a surrogate pair is no character")
    return value


def _encodable(value: Any) -> bool:
    try:
        json.dumps(value, default=str, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True


def _depth(text: str) -> int:
    brackets = re.sub(r"[^][{}]", "", _STRING.sub("", text))
    return max(accumulate(1 if bracket in "[{" else -1 for bracket in brackets), default=0)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise RowFault("malformed JSON", f"the key {twice!r} is there twice")
    return fields


def document_records(stream: Stream) -> Iterator[Record]:
    """The records of a JSON document that is a list of objects, or wraps one; ``line`` counts them.

    JSON lines under a document's name are read as what they are.
    """
    body = b"".join(iter(lambda: _bounded(stream), b"")).removeprefix(b"\xef\xbb\xbf")
    if not body.strip():
        return
    try:
        value = loads(body.decode())
    except UnicodeDecodeError:
        raise FileFault("not UTF-8", "the document is not UTF-8 text") from None
    except RowFault as fault:
        lines = [line_record(*line) for line in enumerate(body.splitlines(), 1) if line[1].strip()]
        if lines[0].fields is None:
            raise FileFault(fault.rule, fault.reason) from None
        yield from lines
        return
    for number, fields in enumerate(_listed(value), 1):
        raw = json.dumps(fields, default=str, ensure_ascii=False).encode()
        if isinstance(fields, dict):
            yield Record(number, raw, fields=fields)
        else:
            yield Record(number, raw, fault=RowFault("malformed JSON", f"entry {number} is no object"))


def _bounded(stream: Stream) -> bytes:
    if stream.n_read > MAX_DOCUMENT:
        raise FileFault("document too long", f"more than {MAX_DOCUMENT:,} bytes: use JSON lines")
    return stream.read(1 << 22)


def _listed(value: Any) -> list[Any]:
    """The records of a document: a list, pages of lists, or what wraps either under a known key."""
    if isinstance(value, list):
        return [record for page in value for record in _page(page)]
    return _page(value) if isinstance(value, dict) and _page(value) != [value] else _unwrapped(value)


def _page(value: Any) -> list[Any]:
    if isinstance(value, list):
        return value
    pages = value.get("recenttracks", value) if isinstance(value, dict) else None
    entries = pages.get("track") if isinstance(pages, dict) and "@attr" in pages else None
    return entries if isinstance(entries, list) else [value]


def _unwrapped(value: Any) -> list[Any]:
    for key in _WRAPPED:
        if isinstance(value, dict) and key in value:
            value = value[key]
    if isinstance(value, dict):
        return [value]
    if not isinstance(value, list):
        raise FileFault("malformed JSON", f"the document is a {type(value).__name__}, not a list")
    return value
