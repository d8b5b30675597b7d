"""Which rows of a batch are kept, beside each other and beside what the tables hold."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import reduce
from typing import TYPE_CHECKING

from pyspark.sql import DataFrame, Row
from pyspark.sql import functions as F

from expectations.landing_files import SAME_PLAY
from jobs.ingest.duplicates import (
    ACCEPTED,
    CONFLICT,
    COUNTED,
    RETOLD,
    fullness,
    repeated_keys,
    resolved,
    unrepeated,
)
from jobs.ingest.same_play import retold_plays
from jobs.lake.catalog import TABLES
from jobs.lake.schemas import literal
from jobs.lake.tables import Lake
from jobs.window import DAY

if TYPE_CHECKING:
    from jobs.ingest.batch import IngestBatch

# Ids of so many rows fit into every worker; more are joined by a shuffle.
BROADCAST_ROWS = 1_000_000


@dataclass
class Deduplicated:
    """The rows to keep, ``entries`` for the quarantine (rows with ``rule`` and ``reason``), counts of
    rows by (file, resolution, file of the row that is kept), and the stored files whose rows would be
    others beside this batch."""

    accepted: DataFrame
    entries: list[DataFrame] = field(default_factory=list)
    counts: list[Row] = field(default_factory=list)
    outdated: set[str] = field(default_factory=set)


def computed_once(rows: DataFrame) -> DataFrame:
    """Return the rows, computed once, on disk where memory is short, and given up with their last frame.

    Kept as rows: to put them in columns, as persist() does, takes more time than reading and judging.
    """
    return rows.localCheckpoint(eager=False)


def in_files(names: Iterable[str]) -> str:
    """Return Spark SQL for the rows of these landing files; false for none."""
    quoted = ", ".join(map(literal, names))
    return f"landing_file IN ({quoted})" if quoted else "false"


def deduplicated(lake: Lake, good: DataFrame, batch: "IngestBatch") -> Deduplicated:
    """Return what is kept of the batch's sound rows; counts the rest, unless files are outdated.

    A stored file that could not be read again keeps its rows, whatever comes.
    """
    fixed: set[str] = set()
    while True:
        found = _deduplicated(lake, good, batch, fixed)
        found.outdated -= fixed
        unreadable = found.outdated - batch.readable.keys()
        if not unreadable:
            break
        fixed |= unreadable
    if not found.outdated:
        _count(found.counts, batch)
    return found


def _deduplicated(lake: Lake, good: DataFrame, batch: "IngestBatch", fixed: set[str]) -> Deduplicated:
    key = batch.kind.key
    stored = _stored(lake, batch)
    keys = computed_once(repeated_keys(good, stored, key))
    found = Deduplicated(good)
    if keys.count():
        rows = computed_once(resolved(good, stored, keys, batch.kind, in_files(fixed)))
        found.outdated = _files(rows.where("is_outdated"))
        fresh = rows.where("NOT is_stored")
        found.counts = fresh.groupBy("landing_file", "resolution", "winner_file").count().collect()
        found.entries = [_conflicting(fresh, key[0]), _retold_by_id(fresh)]
        found.accepted = unrepeated(good, keys, key).unionByName(
            fresh.where(F.col("resolution") == ACCEPTED), allowMissingColumns=True
        )
    return _without_retold(found, stored, batch, lake, fixed)


def _stored(lake: Lake, batch: "IngestBatch") -> DataFrame | None:
    """Rows of other files that the fresh ones may repeat."""
    table = TABLES[batch.kind.history]
    if "landing_file" in batch.kind.key or table.partition is None or not lake.exists(table.name):
        return None
    landed = {file.landed_on for file in batch.files}
    days = {day for _, day in batch.plays} or landed
    if _logs_may_overlap(batch, lake):
        days = {day + n * DAY for day in days for n in (-1, 0, 1)}
    near = F.col(table.partition).isin(*days)
    if batch.kind.name == "listens":
        # A time that is corrected may move a play to another day.
        near |= F.col("landed_on") >= F.lit(min(landed) - lake.settings.ingest.id_days * DAY)
        if any(count.source == "triplets" for count in batch.counts.values()):
            near |= F.col("listen_id").startswith(COUNTED)
    return lake.read(table.name).where(near).where(f"NOT {batch.where}")


def _logs_may_overlap(batch: "IngestBatch", lake: Lake) -> bool:
    """Whether a listener's own log is there, and any other file: producers do not tell a play twice."""
    own = [*batch.own_logs, *batch.own_logs_before]
    n_files = len(batch.sound) + len(batch.entered.keys() - batch.counts.keys())
    is_wanted = batch.kind.name == "listens" and lake.settings.ingest.same_play_s > 0
    return is_wanted and bool(own) and n_files > 1


