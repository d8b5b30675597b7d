"""One kind's landed files into its tables, idempotently: what a file gave before is replaced."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from pyspark import StorageLevel
from pyspark.sql import DataFrame
from pyspark.sql import Window as Rows
from pyspark.sql import functions as F

from jobs.ingest.frames import Work, judged, read_frame, with_raw
from jobs.ingest.kinds import Kind
from jobs.ingest.landing import LandedFile, Root
from jobs.ingest.ledger import FileCount
from jobs.ingest.settle import (
    ACCEPTED,
    CONFLICT,
    contested,
    repeated_keys,
    uncontested,
    with_listen_id,
)
from jobs.lake.catalog import TABLES
from jobs.lake.schemas import spark_schema
from jobs.lake.tables import Lake


@dataclass
class Batch:
    """The files of one kind that are ingested together, and what became of them."""

    kind: Kind
    work: Sequence[Work]
    seen_before: bool
    counts: dict[str, FileCount] = field(default_factory=dict)
    n_plays: dict[date, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.counts = {file.name: FileCount(file) for file, _ in self.work}

    @property
    def files(self) -> list[LandedFile]:
        """The files."""
        return [file for file, _ in self.work]

    @property
    def sound(self) -> list[str]:
        """Names of the files that were not refused."""
        return [name for name, count in self.counts.items() if not count.refused]

    @property
    def where(self) -> str:
        """SQL predicate for the rows of the files."""
        return in_files(list(self.counts))


def in_files(names: Sequence[str]) -> str:
    """SQL predicate for the rows of these landing files; false for none."""
    quoted = (name.replace("\\", "\\\\").replace("'", "\\'") for name in names)
    return "landing_file IN ('{}')".format("', '".join(quoted)) if names else "false"


def store(lake: Lake, root: Root, batch: Batch) -> None:
    """Ingest the batch: history, current and quarantine tables. Fills its counts."""
    kind = batch.kind
    rows = judged(read_frame(lake.spark, root, kind, batch.work), kind)
    rows = rows.persist(StorageLevel.MEMORY_AND_DISK)
    try:
        _take_census(rows, batch)
        good = rows.where("census IS NULL AND rule IS NULL").where(in_files(batch.sound))
        if kind.name == "listens":
            good = with_listen_id(good)
        accepted, losers = _settled(lake, good, batch)
        lake.replace(accepted, kind.history, batch.where)
        _count_accepted(lake, batch)
        rejected = rows.where("census IS NULL AND rule IS NOT NULL").where(in_files(batch.sound))
        _quarantine(lake, root, rejected, losers, batch)
    finally:
        rows.unpersist()
    if kind.current:
        _refresh_current(lake, batch)


def _take_census(rows: DataFrame, batch: Batch) -> None:
    """The files' censuses and their rejected rows by file, in one pass that also fills the cache."""
    day = F.expr("IF(rule IS NULL, listened_on, NULL)") if "listened_on" in rows.columns else F.lit(None)
    groups = rows.groupBy("landing_file", "census", F.col("rule").isNull().alias("ok"), day.alias("day"))
    for row in groups.count().collect():
        count = batch.counts[row.landing_file]
        if row.census is not None:
            count.take_census(json.loads(row.census))
        elif not row.ok:
            count.n_quarantined += row["count"]
        elif row.day is not None:
            batch.n_plays[row.day] = batch.n_plays.get(row.day, 0) + row["count"]
    for count in batch.counts.values():
        if count.refused:
            count.n_quarantined = 0


def _known(lake: Lake, batch: Batch) -> DataFrame | None:
    """Rows of other files that the fresh ones may repeat."""
    table = TABLES[batch.kind.history]
    if "landing_file" in batch.kind.key or table.partition is None or not lake.exists(table.name):
        return None
    days = batch.n_plays or {file.landed_on for file in batch.files}
    return lake.read(table.name).where(F.col(table.partition).isin(*days)).where(f"NOT {batch.where}")


