"""An application that does a little of what stages do, so that the classes for it can be archived."""

import tempfile
from collections.abc import Iterable

import pyarrow as pa
from delta.tables import DeltaTable
from pyspark.sql import DataFrame, SparkSession, Window
from pyspark.sql import functions as F


def main() -> None:
    """Read, write, merge, rank, join, and run Python in workers."""
    spark = SparkSession.builder.appName("nocturne-warm-up").getOrCreate()
    with tempfile.TemporaryDirectory() as folder:
        _write(spark, folder)
        _read(spark, folder).collect()
    spark.stop()


def _write(spark: SparkSession, folder: str) -> None:
    rows = spark.range(2000).select(
        F.col("id"),
        F.date_add(F.lit("2026-06-01"), (F.col("id") % 3).cast("int")).alias("as_of"),
        F.rand(1).alias("x"),
        F.array(F.lit("a")).alias("tags"),
        F.current_timestamp().alias("at"),
    )
    rows.write.mode("overwrite").json(f"{folder}/json")
    rows.write.format("delta").partitionBy("as_of").save(f"{folder}/delta")
    one = rows.where("as_of = DATE'2026-06-01'")
    writer = (
        one.write.format("delta").mode("overwrite").option("replaceWhere", "as_of = DATE'2026-06-01'")
    )
    writer.save(f"{folder}/delta")
    target = DeltaTable.forPath(spark, f"{folder}/delta").alias("t")
    merge = target.merge(rows.alias("s"), "t.id = s.id").whenMatchedUpdateAll("t.x > 0.5")
    merge.whenNotMatchedInsertAll().execute()


def _read(spark: SparkSession, folder: str) -> DataFrame:
    rows = spark.read.format("delta").load(f"{folder}/delta")
    landed = spark.read.schema("id bigint, x double, at string").json(f"{folder}/json")
    ranked = rows.withColumn("rank", F.row_number().over(Window.partitionBy("as_of").orderBy("x", "id")))
    joined = ranked.join(landed.withColumn("at", F.to_timestamp("at")), "id", how="left").cache()
    sums = joined.groupBy("as_of").agg(F.sum("rank").alias("x"), F.collect_list("id").alias("ids"))
    return sums.mapInArrow(_same, sums.schema)


def _same(batches: Iterable[pa.RecordBatch]) -> Iterable[pa.RecordBatch]:
    yield from batches


if __name__ == "__main__":
    main()
