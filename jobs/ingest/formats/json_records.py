"""JSON lines and JSON documents, strictly: no NaN, no key twice, no bytes that are not UTF-8."""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import accumulate, chain
from typing import Any

from jobs.ingest.contract import NotANumber
from jobs.ingest.faults import FileFault, RowFault
from jobs.ingest.formats.content import BOM, layout_of, looks_like
from jobs.ingest.formats.records import Record
from jobs.ingest.formats.streams import MAX_LINE, Stream

MAX_DEPTH = 32
MAX_DOCUMENT = 1 << 28
# A string that is never closed counts to the end, once: no other quote in it is tried as a beginning.
_STRING = re.compile(r'"(?:[^"\\]|\\.)*+(?:"|\\?\Z)', re.DOTALL)
_ENDS_WITH_COMMA = re.compile(rb",\s*\]\s*\Z")
_KINDS = {
    dict: "an object", list: "a list", str: "a text", bool: "true or false", type(None): "null",
    object: "a number",
}  # fmt: skip
# The rule that sound JSON breaks where none of it can be a record.
NO_LOG = "no log"
# Last.fm's answers that list tracks or artists, and no plays.
NO_PLAYS = frozenset(
    {
        *("lovedtracks", "toptracks", "topartists", "topalbums", "toptags", "similartracks"),
        *("weeklytrackchart", "weeklyartistchart", "weeklyalbumchart"),
    }
)
# How services call the account, around its records.
_ACCOUNTS = ("user_name", "username", "user_id", "user")
# Where pages have their list of records; a page may be the list.
_LISTS = frozenset({"", "listens", "track", "tracks", "items", "audio_features", "data", "results"})
# Stands for a page that holds no record, and says so: it is left out.
EMPTY_PAGE = object()
AGAIN = ": deliver the whole file again"
NO_RECORD = (
    ", which a record is: write a CSV with a line of column names, or JSON as the table of formats in "
    "docs/ingestion.md has it"
)
SEVERAL = ": it holds several documents; write one a line (jq -c . FILE > FILE.jsonl)"
NO_JSON = ": there it is no JSON; download the log again, or write it with a JSON library"
BY_COLUMNS = (
    "it holds columns, not records: write its records (pandas: df.to_json(FILE, orient='records'))"
)
# A record, and the account that what wraps it names.
Entry = tuple[Any, str | None]
Fits = Callable[[Mapping[str, Any]], bool]


def line_records(number: int, line: bytes, fits: Fits) -> Iterator[Record]:
    """Yield the record of one JSON line, or the many that it wraps."""
    try:
        value = _value(line)
    except RowFault as fault:
        yield Record(number, line, fault=fault)
        return
    for entry, account in wrapped(value, fits) or [(_whole(value), None)]:
        yield _as_record(number, line, entry, "the line", account, is_inner=entry is not value)


def _as_record(
    number: int, raw: bytes, value: Any, what: str, account: str | None, *, is_inner: bool = False
) -> Record:
    if value is EMPTY_PAGE:
        return Record(number, raw, is_inner=True)
    if isinstance(value, RowFault):
        return Record(number, raw, fault=value)
    if isinstance(value, dict):
        return Record(number, raw, fields=value, account=account, is_inner=is_inner)
    fault = RowFault("malformed JSON", f"{what} is {_named(value)}, not an object")
    return Record(number, raw, fault=fault)


def _value(line: bytes) -> Any:
    if len(line) > MAX_LINE:
        raise RowFault("line too long", f"the line has more than {MAX_LINE:,} bytes")
    try:
        text = line.decode()
    except UnicodeDecodeError as error:
        at = f"byte {error.start + 1} is 0x{line[error.start]:02x}"
        raise RowFault("not UTF-8", f"{at}: not UTF-8, and no other character is put for it") from None
    # A list that was cut into lines leaves its commas behind.
    return loads(text.removesuffix(",") if text.endswith("},") else text)


def _named(value: Any) -> str:
    return next(name for kind, name in _KINDS.items() if isinstance(value, kind))


def loads(text: str) -> Any:
    """Return the JSON value; RowFault where the text is none."""
    if text.count("[") + text.count("{") > MAX_DEPTH and _depth(text) > MAX_DEPTH:
        raise RowFault("malformed JSON", f"the value is nested more than {MAX_DEPTH} deep")
    try:
        value = json.loads(text, parse_constant=NotANumber, object_pairs_hook=_object)
    except (ValueError, RecursionError) as error:
        rest = text[error.pos :] if isinstance(error, json.JSONDecodeError) else ""
        several = SEVERAL if str(error).startswith("Extra data") and rest.startswith(("{", "[")) else ""
        raise RowFault("malformed JSON", f"{str(error)[:200]}{several}") from None
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


def document_records(stream: Stream, fits: Fits) -> Iterator[Record]:
    """Yield the records of a JSON document, however it wraps them; ``line`` counts them.

    ``fits`` says whether an object is a record of a known format. JSON lines under a document's name are
    read as what they are. FileFault where it holds objects, and none that fits.
    """
    body = b"".join(iter(lambda: _bounded(stream), b"")).removeprefix(BOM)
    if not body.strip():
        return
    try:
        value = loads(body.decode())
    except UnicodeDecodeError:
        raise FileFault("not UTF-8", "the document is not UTF-8 text: save it as UTF-8") from None
    except RowFault as fault:
        yield from _lines_after_all(body, fits, fault)
        return
    for number, (entry, account) in enumerate(wrapped(value, fits) or _unknown(value), 1):
        raw = json.dumps(entry, default=str, ensure_ascii=False).encode()
        yield _as_record(number, raw, entry, f"entry {number}", account)


