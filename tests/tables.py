"""Tables written without Spark, for tests that only need them to be there."""

from collections.abc import Sequence

import pyarrow as pa
from deltalake import write_deltalake

from jobs.lake.catalog import TABLES
from jobs.lake.schemas import arrow_schema
from jobs.settings import Settings


def put(settings: Settings, name: str, rows: Sequence[Sequence[object]]) -> None:
    """Write the rows, values in the catalog's order of columns, over whatever the table held; optional
    columns at the end may be left out."""
    table = TABLES[name]
    whole = [[*row, *[None] * (len(table.columns) - len(row))] for row in rows]
    columns = list(zip(*whole, strict=True)) or [()] * len(table.columns)
    write_deltalake(
        f"{settings.lake.root}/{table.name}",
        pa.table([list(column) for column in columns], schema=arrow_schema(table)),
        mode="overwrite",
        partition_by=[table.partition] if table.partition else None,
    )
