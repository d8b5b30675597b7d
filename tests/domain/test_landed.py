import pyarrow as pa

from jobs.domain.landed import newest_rows


def landed(*rows):
    names = ("key", "kind", "landed_on", "landing_file", "value")
    return pa.table(dict(zip(names, (list(column) for column in zip(*rows, strict=True)), strict=True)))


def test_the_newest_is_the_last_landed_and_of_one_day_the_last_file():
    table = landed(
        ("b", 1, 2, "f1", "old file"), ("a", 1, 1, "f9", "old day"), ("b", 1, 2, "f2", "new file"),
        ("a", 1, 3, "f0", "new day"), ("b", 2, 1, "f0", "another kind"), ("b", 1, 2, "f0", "older file"),
    )  # fmt: skip
    assert newest_rows(table, "key", "kind")["value"].to_pylist() == [
        "new day",
        "new file",
        "another kind",
    ]
    assert newest_rows(table, "key")["value"].to_pylist() == ["new day", "new file"]


def test_another_order_may_be_asked_for():
    table = landed(("a", 1, 9, "f", "landed last"), ("a", 2, 1, "f", "the kind decides"))
    kept = newest_rows(table, "key", order=("kind", "landed_on", "landing_file"))
    assert kept["value"].to_pylist() == ["the kind decides"]


def test_of_no_rows_there_are_none():
    assert len(newest_rows(landed(("a", 1, 1, "f", "x")).slice(0, 0), "key")) == 0
