import pyarrow as pa
import pytest

from jobs.lake.catalog import Column, Table
from jobs.lake.schemas import (
    arrow_schema,
    arrow_type,
    ddl,
    ddl_with_meanings,
    with_meanings,
    with_missing,
)

KINDS = Table(
    "kinds", "one kind", ("id",), None,
    (Column("id", "string"), Column("n", "int", nullable=True), Column("names", "array<string>")),
)  # fmt: skip


@pytest.mark.parametrize(
    ("name", "type_"),
    [
        ("string", pa.string()),
        ("boolean", pa.bool_()),
        ("int", pa.int32()),
        ("bigint", pa.int64()),
        ("double", pa.float64()),
        ("date", pa.date32()),
        ("timestamp", pa.timestamp("us", tz="UTC")),
        ("binary", pa.binary()),
        ("array<double>", pa.list_(pa.float64())),
        ("array<array<int>>", pa.list_(pa.list_(pa.int32()))),
    ],
)
def test_each_type_of_the_catalog_is_one_of_arrow(name, type_):
    assert arrow_type(name) == type_


def test_columns_keep_their_order_and_say_which_may_be_null():
    assert ddl(KINDS) == "`id` string NOT NULL, `n` int, `names` array<string> NOT NULL"
    assert [(f.name, f.nullable) for f in arrow_schema(KINDS)] == [
        ("id", False), ("n", True), ("names", False),
    ]  # fmt: skip


def test_columns_carry_what_they_mean():
    table = Table("t", "one row", ("a",), None, (Column("a", "int", meaning="it's a"),))
    assert ddl_with_meanings(table) == r"`a` int NOT NULL COMMENT 'it\'s a'"
    assert with_meanings(arrow_schema(table), table).field("a").metadata == {b"comment": b"it's a"}


def test_only_optional_columns_are_added_and_behind_the_others():
    old = pa.schema([pa.field("old", pa.int32()), pa.field("id", pa.string())])
    assert with_missing(old, KINDS).names == ["old", "id", "n"]
    assert with_missing(old, KINDS).field("n").type == pa.int32()
    whole = arrow_schema(KINDS)
    assert with_missing(whole, KINDS) == whole