def _settled(lake: Lake, good: DataFrame, batch: Batch) -> tuple[DataFrame, DataFrame | None]:
    """The rows to keep, and the contested ones with their fate if there are any."""
    key = batch.kind.key
    known = _known(lake, batch)
    keys = repeated_keys(good, known, key).persist()
    if keys.isEmpty():
        keys.unpersist()
        return good, None
    fates = contested(good, known, keys, key, batch.kind.content).persist()
    for row in fates.groupBy("landing_file", "fate").count().collect():
        count = batch.counts[row.landing_file]
        if row.fate == CONFLICT:
            count.n_quarantined += row["count"]
        elif row.fate != ACCEPTED:
            count.n_duplicate += row["count"]
    winners = fates.where(F.col("fate") == ACCEPTED).drop("fate")
    return uncontested(good, keys, key).unionByName(winners), fates.where(F.col("fate") == CONFLICT)


def _count_accepted(lake: Lake, batch: Batch) -> None:
    """Count what the table now holds: the other side of the equation."""
    held = lake.read(batch.kind.history).where(batch.where).groupBy("landing_file").count()
    for row in held.collect():
        batch.counts[row.landing_file].n_accepted = row["count"]


def _quarantine(
    lake: Lake, root: Root, rejected: DataFrame, losers: DataFrame | None, batch: Batch
) -> None:
    """Replace the files' entries: one for each rejected row, one for each refused file."""
    refused = [count for count in batch.counts.values() if count.refused]
    n_rows = sum(count.n_quarantined for count in batch.counts.values())
    if not (refused or n_rows or batch.seen_before):
        return
    table = batch.kind.quarantine
    if losers is not None:
        name = batch.kind.key[0]
        losers = losers.withColumn("rule", F.lit(f"conflicting {name}")).withColumn(
            "reason", F.lit(f"another row has this {name} and says something else")
        )
        rejected = rejected.unionByName(losers, allowMissingColumns=True)
    schema = spark_schema(TABLES[table])
    entries: list[Mapping[str, Any]] = [
        {
            "landed_on": count.file.landed_on, "landing_file": count.file.name, "line": None,
            "raw": None, "rule": count.rule, "reason": count.reason,
        }
        for count in refused
    ]  # fmt: skip
    rows = lake.spark.createDataFrame(
        [tuple(entry[n] for n in schema.names) for entry in entries], schema
    )
    if n_rows:
        rows = rows.unionByName(with_raw(rejected, root, batch.files))
    lake.replace(rows, table, batch.where)


# The latest word: its table's columns that its history has under another name, and its order.
_RENAMED = {
    "tracks": {"first_seen_on": "first_landed_on"},
    "audio_features": {"updated_on": "landed_on"},
}
_ORDER = {
    "tracks": ("landed_on", "landing_file"),
    "audio_features": ("updated_on", "landing_file"),
    "feedback": ("at", "landed_on", "landing_file"),
}


def _refresh_current(lake: Lake, batch: Batch) -> None:
    """Bring the newest rows of the batch into the table of latest words.

    Where a file is replaced, words may have vanished: then the table is made anew.
    """
    name = batch.kind.current
    assert name is not None
    history = lake.read(batch.kind.history)
    if batch.seen_before or not lake.exists(name):
        lake.replace(_latest(history, name), name, "true")
        return
    s, t = (f"struct({', '.join(f'{side}.{column}' for column in _ORDER[name])})" for side in "st")
    values = {column: f"IF({s} >= {t}, s.{column}, t.{column})" for column in TABLES[name].column_names}
    if name == "tracks":
        values["first_seen_on"] = "least(s.first_seen_on, t.first_seen_on)"
    lake.merge(_latest(history.where(batch.where), name), name, update_when="true", update=values)


def _latest(history: DataFrame, name: str) -> DataFrame:
    """One row a key of the table: the last one by the table's order."""
    key = TABLES[name].key
    rows = history
    if name == "tracks":
        rows = rows.withColumn("first_landed_on", F.min("landed_on").over(Rows.partitionBy(*key)))
    for column, source in _RENAMED.get(name, {}).items():
        rows = rows.withColumn(column, F.col(source))
    newest = Rows.partitionBy(*key).orderBy(*(F.desc(column) for column in _ORDER[name]))
    return rows.withColumn("nth", F.row_number().over(newest)).where("nth = 1").drop("nth")
