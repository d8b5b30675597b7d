"""One kind's landed files into its tables, idempotently: what a file gave before is replaced."""

import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from jobs.ingest.duplicates import (
    ACCEPTED,
    CONFLICT,
    repeated_keys,
    resolved,
    unrepeated,
    with_listen_id,
)
from jobs.ingest.frames import Work, judged, read_frame
from jobs.ingest.kinds import Kind
from jobs.ingest.landing import LandedFile, Root
from jobs.ingest.ledger import FileCount, rows_held
from jobs.ingest.matching import matched, named_tracks, share_counts
from jobs.ingest.names import NAMED
from jobs.ingest.newest import refresh_newest
from jobs.ingest.quarantine import quarantine_entries
from jobs.lake.catalog import TABLES
from jobs.lake.schemas import spark_schema
from jobs.lake.tables import Lake
from jobs.settings import Settings
from jobs.window import DAY


@dataclass
class IngestBatch:
    """The files of one kind that are ingested together, and what became of them.

    ``plays`` counts sound plays by file and day.
    """

    kind: Kind
    work: Sequence[Work]
    counts: dict[str, FileCount] = field(default_factory=dict)
    plays: Counter[tuple[str, date]] = field(default_factory=Counter)

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
    """Spark SQL for the rows of these landing files; false for none."""
    quoted = (name.replace("\\", "\\\\").replace("'", "\\'") for name in names)
    return "landing_file IN ('{}')".format("', '".join(quoted)) if names else "false"


def ingest_batch(
    lake: Lake,
    settings: Settings,
    batch: IngestBatch,
    tracks_are_in: Callable[[], object] = lambda: None,
) -> None:
    """Ingest the batch: history, current and quarantine tables. Fills its counts.

    ``tracks_are_in`` returns when the night's tracks are in their table; only listens that are known
    by names wait for it.
    """
    kind, root = batch.kind, Root.of(settings)
    rows = computed_once(judged(read_frame(lake.spark, root, kind, batch.work), kind))
    _take_census(rows, batch)
    good = rows.where("census IS NULL AND rule IS NULL").where(in_files(batch.sound))
    if kind.name == "listens":
        good = with_listen_id(_matched(lake, good, batch, tracks_are_in))
    accepted, conflicting = _deduplicated(lake, good, batch)
    replaced = _put(lake, settings, accepted, kind.history, batch)
    for name, n_rows in rows_held(settings, kind.history, list(batch.counts)).items():
        batch.counts[name].n_accepted = n_rows
    rejected = rows.where("census IS NULL AND rule IS NOT NULL").where(in_files(batch.sound))
    entries = quarantine_entries(rejected, conflicting, kind, root, list(batch.counts.values()))
    _put(lake, settings, entries, kind.quarantine, batch)
    if kind.newest_table:
        refresh_newest(lake, kind, batch.where, anew=replaced)


def computed_once(rows: DataFrame) -> DataFrame:
    """The rows, computed once, on disk where memory is short, and given up with the last frame of them.

    Kept as rows: to put them in columns, as persist() does, takes more time than reading and judging.
    """
    return rows.localCheckpoint(eager=False)


def _put(lake: Lake, settings: Settings, rows: DataFrame | None, table: str, batch: IngestBatch) -> bool:
    """Put the files' rows into the table; whether it held rows of theirs before, now replaced.

    None is no rows. A file that is new to the table, as nearly all are, is a plain append.
    """
    held = bool(rows_held(settings, table, list(batch.counts)))
    if held:
        none = lake.spark.createDataFrame([], spark_schema(TABLES[table]))
        lake.replace(none if rows is None else rows, table, batch.where)
    elif rows is not None:
        lake.append(rows, table)
    return held


def _take_census(rows: DataFrame, batch: IngestBatch) -> None:
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
            batch.plays[row.landing_file, row.day] += row["count"]
    for count in batch.counts.values():
        if count.refused:
            count.n_quarantined = 0


def _matched(
    lake: Lake, listens: DataFrame, batch: IngestBatch, tracks_are_in: Callable[[], object]
) -> DataFrame:
    names = [name for name, count in batch.counts.items() if count.named and not count.refused]
    if not names:
        return listens
    tracks_are_in()
    is_named = F.expr(in_files(names)) & F.col("track_id").startswith(NAMED)
    listens = listens.withColumn("was_named", is_named)
    found = computed_once(matched(listens, named_tracks(lake.read("tracks_history"))))
    for row in share_counts(found).collect():
        count = batch.counts[row.landing_file]
        count.n_named, count.n_matched = row.n_named, row.n_matched
    return found.drop("was_named")


def _stored(lake: Lake, batch: IngestBatch) -> DataFrame | None:
    """Rows of other files that the fresh ones may repeat."""
    table = TABLES[batch.kind.history]
    if "landing_file" in batch.kind.key or table.partition is None or not lake.exists(table.name):
        return None
    landed = {file.landed_on for file in batch.files}
    near = F.col(table.partition).isin(*({day for _, day in batch.plays} or landed))
    if batch.kind.name == "listens":
        # A time that is corrected may move a play to another day.
        near |= F.col("landed_on") >= F.lit(min(landed) - lake.settings.ingest.id_days * DAY)
    return lake.read(table.name).where(near).where(f"NOT {batch.where}")


def _deduplicated(lake: Lake, good: DataFrame, batch: IngestBatch) -> tuple[DataFrame, DataFrame | None]:
    """The rows to keep, and those that lost to another of the same key, if there are any."""
    key = batch.kind.key
    stored = _stored(lake, batch)
    keys = computed_once(repeated_keys(good, stored, key))
    if not keys.count():
        return good, None
    resolutions = computed_once(resolved(good, stored, keys, key, batch.kind.content))
    for row in resolutions.groupBy("landing_file", "resolution").count().collect():
        count = batch.counts[row.landing_file]
        if row.resolution == CONFLICT:
            count.n_quarantined += row["count"]
        elif row.resolution != ACCEPTED:
            count.n_duplicate += row["count"]
    winners = resolutions.where(F.col("resolution") == ACCEPTED).drop("resolution")
    return unrepeated(good, keys, key).unionByName(winners), resolutions.where(
        F.col("resolution") == CONFLICT
    )