def _without_retold(
    found: Deduplicated, stored: DataFrame | None, batch: "IngestBatch", lake: Lake, fixed: set[str]
) -> Deduplicated:
    if not _logs_may_overlap(batch, lake):
        return found
    tellings = _tellings(found.accepted, stored, batch, fixed)
    retold = computed_once(retold_plays(tellings, lake.settings.ingest.same_play_s))
    n_retold = retold.count()
    if not n_retold:
        return found
    small = F.broadcast(retold) if n_retold <= BROADCAST_ROWS else retold
    if stored is not None:
        found.outdated |= _files(stored.join(small, "listen_id", how="left_semi"))
    again = computed_once(found.accepted.join(small, "listen_id", how="inner"))
    found.accepted = found.accepted.join(small, "listen_id", how="left_anti")
    kept = F.col("told_in").alias("winner_file")
    counts = again.groupBy("landing_file", F.lit(RETOLD).alias("resolution"), kept).count()
    found.counts = [*found.counts, *counts.collect()]
    apart = F.format_string("%.0f", F.col("apart_ms") / 1000)
    reason = F.concat(F.lit("tells of a play that "), "told_in", F.lit(" tells too, "), apart,
                      F.lit(" s apart"))  # fmt: skip
    found.entries.append(again.withColumn("rule", F.lit(SAME_PLAY)).withColumn("reason", reason))
    return found


def _tellings(
    accepted: DataFrame, stored: DataFrame | None, batch: "IngestBatch", fixed: set[str]
) -> DataFrame:
    """The rows of listeners who have a log of their own, fresh and stored."""
    own = F.expr(in_files([*batch.own_logs, *batch.own_logs_before]))
    columns = (
        "listen_id", "user_id", "track_id", "listened_at", "ms_played", "landing_file",
        # What cannot be read again comes first.
        F.when(F.expr(in_files(fixed)), F.lit("0001-01-01").cast("date")).otherwise(F.col("landed_on"))
        .alias("landed_on"),
        fullness(batch.kind).alias("n_known"), (~own).alias("is_shared"),
    )  # fmt: skip
    rows = accepted.select(*columns)
    if stored is not None:
        rows = rows.unionByName(stored.select(*columns))
    rows = rows.where(~F.col("listen_id").startswith(COUNTED))
    listeners = rows.where("NOT is_shared").select("user_id").distinct()
    return rows.join(listeners, "user_id", how="left_semi")


def _conflicting(fresh: DataFrame, key: str) -> DataFrame:
    rows = fresh.where(F.col("resolution") == CONFLICT)
    reason = F.concat(F.lit(f"another row has this {key} and says something else, in "), "winner_file")
    return rows.withColumn("rule", F.lit(f"conflicting {key}")).withColumn("reason", reason)


def _retold_by_id(fresh: DataFrame) -> DataFrame:
    rows = fresh.where(F.col("resolution") == RETOLD)
    reason = F.concat(F.lit("tells of a play that "), "winner_file", F.lit(" tells too, with its id"))
    return rows.withColumn("rule", F.lit(SAME_PLAY)).withColumn("reason", reason)


def _files(rows: DataFrame) -> set[str]:
    return {row.landing_file for row in rows.select("landing_file").distinct().collect()}


def _count(rows: Sequence[Row], batch: "IngestBatch") -> None:
    for row in rows:
        count = batch.counts[row.landing_file]
        if row.resolution == ACCEPTED:
            continue
        if row.resolution == CONFLICT:
            count.n_quarantined += row["count"]
        else:
            count.n_duplicate += row["count"]
            count.n_retold += row["count"] * (row.resolution == RETOLD)
        if row.winner_file != row.landing_file:
            count.yielded_to[row.winner_file] += row["count"]


def union(frames: Sequence[DataFrame]) -> DataFrame:
    """Return the rows of all frames; a column that a frame has not is null."""
    return reduce(lambda one, other: one.unionByName(other, allowMissingColumns=True), frames)
