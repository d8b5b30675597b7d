"""Blocks of sound JSON lines, parsed by Arrow: the fast way for the many blocks without a fault."""

import re

import pyarrow as pa
import pyarrow.json as pj

from jobs.ingest.formats.json_records import MAX_DEPTH
from jobs.ingest.formats.streams import MAX_LINE
from jobs.ingest.times import INSTANT, parse_times

# As a value: the letters also occur in ids.
_NO_NUMBER = re.compile(rb"[:,\[]\s*-?(?:NaN|Infinity)")


def arrow_rows(lines: list[bytes], schema: pa.Schema) -> pa.Table | None:
    """The lines as typed rows, unknown columns last; None where any line may have a fault.

    Arrow refuses wrong types, repeated keys and half lines, but not all of what the contract refuses;
    whatever it might let through, or fall over, is found first.
    """
    body = b"\n".join(lines)
    if _doubtful(lines, body):
        return None
    texts = pa.schema((f.name, pa.string() if f.type == INSTANT else f.type) for f in schema)
    try:
        table = pj.read_json(
            pa.BufferReader(body),
            pj.ReadOptions(use_threads=False, block_size=len(body) + 1),
            pj.ParseOptions(explicit_schema=texts, unexpected_field_behavior="infer"),
        )
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, UnicodeDecodeError):
        return None
    return _with_times(table, schema) if table.num_rows == len(lines) else None


def _doubtful(lines: list[bytes], body: bytes) -> bool:
    if max(map(len, lines)) > MAX_LINE:
        return True
    if (b"NaN" in body or b"Infinity" in body) and _NO_NUMBER.search(body):
        return True
    # Two objects on a line, or one on two, would change the numbers of the lines.
    whole = body.startswith(b"{") and body.endswith(b"}")
    if not whole or body.count(b"}\n{") != len(lines) - 1:
        return True
    # Deep nesting overflows the parser's stack.
    if body.count(b"{") + body.count(b"[") > len(lines) + MAX_DEPTH and any(
        line.count(b"{") + line.count(b"[") > MAX_DEPTH for line in lines
    ):
        return True
    try:
        body.decode()
    except UnicodeDecodeError:
        return True
    return False


def _with_times(table: pa.Table, schema: pa.Schema) -> pa.Table | None:
    for field in schema:
        if field.type == INSTANT:
            times = parse_times(table[field.name].combine_chunks())
            if times is None:
                return None
            table = table.set_column(table.schema.get_field_index(field.name), field.name, times)
    return table
