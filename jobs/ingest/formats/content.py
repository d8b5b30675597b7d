"""What a file is by its first bytes, whatever its name says."""

import json
import re
from codecs import getincrementaldecoder
from dataclasses import dataclass

from jobs.ingest.formats.headers import fixed_columns, split_cells
from jobs.ingest.formats.suffixes import JSON_LINES

BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class Content:
    """What bytes look like, in words, and what a person can do about it."""

    what: str
    remedy: str


_IN_UTF8 = "save it as text in UTF-8"
_LOG_AGAIN = "remove it, or download the log again"
_NO_LOG = "remove it, it is no log"
_UNPACK = "unpack it here, and remove it"
_COMPRESSED = {rb"\x1f\x8b": "gzip", rb"\x28\xb5\x2f\xfd": "zstd", rb"BZh[1-9]1AY&SY": "bz2"}
_PAGE = Content("a web page, of a login maybe", "download the log as JSON or as CSV, logged in")
_WIDE = Content("text in UTF-16 or UTF-32", _IN_UTF8)
_LAYOUTS = {
    "lines": Content("JSON lines", "name it .jsonl"),
    "document": Content("a JSON document", "name it .json"),
}
_BINARY = Content("no text", "export it as .csv in UTF-8, or as .parquet")
# The first that matches.
_FOREIGN = tuple(
    (re.compile(pattern, re.DOTALL), content)
    for pattern, content in (
        (rb"\xff\xfe|\xfe\xff|\0\0\xfe\xff", _WIDE),
        (rb"PAR1", Content("a parquet file", "name it .parquet")),
        (rb"ARROW1\0\0", Content("a Feather or Arrow file", "write it as .parquet")),
        (
            rb"PK\x03\x04.{0,4000}(\[Content_Types\]\.xml|application/vnd\.oasis)",
            Content("a spreadsheet or an Office document", "save the sheet as .csv, in UTF-8"),
        ),
        (rb"PK\x03\x04", Content("a zip archive", f"name it .zip if it is an export, or {_UNPACK}")),
        (rb"PK\x05\x06", Content("an empty zip archive", _LOG_AGAIN)),
        (rb"7z\xbc\xaf\x27\x1c", Content("a 7z archive", _UNPACK)),
        (rb"Rar!\x1a", Content("a rar archive", _UNPACK)),
        (rb"\xfd7zXZ", Content("xz-compressed bytes", _UNPACK)),
        (rb".{257}ustar", Content("a tar archive", _UNPACK)),
        (
            rb"\x1f\x8b|\x28\xb5\x2f\xfd|BZh91AY",
            Content("compressed bytes in compressed ones", "unpack it once"),
        ),
        (rb"%PDF", Content("a PDF document", _NO_LOG)),
        (rb"\x89PNG|\xff\xd8\xff|GIF8[79]|RIFF....WEBP", Content("an image", _NO_LOG)),
        (rb"OggS|ID3[\x02-\x04]|fLaC|RIFF....WAVE|....ftyp", Content("a sound or a video", _NO_LOG)),
        (rb"SQLite format 3", Content("an SQLite database", "export its table as .csv, in UTF-8")),
        (
            rb"\xd0\xcf\x11\xe0",
            Content("an old Office document", "save the sheet as .csv, in UTF-8"),
        ),
        (
            rb"(\xef\xbb\xbf)?\s*<.*https://(www|music)\.youtube\.com/watch",
            Content(
                "YouTube's watch history as a page, which is not read",
                "write its plays as a CSV with the columns ts, artist and track",
            ),
        ),
        (
            rb"(\xef\xbb\xbf)?\s*<[^>]{0,2000}schemas-microsoft-com:office",
            Content("a spreadsheet saved as a page", "save the sheet as .csv, in UTF-8"),
        ),
        (rb"(\xef\xbb\xbf)?\s*(?i:<!doctype html|<html|<head|<body|<!--)", _PAGE),
        (rb"(\xef\xbb\xbf)?\s*<\?xml.{0,4000}<html", _PAGE),
        (
            rb"(\xef\xbb\xbf)?\s*(var|let|const|window)\b[^\n={[]{0,200}=\s*[\[{]",
            Content(
                "JSON within a script",
                "remove what stands before its first bracket and behind its last, and name it .json",
            ),
        ),
        (rb"(\xef\xbb\xbf)?\s*<\?xml", Content("XML", "download the log as JSON or as CSV")),
        (rb"\0{4,}\Z", Content("zeros, as a download that broke off leaves", "deliver it again")),
    )
)