def _lines_after_all(body: bytes, fits: Fits, fault: RowFault) -> Iterator[Record]:
    """JSON lines that began like a document: a list a line, or a broken first line."""
    lines = [(number, line) for number, line in enumerate(body.splitlines(), 1) if line.strip()]
    if len(lines) == 1 or next(line_records(*lines[0], fits)).fields is None:
        raise FileFault(fault.rule, f"{fault.reason}{_remedy(body, fault)}")
    for line in lines:
        yield from line_records(*line, fits)


def _remedy(body: bytes, fault: RowFault) -> str:
    if layout_of(body) is None:
        found = looks_like(body)
        return f"; it looks like {found.what}: {found.remedy}"
    if fault.reason.endswith(SEVERAL):
        return ""
    if _ENDS_WITH_COMMA.search(body):
        return ": remove the comma before the last bracket"
    text = body.strip()
    return NO_JSON if text[:1] + text[-1:] in (b"[]", b"{}") else AGAIN


def _bounded(stream: Stream) -> bytes:
    if stream.n_read > MAX_DOCUMENT:
        raise FileFault(
            "document too long",
            f"more than {MAX_DOCUMENT:,} bytes: write a record a line (jq -c '.[]' FILE > FILE.jsonl)",
        )
    return stream.read(1 << 22)


def wrapped(value: Any, fits: Fits, account: str | None = None) -> list[Entry]:
    """Return the records within a value, each with the account that what wraps it names.

    A list in which any object fits is a list of records, whatever else is in it, and null in it is no
    record; so are objects by number of which several fit. Anything else wraps more: pages in a list, a
    list under a key. A page without a record is one itself, to be refused, where other pages have some,
    or an ``EMPTY_PAGE``. FileFault for a table written by columns.
    """
    if isinstance(value, dict):
        return _in_object(value, fits, account)
    return _in_list(value, fits, account) if isinstance(value, list) else []


def _in_object(value: dict[str, Any], fits: Fits, account: str | None) -> list[Entry]:
    if fits(value):
        _check_orientation(value)
        return [(value, account)]
    account = _account(value) or account
    objects = [part for part in value.values() if isinstance(part, dict)]
    if sum(map(fits, objects)) > 1:
        return [(part, account) for part in objects]
    inner = [wrapped(part, fits, account) for key, part in value.items() if key not in NO_PLAYS]
    return list(chain.from_iterable(inner))


def _in_list(value: list[Any], fits: Fits, account: str | None) -> list[Entry]:
    if any(isinstance(entry, dict) and fits(entry) for entry in value):
        return [(EMPTY_PAGE if entry is None else entry, account) for entry in value]
    pages = [(page, wrapped(page, fits, account)) for page in value]
    if not any(found for _, found in pages):
        return []
    return list(chain.from_iterable(found or [(_whole(page), account)] for page, found in pages))


def _check_orientation(value: Mapping[str, Any]) -> None:
    """Raise FileFault for a table written by columns: an object or a list under each name."""
    if all(isinstance(column, (dict, list)) for column in value.values()):
        raise FileFault("columns, not records", BY_COLUMNS)


def _whole(page: Any) -> Any:
    """What stands for a page without a record: an empty page, a fault, or itself."""
    if isinstance(page, dict) and page.get("error"):
        return RowFault("no record", _failed(page))
    return EMPTY_PAGE if _is_empty(page) else page


def _failed(page: Mapping[str, Any]) -> str:
    told = json.dumps(page, default=str)[:200]
    return f"the answer of a service that failed, {told}: ask for it again"


def no_plays(keys: Iterable[str]) -> str | None:
    """Return what is to be told of an answer of Last.fm's that holds no plays; None of any other."""
    found = NO_PLAYS.intersection(keys)
    return (
        f"Last.fm's {min(found)}: no plays, and not read; remove it, or ask for recenttracks"
        if found
        else None
    )


def _account(value: Mapping[str, Any]) -> str | None:
    attributes = value.get("@attr")
    told = [attributes.get("user")] if isinstance(attributes, dict) else []
    told += [value.get(name) for name in _ACCOUNTS]
    return next((name for name in told if isinstance(name, str) and name), None)


def _is_empty(value: Any, key: str = "") -> bool:
    """Whether a value is a page of no records: an empty list where pages have theirs, and no error."""
    if isinstance(value, dict):
        return "error" not in value and any(_is_empty(inner, key) for key, inner in value.items())
    return bool(value == [] and key in _LISTS)


def _unknown(value: Any) -> list[Entry]:
    """What stands for the records of a document in which nothing fits: its longest list of objects, or
    the one object that it is."""
    if value == []:
        return []
    if _is_empty(value):
        return [(EMPTY_PAGE, None)]
    keys = value.keys() if isinstance(value, dict) else set()
    pages = value if isinstance(value, list) else [value]
    if told := no_plays(chain.from_iterable(page for page in pages if isinstance(page, dict))):
        raise FileFault(NO_LOG, told)
    if isinstance(value, dict) and "error" in keys:
        raise FileFault(NO_LOG, _failed(value))
    if {"columns", "data"} <= keys:
        raise FileFault("columns, not records", BY_COLUMNS)
    lists = [found for found in _lists(value) if any(isinstance(entry, dict) for entry in found)]
    if not lists and not isinstance(value, dict):
        raise FileFault(NO_LOG, f"the document is {_named(value)}, and holds no object{NO_RECORD}")
    return [(entry, None) for entry in max(lists, key=len, default=[value])]


def _lists(value: Any) -> Iterator[list[Any]]:
    if isinstance(value, list):
        yield value
        for entry in value:
            yield from _lists(entry)
    elif isinstance(value, dict):
        for key, inner in value.items():
            if key not in NO_PLAYS:
                yield from _lists(inner)
