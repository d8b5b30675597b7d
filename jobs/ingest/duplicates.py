"""Rows with one key: which of them is kept, which repeat it, and which contradict it."""

from collections.abc import Iterable, Iterator

import numpy as np
import pyarrow as pa
from pyspark.sql import Column, DataFrame
from pyspark.sql import Window as SqlWindow
from pyspark.sql import functions as F

ACCEPTED, DUPLICATE, CONFLICT = "accepted", "duplicate", "conflict"


def with_listen_id(rows: DataFrame) -> DataFrame:
    """Listens whose log gave them no id get one: a hash of listener, track and instant."""
    parts = F.concat_ws("\x1f", "user_id", "track_id", F.unix_micros("listened_at").cast("string"))
    made = F.concat(F.lit("n-"), F.substring(F.sha2(parts, 256), 1, 32))
    return rows.withColumn("listen_id", F.coalesce("listen_id", made))


def repeated_keys(fresh: DataFrame, stored: DataFrame | None, key: tuple[str, ...]) -> DataFrame:
    """``key_hash`` of the keys that more than one row of the two frames has (or, rarely, might have).

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
    fresh: DataFrame, stored: DataFrame | None, keys: DataFrame,
    key: tuple[str, ...], content: tuple[str, ...],
) -> DataFrame:  # fmt: skip
    """The fresh rows with a repeated key, each with its ``resolution``.

    A row in the table already stays. Among fresh ones the winner is the first by (day of landing,
    content, file, line): the same whatever the order in which files and lines are read. A row with the
    winner's content is a duplicate; any other one is in conflict.
    """
    rows = fresh.withColumn("is_stored", F.lit(False))
    if stored is not None:
        old = stored.withColumn("is_stored", F.lit(True)).withColumn("line", F.lit(None).cast("bigint"))
        rows = rows.unionByName(old, allowMissingColumns=True)
    rows = rows.withColumn("content", F.xxhash64(*content)).withColumn("key_hash", _hash(key))
    rows = rows.join(keys, "key_hash", how="left_semi")
    order = SqlWindow.partitionBy(*key).orderBy(
        F.desc("is_stored"), "landed_on", "content", "landing_file", "line"
    )
    resolution = (
        F.when(F.row_number().over(order) == 1, ACCEPTED)
        .when(F.col("content") == F.first("content").over(order), DUPLICATE)
        .otherwise(CONFLICT)
    )
    return (
        rows.withColumn("resolution", resolution)
        .where("NOT is_stored")
        .drop("is_stored", "content", "key_hash")
    )


def unrepeated(fresh: DataFrame, keys: DataFrame, key: tuple[str, ...]) -> DataFrame:
    """The fresh rows whose key no other row has."""
    hashed = fresh.withColumn("key_hash", _hash(key))
    return hashed.join(keys, "key_hash", how="left_anti").drop("key_hash")


def _hash(key: tuple[str, ...]) -> Column:
    return F.xxhash64(*key).alias("key_hash")