def codec_of(head: bytes) -> str | None:
    """Return the compression that the bytes are in; None if they are in none of ours."""
    return next((codec for magic, codec in _COMPRESSED.items() if re.match(magic, head)), None)


def is_text(head: bytes) -> bool:
    """Return whether the bytes begin like text in UTF-8: no control characters, nothing half but the
    last."""
    try:
        text = getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return False
    return not re.search(r"[\0-\x08\x0e-\x1f]", text)


def foreign(head: bytes) -> Content | None:
    """Return what bytes are that are no UTF-8 text; None if they may be text."""
    found = next((content for pattern, content in _FOREIGN if pattern.match(head)), None)
    sample = head[:100]
    if found or len(sample) < 4 or sample.count(0) <= len(sample) // 4:
        return found
    # Of four bytes of text in UTF-16 or UTF-32 one at least is never zero.
    return _WIDE if any(sample[place::4].count(0) == 0 for place in range(4)) else _BINARY


def is_wide(content: Content) -> bool:
    """Return whether it is text in another encoding."""
    return content is _WIDE


def is_json(content: Content) -> bool:
    """Return whether it is JSON, whole or not."""
    return content in _LAYOUTS.values()


def looks_like(head: bytes) -> Content:
    """Return what any bytes look like: the name that would fit them is in the remedy."""
    return foreign(head) or _LAYOUTS.get(layout_of(head) or "") or _other_text(head)


def _other_text(head: bytes) -> Content:
    first = _text(head).split(b"\n", 1)[0].decode(errors="replace").strip()
    if not first:
        return Content("an empty file", "remove it")
    shown = f"text whose first line is {first[:100]!r}"
    for mark, called, suffix in (("\t", "tabs", "tsv"), (",", "commas", "csv")):
        if mark in first:
            # The line may hold blank cells at its end.
            whole = _text(head).split(b"\n", 1)[0].decode(errors="replace").rstrip("\r")
            needs_none = fixed_columns(split_cells(whole, mark))
            where = "" if needs_none else " if that line names the columns"
            return Content(f"{shown}, with {called}", f"name it .{suffix}{where}")
    return Content(shown, _LOG_AGAIN)


def is_player_log(head: bytes) -> bool:
    """Return whether a text begins as the log of a portable player does, ``.scrobbler.log``."""
    return _text(head).startswith(b"#AUDIOSCROBBLER/1.")


def layout_of(head: bytes) -> str | None:
    """Return whether a text begins like JSON ``lines``, like a JSON ``document``, or like neither
    (None).

    One object on one line may be either; it is taken for a line. A comma may end it, as where a list was
    cut into lines.
    """
    text = _text(head)
    if text.startswith(b"["):
        return "document"
    if not text.startswith(b"{"):
        return None
    lines = [line.strip() for line in text.split(b"\n", 20)[:20] if line.strip()]
    ends = (b"}", b"},") if _is_object(lines[0].removesuffix(b",")) else (b"}",)
    whole = sum(line.startswith(b"{") and line.endswith(ends) for line in lines)
    if 2 * whole >= len(lines):
        return "lines"
    return "document" if lines[0].endswith((b"{", b"[", b",")) else None


def _is_object(line: bytes) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False


def format_of(suffix: str, head: bytes) -> str:
    """Return the format to read a text as: that of its name, unless it is JSON in another layout."""
    layout = layout_of(head)
    if suffix in JSON_LINES:
        return "json" if layout == "document" else suffix
    if layout == "lines" and (suffix != "json" or _text(head).count(b"\n{")):
        return "jsonl"
    if layout == "document" and suffix != "json":
        return "json"
    return suffix


def _text(head: bytes) -> bytes:
    return head.removeprefix(BOM).lstrip()
