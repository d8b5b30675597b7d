"""Rows with one key: which of them is kept, which repeat it, and which contradict it."""

from collections.abc import Iterable, Iterator
from functools import reduce
from operator import add

import numpy as np
import pyarrow as pa
from pyspark.sql import Column, DataFrame
from pyspark.sql import Window as SqlWindow
from pyspark.sql import functions as F
from pyspark.sql.window import WindowSpec

from jobs.ingest.kinds import Kind
from jobs.ingest.sources.source import SCROBBLE_MS

ACCEPTED, DUPLICATE, RETOLD, CONFLICT = "accepted", "duplicate", "retold", "conflict"
# Ids of plays that were only counted begin so: their times say nothing.
COUNTED = "count-"
DAY_US = 86_400_000_000


def with_listen_id(rows: DataFrame, counted: str = "false") -> DataFrame:
    """Return the listens, with ids for those that their log gave none.

    An id is a hash of listener, track and instant. Rows that ``counted`` (SQL) holds for come from a
    file of counts, which has no times: the nth play of a count is the same one on whatever day the count
    lands again, so its id is a hash of listener, track and n.
    """
    at = F.unix_micros("listened_at")
    instant = _text_hash("user_id", "track_id", at.cast("string"))
    nth = _text_hash("user_id", "track_id", (at % DAY_US).cast("string"))
    is_counted = F.expr(counted)
    made = F.when(is_counted, F.concat(F.lit(COUNTED), nth)).otherwise(F.concat(F.lit("n-"), instant))
    return rows.withColumn("listen_id", F.coalesce("listen_id", made))


def _text_hash(*parts: str | Column) -> Column:
    return F.substring(F.sha2(F.concat_ws("\x1f", *parts), 256), 1, 32)


def repeated_keys(fresh: DataFrame, stored: DataFrame | None, key: tuple[str, ...]) -> DataFrame:
    """Return ``key_hash`` of the keys that more than one row of the two frames has (rarely: might have).

    Hashes are sorted in arrays of 8 bytes a row: nearly all are different, which makes a count of each,
    as Spark would group them, twice as dear.
    """
    hashes = fresh.select(_hash(key))
    if stored is not None:
        hashes = hashes.unionAll(stored.select(_hash(key)))
    return hashes.repartition("key_hash").mapInArrow(_repeated, "key_hash bigint")


