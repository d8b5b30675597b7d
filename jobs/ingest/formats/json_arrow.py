"""Blocks of sound JSON lines, parsed by Arrow: the fast way for the many blocks without a fault."""

import re

import pyarrow as pa
import pyarrow.json as pj

from jobs.ingest.formats.json_records import MAX_DEPTH
from jobs.ingest.formats.streams import MAX_LINE
from jobs.ingest.times import INSTANT, parse_times

# As a value: the letters also occur in ids.
_NO_NUMBER = re.compile(rb"[:,\[]\s*-?(?:NaN|Infinity)")


def arrow_rows(text: bytes, schema: pa.Schema) -> pa.Table | None:
    """Return the lines as typed rows with the columns that they have, unknown ones last; None where any
    line may have a fault.

    Arrow refuses wrong types, repeated keys and half lines, but not all of what the contract refuses;
    whatever it might let through, or fall over, is found first.
    """
    n_lines = text.count(b"\n") + 1
    if _doubtful(text, n_lines):
        return None
    texts = pa.schema((f.name, pa.string() if f.type == INSTANT else f.type) for f in schema)
    try:
        table = pj.read_json(
            pa.BufferReader(text),
            pj.ReadOptions(use_threads=False, block_size=len(text) + 1),
            pj.ParseOptions(explicit_schema=texts, unexpected_field_behavior="infer"),
        )
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, UnicodeDecodeError):
        return None
    return _with_times(_as_written(table, text), schema) if table.num_rows == n_lines else None


def _as_written(table: pa.Table, text: bytes) -> pa.Table:
    """The table without the schema's columns that no line has. To look for one in every line takes as
    long as to parse them: the first line speaks for those of null."""
    first = text[: text.find(b"\n")]  # without its bracket where it is the only one
    absent = {
        name
        for name in table.column_names
        if table[name].null_count == table.num_rows and f'"{name}"'.encode() not in first
    }
    return table.drop_columns(sorted(absent))


def _doubtful(text: bytes, n_lines: int) -> bool:
    # Two objects on a line, one on two, or a blank line would change the numbers of the lines.
    whole = text.startswith(b"{") and text.endswith(b"}")
    if not whole or text.count(b"}\n{") != n_lines - 1:
        return True
    # A line that is too long has no end within a half of what is allowed.
    half = MAX_LINE // 2
    if any(text.find(b"\n", at, at + half) < 0 for at in range(0, len(text) - half, half)):
        return True
    if (b"NaN" in text or b"Infinity" in text) and _NO_NUMBER.search(text):
        return True
    # Deep nesting overflows the parser's stack.
    if text.count(b"{") + text.count(b"[") > n_lines + MAX_DEPTH and any(
        line.count(b"{") + line.count(b"[") > MAX_DEPTH for line in text.split(b"\n")
    ):
        return True
    try:
        text.decode()
    except UnicodeDecodeError:
        return True
    return False


def _with_times(table: pa.Table, schema: pa.Schema) -> pa.Table | None:
    for field in schema:
        if field.type == INSTANT and field.name in table.column_names:
            times = parse_times(table[field.name].combine_chunks())
            if times is None:
                return None
            table = table.set_column(table.schema.get_field_index(field.name), field.name, times)
    return table
