"""The catalog's columns as Spark and Arrow schemas."""

from typing import TYPE_CHECKING

import pyarrow as pa

from jobs.lake.catalog import Column, Table

if TYPE_CHECKING:
    from pyspark.sql.types import StructType

_ARROW = {
    "string": pa.string(),
    "boolean": pa.bool_(),
    "int": pa.int32(),
    "bigint": pa.int64(),
    "double": pa.float64(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us", tz="UTC"),
    "binary": pa.binary(),
}


def spark_schema(table: Table) -> "StructType":
    """Return the table as Spark sees it; Delta keeps the nullability."""
    from pyspark.sql.types import StructType

    schema = StructType.fromDDL(ddl(table))
    assert isinstance(schema, StructType)
    return schema


def arrow_schema(table: Table) -> pa.Schema:
    """Return the table as Arrow sees it."""
    return pa.schema([pa.field(c.name, arrow_type(c.type), c.nullable) for c in table.columns])


def with_meanings(schema: pa.Schema, table: Table) -> pa.Schema:
    """Return a table's schema with the meanings of its columns, as Delta keeps them."""
    meanings = {column.name: column.meaning for column in table.columns}
    return pa.schema([field.with_metadata({"comment": meanings[field.name]}) for field in schema])


def with_missing(schema: pa.Schema, table: Table) -> pa.Schema:
    """Return a table's schema with the optional columns of the catalog that it lacks behind its own."""
    missing = [column for column in table.columns if column.nullable and column.name not in schema.names]
    return pa.schema([*schema, *(pa.field(c.name, arrow_type(c.type)) for c in missing)])


def arrow_type(name: str) -> pa.DataType:
    """Arrow's type of one of the catalog's type names."""
    if name.startswith("array<"):
        return pa.list_(arrow_type(name[len("array<") : -1]))
    return _ARROW[name]


def ddl(table: Table) -> str:
    """Return the columns in Spark SQL, with their nullability."""
    return ", ".join(_ddl(column) for column in table.columns)


def ddl_with_meanings(table: Table) -> str:
    """Return the columns in Spark SQL, with their nullability and meanings."""
    return ", ".join(f"{_ddl(column)} COMMENT {literal(column.meaning)}" for column in table.columns)


def literal(text: str) -> str:
    """Return the text as a literal of Spark SQL."""
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def _ddl(column: Column) -> str:
    return f"`{column.name}` {column.type}" + ("" if column.nullable else " NOT NULL")
