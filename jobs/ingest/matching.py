"""Plays known by their names alone, matched to the catalog."""

from collections.abc import Iterable, Iterator

import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import Window as Rows
from pyspark.sql import functions as F

from jobs.ingest.names import NAMED, name_id


def named_tracks(tracks: DataFrame) -> DataFrame:
    """Return ``name_id``, ``track_id`` and ``landed_on`` of each landed track."""

    def ids(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            names = zip(batch["artist"].to_pylist(), batch["title"].to_pylist(), strict=True)
            found = pa.array([name_id(*name) for name in names], pa.string())
            yield pa.RecordBatch.from_arrays(
                [found, batch["track_id"], batch["landed_on"]], ["name_id", "track_id", "landed_on"]
            )

    columns = tracks.select("artist", "title", "track_id", "landed_on")
    return columns.mapInArrow(ids, "name_id string, track_id string, landed_on date")


def matched(listens: DataFrame, names: DataFrame) -> DataFrame:
    """Return the listens, each with the catalog's id in place of one made of names, where there is one.

    Of the tracks of a name that had landed with the listen or before, the first wins: by day of
    landing, then id. Listens without such a track keep the id made of names.
    """
    first = Rows.partitionBy("name_id", "landed_on").orderBy("match_landed_on", "match_id")
    wanted = listens.select(F.col("track_id").alias("name_id"), "landed_on").distinct()
    found = (
        wanted.join(
            names.withColumnsRenamed({"track_id": "match_id", "landed_on": "match_landed_on"}),
            "name_id",
            how="inner",
        )
        .where("match_landed_on <= landed_on")
        .withColumn("nth", F.row_number().over(first))
        .where("nth = 1")
        .select(F.col("name_id").alias("track_id"), "landed_on", "match_id")
    )
    rows = listens.join(found, ["track_id", "landed_on"], how="left")
    return rows.withColumn("track_id", F.coalesce("match_id", "track_id")).drop("match_id")


def share_counts(listens: DataFrame) -> DataFrame:
    """Count by file its plays that had nothing but names, and those of them that found their track.

    ``was_named`` marks the former; a track_id that is still made of names was not found.
    """
    still = F.col("track_id").startswith(NAMED)
    return (
        listens.where("was_named")
        .groupBy("landing_file")
        .agg(F.count("*").alias("n_named"), F.count(F.when(~still, 1)).alias("n_matched"))
    )
