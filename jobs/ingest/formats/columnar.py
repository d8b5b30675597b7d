"""Parquet. Its types are the file's: where they can mean none of the contract's, the whole file is
refused, and told how to write the column."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from jobs.ingest.faults import FileFault
from jobs.ingest.formats.content import looks_like
from jobs.ingest.formats.records import Record
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
    """Yield the rows of a file that is ``as_wanted``, with the schema's columns (null where the file has
    none) and ``line``, their number.

    Rows with a number that is none have ``rule`` and ``reason``. Values of optional columns that are
    none of theirs are null, and counted by column in ``nulled``.
    """
    names = [name for name in schema.names if name in file.schema_arrow.names]
    first = 1
    for batch in _batches(file, names):
        table = pa.Table.from_batches([batch])
        for field in (schema.field(name) for name in names if name not in required):
            table = _fitted(table, field, nulled)
        yield _conformed(table, schema, first)
        first += batch.num_rows


def parquet_records(file: pq.ParquetFile) -> Iterator[Record]:
    """Yield the rows one by one, with values as JSON has them: times are texts in ISO 8601."""
    number = 0
    for batch in _batches(file, file.schema_arrow.names):
        for row in zip(*(_values(column) for column in batch.columns), strict=True):
            number += 1
            named = zip(batch.schema.names, map(_as_json, row), strict=True)
            yield Record(number, b"", {name: value for name, value in named if value is not None})


def _as_json(value: Any) -> Any:
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, bytes):
        try:
            return value.decode()
        except UnicodeDecodeError:
            return value
    return value


def _batches(file: pq.ParquetFile, names: Sequence[str]) -> Iterator[pa.RecordBatch]:
    n_rows = 0
    try:
        for batch in file.iter_batches(BATCH, columns=names):
            batch.validate(full=True)
            yield batch
            n_rows += batch.num_rows
    except (pa.ArrowException, OSError) as error:
        raise FileFault("damaged file", f"after row {n_rows}: {str(error)[:200]}") from None


def check_names(found: pa.Schema) -> None:
    """Raise FileFault if a column is there twice."""
    twice = sorted({name for name in found.names if found.names.count(name) > 1})
    if twice:
        raise FileFault("duplicate columns", f"the file has {', '.join(twice)} more than once")


def as_wanted(found: pa.Schema, wanted: pa.Schema, required: set[str], nearest: str) -> bool:
    """Return whether the required columns have the wanted types; if not, each row tells for itself.

    FileFault if one is not there (``nearest`` says which format the columns are near), or has a type
    whose values cannot be meant.
    """
    missing = sorted(required - set(found.names))
    if missing:
        raise FileFault(
            "required columns missing",
            f"{', '.join(missing)}; the columns are {', '.join(found.names)[:300]}; {nearest}",
        )
    types = [(name, found.field(name).type, wanted.field(name).type) for name in sorted(required)]
    if told := [_told(*each) for each in types if not _may_fit(*each[1:])]:
        raise FileFault("column types differ", "; ".join(told))
    return all(_fits(*each[1:]) for each in types)


def _told(name: str, found: pa.DataType, wanted: pa.DataType) -> str:
    """What is wrong with a column's type, and how to write it, with pandas for example."""
    column, types = f'df["{name}"]', pa.types
    if types.is_timestamp(wanted) and types.is_timestamp(found):
        remedy = f'say its zone (pandas: {column}.dt.tz_localize("UTC"), if it is UTC)'
    elif types.is_timestamp(wanted):
        remedy = (
            f'write it as a time with a zone (pandas: pd.to_datetime({column}, unit="s", utc=True), or '
            "what else its numbers count)"
        )
    elif types.is_string(wanted):
        remedy = f'write it as text (pandas: {column}.astype("string"))'
    else:
        remedy = f"write it as numbers (pandas: pd.to_numeric({column}))"
    return f"{name} is {found}, not {wanted}: {remedy}"


def _may_fit(found: pa.DataType, wanted: pa.DataType) -> bool:
    """Whether values of the one type may be values of the other, without a loss."""
    types = pa.types
    if types.is_dictionary(found):
        found = found.value_type
    if types.is_integer(wanted) and (types.is_floating(found) or types.is_integer(found)):
        return True
    if types.is_decimal(found):
        return bool(types.is_integer(wanted) or types.is_floating(wanted))
    if types.is_string(wanted) and (types.is_binary(found) or types.is_large_binary(found)):
        return True
    return _fits(found, wanted) or (types.is_timestamp(wanted) and _fits(found, pa.string()))


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
    if pa.types.is_timestamp(column.type) and column.type.unit == "ns":
        # Python knows no nanoseconds; they are cut.
        column = column.cast(pa.timestamp("us", column.type.tz), safe=False)
    try:
        return list(column.to_pylist())
    except (OverflowError, ValueError):  # a time that Python has no name for
        return [str(value) for value in column.view(pa.int64()).to_pylist()]
