"""Reading and writing the Delta tables without Spark, through delta-rs.

A table has one kind of writer, because delta-rs and Spark must not write to the same one: run_ledger,
candidates, evaluations, landing_files, landed_plays, model_versions, playlists, set_aside and
validation_results are written from here, all others by Spark.
"""

from collections.abc import Sequence
from datetime import date
from typing import TypeAlias

import pyarrow as pa
import pyarrow.dataset as ds
from deltalake import DeltaTable, write_deltalake
from pyarrow import fs

from jobs.lake.catalog import TABLES
from jobs.lake.schemas import arrow_schema, with_meanings, with_missing
from jobs.settings import Settings, is_s3

Rows: TypeAlias = Sequence[dict[str, object]] | pa.RecordBatchReader


def table_path(settings: Settings, name: str) -> str:
    """Return where the table is."""
    return f"{settings.lake.root}/{TABLES[name].name}"


def storage_options(settings: Settings) -> dict[str, str] | None:
    """Return how delta-rs reaches the lake; None for a folder."""
    if not is_s3(settings.lake.root):
        return None
    options = {"AWS_REGION": settings.s3.region, "aws_conditional_put": "etag"}
    if settings.s3.endpoint_url:
        options["AWS_ENDPOINT_URL"] = settings.s3.endpoint_url
        options["AWS_ALLOW_HTTP"] = str(settings.s3.endpoint_url.startswith("http://")).lower()
    if not settings.s3.path_style:
        options["AWS_VIRTUAL_HOSTED_STYLE_REQUEST"] = "true"
    return options


def is_there(settings: Settings, name: str) -> bool:
    """Return whether the table has been written before."""
    return bool(DeltaTable.is_deltatable(table_path(settings, name), storage_options(settings)))


def open_table(settings: Settings, name: str, version: int | None = None) -> DeltaTable | None:
    """Return the table, at a version if given; None if it was never written."""
    if not is_there(settings, name):
        return None
    return DeltaTable(
        table_path(settings, name), version=version, storage_options=storage_options(settings)
    )


def schema_of(settings: Settings, name: str) -> pa.Schema:
    """Return the schema of a table that is there, with its nullability."""
    table = open_table(settings, name)
    assert table is not None
    return pa.schema(table.schema().to_arrow())


def version(settings: Settings, name: str) -> int:
    """Return the table's newest version; -1 if it was never written."""
    table = open_table(settings, name)
    return -1 if table is None else table.version()


def table_rows(settings: Settings, name: str, version: int | None = None) -> ds.Dataset:
    """Return the table's rows, at a version if given, yet to be read; none if it was never written.

    An optional column of the catalog that an old table lacks is there, and null. All reading without
    Spark goes through here: a process that reads through delta-rs' own file system may abort as it
    ends (docs/decisions/2026-11-26-clean-exits.md).
    """
    table = open_table(settings, name, version)
    if table is None:
        return ds.dataset(arrow_schema(TABLES[name]).empty_table())
    schema = with_missing(pa.schema(table.schema().to_arrow()), TABLES[name])
    return table.to_pyarrow_dataset(filesystem=_files(settings, name), schema=schema)


def night_rows(settings: Settings, name: str, as_of: date, version: int | None = None) -> ds.Dataset:
    """Return one night's rows of an as-of table as ``table_rows`` does."""
    return table_rows(settings, name, version).filter(ds.field("as_of") == as_of)


def has_night(settings: Settings, name: str, as_of: date, version: int | None = None) -> bool:
    """Return whether an as-of table has rows of the night."""
    rows = night_rows(settings, name, as_of, version)
    return bool(rows.head(1, columns=[TABLES[name].key[-1]]).num_rows)


def _files(settings: Settings, name: str) -> fs.FileSystem:
    """Arrow's own file system at the table's folder: no thread of Arrow needs Python to let go of it."""
    path = table_path(settings, name)
    if not is_s3(path):
        return fs.SubTreeFileSystem(path, fs.LocalFileSystem())
    s3 = fs.S3FileSystem(
        region=settings.s3.region,
        endpoint_override=settings.s3.endpoint_url,
        force_virtual_addressing=not settings.s3.path_style,
    )
    return fs.SubTreeFileSystem(path.partition("://")[2], s3)


def replace(settings: Settings, name: str, rows: Rows, where: str) -> None:
    """Replace the rows that match the SQL predicate with these, in one commit; a reader is written batch
    by batch.

    An optional column of the catalog that an old table lacks is added. A new table has the catalog's
    meanings: one that is there keeps its own, which delta-rs would not change.
    """
    table, path = TABLES[name], table_path(settings, name)
    if not isinstance(rows, pa.RecordBatchReader):
        rows = pa.Table.from_pylist(list(rows), arrow_schema(table)).to_reader()
    is_new = not is_there(settings, name)
    write_deltalake(
        path,
        rows.cast(with_meanings(rows.schema, table)) if is_new else rows,
        description=table.grain if is_new else None,
        mode="overwrite",
        schema_mode="merge",
        predicate=where,
        partition_by=[table.partition] if table.partition else None,
        storage_options=storage_options(settings),
    )


def replace_night(settings: Settings, name: str, rows: Rows, as_of: date) -> None:
    """Replace one night of an as-of table with these rows."""
    replace(settings, name, rows, f"as_of = '{as_of}'")
