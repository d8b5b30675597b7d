"""Reading and writing the Delta tables from Spark. Every write of a table goes through here."""

from collections.abc import Mapping
from datetime import date

from delta.tables import DeltaTable
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import StructType

from jobs.lake.arrow import version
from jobs.lake.catalog import TABLES, Table
from jobs.lake.schemas import spark_schema
from jobs.settings import Settings


class Lake:
    """The tables under one root, for one session."""

    def __init__(self, spark: SparkSession, settings: Settings) -> None:
        self.spark, self.settings = spark, settings
        self.root = settings.lake.root.replace("s3://", "s3a://", 1)

    def path(self, name: str) -> str:
        """Where the table is."""
        return f"{self.root}/{TABLES[name].name}"

    def exists(self, name: str) -> bool:
        """Whether the table has been written before."""
        return bool(DeltaTable.isDeltaTable(self.spark, self.path(name)))

    def read(self, name: str, as_of: date | None = None, version: int | None = None) -> DataFrame:
        """The table, or no rows with its columns if it was never written.

        One night's rows with ``as_of``; as it was at an earlier ``version`` while Delta keeps that.
        """
        if self.exists(name):
            reader = self.spark.read.format("delta")
            if version is not None:
                reader = reader.option("versionAsOf", version)
            rows = reader.load(self.path(name))
        else:
            rows = self.spark.createDataFrame([], spark_schema(TABLES[name]))
        return rows if as_of is None else rows.where(F.col("as_of") == F.lit(as_of))

    def version(self, name: str) -> int:
        """The table's newest version; -1 if it was never written."""
        # Through delta-rs: Spark starts jobs to answer it.
        return version(self.settings, name)

    def versions(self, *names: str) -> dict[str, int]:
        """Newest version of each table."""
        return {name: self.version(name) for name in names}

    def replace(self, rows: DataFrame, name: str, where: str) -> None:
        """Replace the rows that match the predicate, in one commit.

        Rows that do not match it are refused by Delta, so a window can only write itself; no rows
        empty the window. The same rows written twice leave the same table.
        """
        table = TABLES[name]
        self._create_if_missing(table)
        writer = conform(rows, table).write.format("delta").mode("overwrite")
        writer.option("replaceWhere", where).save(self.path(name))

    def append(self, rows: DataFrame, name: str) -> None:
        """Add rows that are known not to be there: cheaper than replacing nothing by them."""
        table = TABLES[name]
        self._create_if_missing(table)
        conform(rows, table).write.format("delta").mode("append").save(self.path(name))

    def replace_night(self, rows: DataFrame, name: str, as_of: date) -> None:
        """Replace one night of an as-of table."""
        self.replace(rows, name, f"as_of = DATE'{as_of}'")

    def merge(
        self,
        rows: DataFrame,
        name: str,
        *,
        update_when: str | None = None,
        prune: str | None = None,
        update: Mapping[str, str] | None = None,
    ) -> None:
        """Upsert by the table's key: ``t`` is the table, ``s`` the rows, unique by key.

        ``prune`` is a predicate on ``t`` that spares reading the other partitions. Matched rows are
        replaced (or get ``update``) where ``update_when`` holds, and left alone if it is None.
        """
        table = TABLES[name]
        self._create_if_missing(table)
        condition = " AND ".join(f"t.{column} = s.{column}" for column in table.key)
        if prune:
            condition = f"{condition} AND {prune}"
        target = DeltaTable.forPath(self.spark, self.path(name)).alias("t")
        merge = target.merge(conform(rows, table).alias("s"), condition)
        if update_when is not None:
            values = dict(update) if update else {c: f"s.{c}" for c in table.column_names}
            merge = merge.whenMatchedUpdate(update_when, dict(values))
        merge.whenNotMatchedInsertAll().execute()

    def delete(self, name: str, where: str) -> None:
        """Delete the rows that match the predicate."""
        if self.exists(name):
            DeltaTable.forPath(self.spark, self.path(name)).delete(where)

    def _create_if_missing(self, table: Table) -> None:
        if self.exists(table.name):
            return
        builder = DeltaTable.createIfNotExists(self.spark).location(self.path(table.name))
        builder = builder.addColumns(spark_schema(table)).comment(table.grain)
        if table.partition:
            builder = builder.partitionedBy(table.partition)
        if table.bounded:
            builder = builder.property("delta.dataSkippingStatsColumns", ",".join(table.bounded))
        builder.execute()


def conform(rows: DataFrame, table: Table) -> DataFrame:
    """The table's columns, in its order and types."""
    schema: StructType = spark_schema(table)
    return rows.select(*(F.col(field.name).cast(field.dataType) for field in schema))
