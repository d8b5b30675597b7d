import pytest

from jobs.lake.catalog import TABLES, Column, Table
from jobs.lake.meanings import MEANINGS, meaning

THREE = Table(
    "three", "one row", ("a",), "b", (Column("a", "int"), Column("b", "date"), Column("c", "int", True))
)


def test_columns_are_named_in_order_and_may_be_left_out():
    assert THREE.column_names == ("a", "b", "c")
    assert THREE.columns_without("b", "a") == (Column("c", "int", nullable=True),)
    assert THREE.columns_without() == THREE.columns


@pytest.mark.parametrize("table", TABLES.values(), ids=lambda table: table.name)
def test_a_table_is_known_by_its_name_and_has_the_columns_that_it_speaks_of(table):
    assert TABLES[table.name] is table
    columns = {column.name: column for column in table.columns}
    assert len(columns) == len(table.columns)
    assert set(table.key) <= set(columns)
    assert table.partition is None or not columns[table.partition].nullable
    assert set(table.bounded or ()) <= set(columns)


def test_what_a_column_means_is_said_once_for_each_and_for_no_other():
    used = set()
    for table in TABLES.values():
        for column in table.columns:
            own = f"{table.name}.{column.name}"
            assert column.meaning == meaning(table.name, column.name) != ""
            used.add(own if own in MEANINGS else column.name)
    assert used == set(MEANINGS)


def test_neighbors_are_one_row_a_night_listener_and_neighbor():
    table = TABLES["neighbors"]
    assert (table.key, table.partition) == (("as_of", "user_id", "neighbor_id"), "as_of")
    assert [(column.name, column.type) for column in table.columns] == [
        ("as_of", "date"), ("user_id", "string"), ("neighbor_id", "string"), ("pearson", "double"),
        ("n_common", "int"), ("similarity", "double"), ("rank", "int"), ("band", "string"),
    ]  # fmt: skip
