"""Landed files as Spark frames: read by the workers, judged by the rules."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import TYPE_CHECKING

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.pandas.types import from_arrow_schema

from expectations.rules import RowRule, first_broken
from jobs.ingest.kinds import Kind, own_columns
from jobs.ingest.landing import LandedFile, Root
from jobs.ingest.raw import raw_rows
from jobs.ingest.reading import read_file, read_schema
from jobs.lake.session import n_slots

if TYPE_CHECKING:
    import pyarrow as pa

MAX_RAW = 1 << 16
# So many characters of a value are told.
MAX_SHOWN = 60
Work = tuple[LandedFile, str | None]


def read_frame(spark: SparkSession, root: Root, kind: Kind, work: Sequence[Work]) -> DataFrame:
    """Yield the rows of the files (each with the name of its source, if configured), and their censuses.

    Columns as in ``jobs.ingest.reading``, and those of the kind's tables that follow from them.
    """
    groups = balanced(work, n_slots(spark) * 2)

    def read(batches: Iterable["pa.RecordBatch"]) -> Iterator["pa.RecordBatch"]:
        for batch in batches:
            for group in batch.column(0).to_pylist():
                yield from chain.from_iterable(read_file(root, *item) for item in groups[group])

    rows = spark.range(0, len(groups), 1, len(groups)).mapInArrow(
        read, from_arrow_schema(read_schema(kind.name))
    )
    columns = own_columns(kind.name)
    return rows.withColumns(columns) if columns else rows


def balanced(work: Sequence[Work], n_groups: int) -> list[list[Work]]:
    """Return the files in at most ``n_groups`` groups of about the same size, largest files first."""
    groups: list[list[Work]] = [[] for _ in range(min(n_groups, len(work)))]
    sizes = [0] * len(groups)
    for item in sorted(work, key=lambda item: (-item[0].size, item[0].name)):
        smallest = sizes.index(min(sizes))
        groups[smallest].append(item)
        sizes[smallest] += item[0].size + 1
    return groups


def judged(rows: DataFrame, kind: Kind) -> DataFrame:
    """Return the rows with ``rule``, the first of the kind's rules that a row breaks, and its
    ``reason``, with the value that broke it."""
    broken = F.coalesce("rule", F.expr(first_broken(kind.rules)))
    rule = F.when(F.col("census").isNull(), broken)
    return rows.withColumn("rule", rule).withColumn("reason", F.coalesce("reason", _reason(kind)))


def _reason(kind: Kind) -> Column:
    pairs = " ".join(f"WHEN {_text(rule.name)} THEN {_told(rule)}" for rule in kind.rules)
    return F.expr(f"IF(rule IS NULL, NULL, CASE rule {pairs} END)")


def _told(rule: RowRule) -> str:
    if not rule.shown:
        return _text(rule.reason)
    odd = r"'[\\p{C}\\p{Zl}\\p{Zp}]'"
    value = f"regexp_replace(left(CAST({rule.shown} AS STRING), {MAX_SHOWN}), {odd}, '?')"
    return f"concat({_text(rule.reason)}, ' (', {value}, ')')"


def _text(value: str) -> str:
    quoted = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{quoted}'"


def with_raw(rejected: DataFrame, root: Root, files: Sequence[LandedFile]) -> DataFrame:
    """Return rejected rows with ``raw``, read again from files, cut at 64 KiB."""
    by_name = {file.name: file for file in files}
    schema = "landing_file string, landed_on date, line bigint, rule string, reason string, raw binary"

    def fetch(batches: Iterable["pa.RecordBatch"]) -> Iterator["pa.RecordBatch"]:
        import pyarrow as pa

        for batch in batches:
            names, lines = batch.column(0).to_pylist(), batch.column(2).to_pylist()
            wanted: dict[str, set[int]] = {}
            for name, line in zip(names, lines, strict=True):
                wanted.setdefault(name, set()).add(line)
            found = {name: raw_rows(root, by_name[name], of) for name, of in wanted.items()}
            raw = [
                (found[name].get(line) or b"")[:MAX_RAW] for name, line in zip(names, lines, strict=True)
            ]
            yield pa.RecordBatch.from_arrays(
                [*batch.columns, pa.array(raw, pa.binary())], [*batch.schema.names, "raw"]
            )

    rejected = rejected.select("landing_file", "landed_on", "line", "rule", "reason")
    return (
        rejected.repartition("landing_file")
        .sortWithinPartitions("landing_file", "line")
        .mapInArrow(fetch, schema)
    )
