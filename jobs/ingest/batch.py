"""One kind's landed files into its tables, idempotently: what a file gave before is replaced."""

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from jobs.ingest.duplicates import with_listen_id
from jobs.ingest.frames import Work, judged, read_frame
from jobs.ingest.kinds import Kind
from jobs.ingest.landing import LandedFile, Root
from jobs.ingest.landing_files import FileCount, rows_held
from jobs.ingest.matching import matched, named_tracks, share_counts
from jobs.ingest.names import NAMED
from jobs.ingest.newest import refresh_newest
from jobs.ingest.owners import count_listeners, is_own_log
from jobs.ingest.quarantine import quarantine_entries
from jobs.ingest.resolution import computed_once, deduplicated, in_files
from jobs.lake.catalog import TABLES
from jobs.lake.schemas import literal, spark_schema
from jobs.lake.tables import Lake
from jobs.settings import Settings


@dataclass
class IngestBatch:
    """The files of one kind that are ingested together, and what became of them.

    ``entered`` are the rows of landing_files, of any file. ``readable`` are files that could be taken
    again. ``plays`` counts sound plays by file and day.
    """

    kind: Kind
    work: Sequence[Work]
    entered: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    readable: Mapping[str, Work] = field(default_factory=dict)
    counts: dict[str, FileCount] = field(default_factory=dict)
    plays: Counter[tuple[str, date]] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.counts = {file.name: FileCount(file) for file, _ in self.work}
        for name, count in self.counts.items():
            before = self.entered.get(name, {})
            if before.get("fingerprint") == count.file.fingerprint:
                count.forgotten = list(before.get("forgotten") or ())

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

    @property
    def own_logs(self) -> list[str]:
        """Names of the sound files that are one listener's own log."""
        return [name for name in self.sound if self.counts[name].is_own_log]

    @property
    def own_logs_before(self) -> list[str]:
        """Names of the files, ingested before and not among these, that are one listener's own log."""
        rows = {name: row for name, row in self.entered.items() if name not in self.counts}
        return [name for name, row in rows.items() if row["kind"] == self.kind.name and is_own_log(row)]

    def with_files(self, names: set[str]) -> "IngestBatch":
        """Return a batch, yet to be read, of these files and more."""
        return IngestBatch(
            self.kind, [*self.work, *(self.readable[name] for name in sorted(names))], self.entered,
            self.readable,
        )  # fmt: skip


def ingest_batch(
    lake: Lake,
    settings: Settings,
    batch: IngestBatch,
    tracks_are_in: Callable[[], object] = lambda: None,
) -> IngestBatch:
    """Ingest the batch: history, newest and quarantine tables. Return it with its counts.

    Where its rows come before stored ones (a file of an earlier day that came late), the files of those
    are taken again with it. ``tracks_are_in`` returns when the night's tracks are in their table; only
    listens that are known by names wait for it.
    """
    kind, root = batch.kind, Root.of(settings)
    rows = computed_once(judged(read_frame(lake.spark, root, kind, batch.work), kind))
    _take_census(rows, batch)
    good = rows.where("census IS NULL AND rule IS NULL").where(in_files(batch.sound))
    if kind.name == "listens":
        counted = in_files([name for name in batch.sound if batch.counts[name].source == "triplets"])
        good = with_listen_id(_matched(lake, good, batch, tracks_are_in), counted)
    found = deduplicated(lake, _without_forgotten(good, batch), batch)
    if found.outdated:
        return ingest_batch(lake, settings, batch.with_files(found.outdated), tracks_are_in)
    replaced = _put(lake, settings, found.accepted, kind.history, batch)
    for name, n_rows in rows_held(settings, kind.history, list(batch.counts)).items():
        batch.counts[name].n_accepted = n_rows
    rejected = rows.where("census IS NULL AND rule IS NOT NULL").where(in_files(batch.sound))
    entries = quarantine_entries(rejected, found.entries, kind, root, list(batch.counts.values()))
    _put(lake, settings, entries, kind.quarantine, batch)
    if kind.newest_table:
        refresh_newest(lake, kind, batch.where, anew=replaced)
    return batch


def _without_forgotten(good: DataFrame, batch: IngestBatch) -> DataFrame:
    """The rows but those of listeners who were forgotten in a file that is as it was."""
    of_them = [
        f"({in_files([name])} AND user_id IN ({', '.join(map(literal, count.forgotten))}))"
        for name, count in batch.counts.items()
        if count.forgotten
    ]
    if not of_them:
        return good
    forgotten = " OR ".join(of_them)
    for row in good.where(forgotten).groupBy("landing_file").count().collect():
        batch.counts[row.landing_file].n_read -= row["count"]
        batch.counts[row.landing_file].n_left_out += row["count"]
    return good.where(f"NOT ({forgotten})")


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
    who = F.when(F.col("user_id").isNotNull(), F.xxhash64("user_id")) if "user_id" in rows.columns else (
        F.lit(None).cast("bigint"))  # fmt: skip
    counted = groups.agg(
        F.count("*").alias("n"), F.count(who).alias("n_named"), F.min(who).alias("first_listener"),
        F.max(who).alias("last_listener"),
    ).collect()  # fmt: skip
    for row in counted:
        count = batch.counts[row.landing_file]
        if row.census is not None:
            count.take_census(json.loads(row.census))
        elif not row.ok:
            count.n_quarantined += row.n
        elif row.day is not None:
            batch.plays[row.landing_file, row.day] += row.n
    for count in batch.counts.values():
        if count.refused:
            count.n_quarantined = 0
    count_listeners(rows, counted, batch.counts)


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