def _repeated(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    hashes = np.sort(np.concatenate([np.empty(0, np.int64), *(batch["key_hash"] for batch in batches)]))
    twice = np.unique(hashes[1:][hashes[1:] == hashes[:-1]])
    yield pa.RecordBatch.from_arrays([pa.array(twice)], ["key_hash"])


def resolved(
    fresh: DataFrame, stored: DataFrame | None, keys: DataFrame, kind: Kind, fixed: str = "false"
) -> DataFrame:
    """Return the rows with a repeated key, fresh and stored, each with its ``resolution``.

    One row of a key is accepted, whatever the order in which files and lines are read: the one that
    landed on the earliest day, for earlier nights have seen it; of those that tell of one play the
    fuller (``fullness``), then that of the first file by name, then its later line. A row with the same
    content is a duplicate. One that differs in nothing but the kind's ``merged`` columns is retold. Any
    other is in conflict.

    Stored rows that ``fixed`` (SQL) holds for come first: their files cannot be read again. Added are
    ``resolution``, ``is_stored``, the accepted row's ``winner_file``, and ``is_outdated`` of stored
    rows: whether another row of the key would be in the table, or this one with other values.
    """
    rows = _with_stored(fresh, stored).withColumn("key_hash", _hash(kind.key))
    rows = rows.join(keys, "key_hash", how="left_semi")
    rows = rows.withColumns(
        {
            "content": _row_hash(kind, ()),
            "same_play": _row_hash(kind, kind.merged),
            "n_known": fullness(kind),
        }
    )
    by_key = SqlWindow.partitionBy(*kind.key)
    order = by_key.orderBy(
        F.desc(F.col("is_stored") & F.expr(fixed)), "landed_on", "same_play", F.desc("n_known"),
        "landing_file", F.desc("line"),
    )  # fmt: skip
    compared = ("content", "same_play", "landed_on", "landing_file")
    rows = rows.withColumns({f"winner_{name}": F.first(name).over(order) for name in compared})
    rows = rows.withColumn("resolution", _resolution(F.row_number().over(order)))
    same_day = (F.col("resolution") == RETOLD) & (F.col("landed_on") == F.col("winner_landed_on"))
    rows = _filled(rows, kind, order, same_day)
    refilled = F.bool_or(same_day & ~F.col("is_stored")).over(by_key)
    outdated = F.col("is_stored") & ((F.col("resolution") != ACCEPTED) | refilled)
    rows = rows.withColumns({"is_outdated": outdated, "winner_file": F.col("winner_landing_file")})
    return rows.drop("key_hash", "content", "same_play", "n_known", *(f"winner_{c}" for c in compared))


def _with_stored(fresh: DataFrame, stored: DataFrame | None) -> DataFrame:
    rows = fresh.withColumn("is_stored", F.lit(False))
    if stored is None:
        return rows
    old = stored.withColumn("is_stored", F.lit(True)).withColumn("line", F.lit(None).cast("bigint"))
    return rows.unionByName(old, allowMissingColumns=True)


def _resolution(nth: Column) -> Column:
    return (
        F.when(nth == 1, ACCEPTED)
        .when(F.col("content") == F.col("winner_content"), DUPLICATE)
        .when(F.col("same_play") == F.col("winner_same_play"), RETOLD)
        .otherwise(CONFLICT)
    )


def _filled(rows: DataFrame, kind: Kind, order: WindowSpec, same_day: Column) -> DataFrame:
    """What an accepted row leaves open, from retold rows of its day and source, in their order."""
    names = [name for name in kind.merged if name != "ms_played"]
    if not names:
        return rows
    everything = order.rowsBetween(SqlWindow.unboundedPreceding, SqlWindow.unboundedFollowing)
    source = F.first("source").over(order)
    may_fill = same_day & (source.isNull() | F.col("source").isNull() | (source == F.col("source")))
    rows = rows.withColumn("may_fill", may_fill)
    fills = {
        name: F.first(F.when(F.col("may_fill"), F.col(name)), ignorenulls=True).over(everything)
        for name in names
    }
    is_accepted = F.col("resolution") == ACCEPTED
    return rows.withColumns(
        {name: F.coalesce(name, F.when(is_accepted, fill)) for name, fill in fills.items()}
    ).drop("may_fill")


def fullness(kind: Kind) -> Column:
    """Return how full a row is: how many of the kind's merged columns it knows. A length that was
    measured is worth more than all of them; a scrobble has none.
    """
    known = [F.col(name).isNotNull().cast("int") for name in kind.merged if name != "ms_played"]
    if not known:
        return F.lit(0)
    measured = (F.col("ms_played") != SCROBBLE_MS).cast("int")
    return reduce(add, known) + measured * len(kind.merged)


def _row_hash(kind: Kind, without: tuple[str, ...]) -> Column:
    names = [name for name in kind.content if name not in without]
    if kind.name != "listens":
        return F.xxhash64(*names)
    timeless = F.xxhash64(*(name for name in names if name != "listened_at"))
    return F.when(F.col("listen_id").startswith(COUNTED), timeless).otherwise(F.xxhash64(*names))


def unrepeated(fresh: DataFrame, keys: DataFrame, key: tuple[str, ...]) -> DataFrame:
    """Return the fresh rows whose key no other row has."""
    hashed = fresh.withColumn("key_hash", _hash(key))
    return hashed.join(keys, "key_hash", how="left_anti").drop("key_hash")


def _hash(key: tuple[str, ...]) -> Column:
    return F.xxhash64(*key).alias("key_hash")
