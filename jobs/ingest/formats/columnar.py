"""Parquet. Its types are the file's: if they are not the contract's, the whole file is refused."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from jobs.ingest.faults import FileFault
from jobs.ingest.formats.content import looks_like
from jobs.ingest.landing import LandedFile, Root

BATCH = 50_000
# Seconds since 1970 from which to which nanoseconds, and Python's years, reach.
_YEARS = (-9_223_372_036, 9_223_372_036)
_TICKS = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}


def open_parquet(root: Root, file: LandedFile) -> pq.ParquetFile:
    """Return the file; FileFault if it has no sound footer."""
    try:
        return pq.ParquetFile(root.open_file(file))
    except (pa.ArrowException, OSError) as error:
        if isinstance(error, (PermissionError, FileNotFoundError)):
            raise
        with root.open_file(file) as stream:
            head = stream.read(1 << 16)
        looks = looks_like(head)
        told = (
            f"its end is missing or damaged ({str(error)[:200]}): deliver it again"
            if not head or head.startswith(b"PAR1")
            else f"it looks like {looks.what}: {looks.remedy}"
        )
        raise FileFault("not a parquet file", f"{file.size:,} bytes without a footer: {told}") from None


def parquet_rows(
    file: pq.ParquetFile, schema: pa.Schema, required: set[str], nulled: Counter[str]
) -> Iterator[pa.Table]:
    """Yield the rows with the schema's columns (null where the file has none) and ``line``, their
    number.

    Rows with a number that is none have ``rule`` and ``reason``. Values of optional columns that are
    none of theirs are null, and counted by column in ``nulled``.
    """
    found = file.schema_arrow
    _check(found, schema, required)
    names = [name for name in schema.names if name in found.names]
    first = 1
    try:
        for batch in file.iter_batches(BATCH, columns=names):
            table = pa.Table.from_batches([batch])
            table.validate(full=True)
            for field in (schema.field(name) for name in names if name not in required):
                table = _fitted(table, field, nulled)
            yield _conformed(table, schema, first)
            first += batch.num_rows
    except (pa.ArrowException, OSError) as error:
        raise FileFault("damaged file", f"after row {first - 1}: {str(error)[:200]}") from None


def _check(found: pa.Schema, wanted: pa.Schema, required: set[str]) -> None:
    twice = sorted({name for name in found.names if found.names.count(name) > 1})
    if twice:
        raise FileFault("duplicate columns", f"the file has {', '.join(twice)} more than once")
    missing = sorted(required - set(found.names))
    if missing:
        raise FileFault(
            "required columns missing",
            f"{', '.join(missing)}; the columns are {', '.join(found.names)[:300]}",
        )
    differing = {
        field.name: f"{field.name} is {found.field(field.name).type}, not {field.type}"
        for field in wanted
        if field.name in found.names and not _fits(found.field(field.name).type, field.type)
    }
    if not required.isdisjoint(differing):
        raise FileFault("column types differ", "; ".join(differing.values()))


def _fits(found: pa.DataType, wanted: pa.DataType) -> bool:
    """Whether every value of the one type is one of the other; a column of nothing has no type."""
    types = pa.types
    if types.is_dictionary(found):
        found = found.value_type
    if types.is_null(found) or found == wanted:
        return True
    if types.is_string(wanted):
        return bool(types.is_string(found) or types.is_large_string(found) or found == pa.string_view())
    if types.is_timestamp(wanted):
        return bool(types.is_timestamp(found) and found.tz)
    if types.is_list(wanted):
        return bool(
            (types.is_list(found) or types.is_large_list(found)) and _fits(found.value_type, pa.string())
        )
    if types.is_floating(wanted):
        return bool(types.is_floating(found) or types.is_integer(found))
    return bool(types.is_integer(wanted) and types.is_integer(found) and found != pa.uint64())


def _fitted(table: pa.Table, field: pa.Field, nulled: Counter[str]) -> pa.Table:
    """The rows with an optional column of the field's type: what is none of its values is null."""
    values = table[field.name]
    types, n_before = pa.types, values.null_count
    if types.is_date(values.type) and types.is_string(field.type):
        values = values.cast(pa.date32()).cast(pa.string())
    elif types.is_floating(values.type) and types.is_integer(field.type):
        whole = pc.and_(pc.less(pc.abs(values), 2**31), pc.equal(pc.floor(values), values))
        values = pc.if_else(pc.fill_null(whole, False), values, None).cast(field.type)
    elif not _fits(values.type, field.type):
        values = pa.nulls(len(values), field.type)
    elif types.is_floating(values.type):
        values = pc.if_else(pc.fill_null(pc.is_finite(values), False), values, None)
    if values.null_count > n_before:
        nulled[field.name] += values.null_count - n_before
    return table.set_column(table.column_names.index(field.name), field.name, values)


def _conformed(table: pa.Table, schema: pa.Schema, first: int) -> pa.Table:
    n, columns = table.num_rows, {}
    rule, reason = pa.nulls(n, pa.string()), pa.nulls(n, pa.string())
    for field in schema:
        if field.name not in table.column_names:
            columns[field.name] = pa.nulls(n, field.type)
            continue
        column = table[field.name]
        if found := _impossible(column):
            wrong, what, why = found
            rule = pc.if_else(wrong, f"{what}: {field.name}", rule)
            reason = pc.if_else(wrong, f"{field.name} is {why}", reason)
            column = pc.if_else(wrong, pa.scalar(None, column.type), column)
        columns[field.name] = column.cast(field.type, safe=pa.types.is_integer(field.type))
    columns["line"] = pa.array(range(first, first + n), pa.int64())
    return pa.table({**columns, "rule": rule, "reason": reason})


def _impossible(column: pa.ChunkedArray) -> tuple[pa.ChunkedArray, str, str] | None:
    """Where the column has what no value of its meaning is, the rule that this breaks, and why."""
    if pa.types.is_floating(column.type):
        wrong = pc.invert(pc.is_finite(column))
        return pc.fill_null(wrong, False), "not a number", "NaN or infinite"
    if pa.types.is_timestamp(column.type):
        ticks, second = column.cast(pa.int64()), _TICKS[column.type.unit]
        first, last = (pa.scalar(at * second, pa.int64()) for at in _YEARS)
        wrong = pc.or_(pc.less(ticks, first), pc.greater(ticks, last))
        return pc.fill_null(wrong, False), "out of range", "in no year of the calendar"
    return None


def row_texts(batch: pa.RecordBatch) -> Iterator[bytes]:
    """Its rows as JSON, for the quarantine."""
    from json import dumps

    columns = [_values(column) for column in batch.columns]
    for row in zip(*columns, strict=True):
        named = dict(zip(batch.schema.names, row, strict=True))
        yield dumps(named, default=str, ensure_ascii=False).encode(errors="backslashreplace")


def _values(column: pa.Array) -> list[Any]:
    try:
        return list(column.to_pylist())
    except (OverflowError, ValueError):  # a time that Python has no name for
        return [str(value) for value in column.view(pa.int64()).to_pylist()]
