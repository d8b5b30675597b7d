"""Parquet. Its types are the file's: if they are not the contract's, the whole file is refused."""

from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from jobs.ingest.faults import FileFault
from jobs.ingest.landing import LandedFile, Root

BATCH = 50_000


def open_parquet(root: Root, file: LandedFile) -> pq.ParquetFile:
    """The file; FileFault if it has no sound footer."""
    try:
        return pq.ParquetFile(root.filesystem().open_input_file(root.join(file.name)))
    except (pa.ArrowException, OSError) as error:
        if isinstance(error, (PermissionError, FileNotFoundError)):
            raise
        raise FileFault(
            "not a parquet file", f"{file.size:,} bytes without a sound footer: {str(error)[:200]}"
        ) from None


def parquet_rows(file: pq.ParquetFile, schema: pa.Schema, required: set[str]) -> Iterator[pa.Table]:
    """The rows with the schema's columns (null where the file has none) and ``line``, their number.

    Rows with a number that is none have ``rule`` and ``reason``.
    """
    found = file.schema_arrow
    _check(found, schema, required)
    names = [name for name in schema.names if name in found.names]
    first = 1
    try:
        for batch in file.iter_batches(BATCH, columns=names):
            table = pa.Table.from_batches([batch])
            table.validate(full=True)
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
    differing = [
        f"{field.name} is {found.field(field.name).type}, not {field.type}"
        for field in wanted
        if field.name in found.names and not _fits(found.field(field.name).type, field.type)
    ]
    if differing:
        raise FileFault("column types differ", "; ".join(differing))


def _fits(found: pa.DataType, wanted: pa.DataType) -> bool:
    """Whether every value of the one type is one of the other."""
    types = pa.types
    if types.is_dictionary(found):
        found = found.value_type
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
    if types.is_integer(wanted):
        return bool(types.is_integer(found)) and found != pa.uint64()
    return bool(found == wanted)


def _conformed(table: pa.Table, schema: pa.Schema, first: int) -> pa.Table:
    n, columns = table.num_rows, {}
    rule = pa.nulls(n, pa.string())
    for field in schema:
        if field.name not in table.column_names:
            columns[field.name] = pa.nulls(n, field.type)
            continue
        column = table[field.name].cast(field.type, safe=pa.types.is_integer(field.type))
        columns[field.name] = column
        if pa.types.is_floating(field.type):
            wrong = pc.fill_null(pc.invert(pc.is_finite(column)), False)
            rule = pc.if_else(wrong, f"not a number: {field.name}", rule)
    columns["line"] = pa.array(range(first, first + n), pa.int64())
    columns["rule"] = rule
    columns["reason"] = pc.if_else(pc.is_valid(rule), "NaN or infinite", pa.scalar(None, pa.string()))
    return pa.table(columns)


def row_text(row: dict[str, Any]) -> bytes:
    """A row as JSON, for the quarantine."""
    from json import dumps

    return dumps(row, default=str, ensure_ascii=False).encode(errors="backslashreplace")
