"""Reading and writing the Delta tables from Spark. Every write of a table goes through here.

In SQL: Delta's own classes in Python are for a Spark in the same process, not for Spark Connect.
"""

from collections.abc import Mapping
from datetime import date
from functools import partial

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import StructType

from jobs.lake.arrow import is_there, schema_of, version
from jobs.lake.catalog import TABLES, Table
from jobs.lake.schemas import ddl_with_meanings, literal, spark_schema
from jobs.settings import Settings
from jobs.side_by_side import side_by_side


class Lake:
    """The tables under one root, for one session."""

    def __init__(self, spark: SparkSession, settings: Settings) -> None:
        self.spark, self.settings = spark, settings
        self.root = settings.lake.root.replace("s3://", "s3a://", 1)

    def path(self, name: str) -> str:
        """Return where the table is."""
        return f"{self.root}/{TABLES[name].name}"

    def exists(self, name: str) -> bool:
        """Return whether the table has been written before."""
        return is_there(self.settings, name)

    def read(self, name: str, as_of: date | None = None, version: int | None = None) -> DataFrame:
        """Return the table, or no rows with its columns if it was never written.

        One night's rows with ``as_of``; as it was at an earlier ``version`` while Delta keeps that.
        """
        if self.exists(name):
            reader = self.spark.read.format("delta")
            if version is not None:
                reader = reader.option("versionAsOf", version)
            rows = _with_missing(reader.load(self.path(name)), TABLES[name])
        else:
            rows = self.spark.createDataFrame([], spark_schema(TABLES[name]))
        return rows if as_of is None else rows.where(F.col("as_of") == F.lit(as_of))

    def version(self, name: str) -> int:
        """Return the table's newest version; -1 if it was never written."""
        # Through delta-rs: Spark starts jobs to answer it.
        return version(self.settings, name)

    def versions(self, *names: str) -> dict[str, int]:
        """Return the newest version of each table."""
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

    def replace_nights(self, rows: Mapping[str, DataFrame], as_of: date) -> None:
        """Replace one night of several tables at the same time: much of a write is waiting."""
        side_by_side(*(partial(self.replace_night, rows[name], name, as_of) for name in rows))

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
        # Views are the session's: other tables are merged by other threads at the same time.
        source = f"merged_into_{table.name}"
        parts = [f"MERGE INTO {self._quoted(name)} t USING {source} s ON {condition}"]
        if update_when is not None:
            values = update or {column: f"s.{column}" for column in table.column_names}
            changes = ", ".join(f"t.{column} = {value}" for column, value in values.items())
            parts.append(f"WHEN MATCHED AND {update_when} THEN UPDATE SET {changes}")
        conform(rows, table).createOrReplaceTempView(source)
        self.spark.sql(" ".join([*parts, "WHEN NOT MATCHED THEN INSERT *"]))
        self.spark.catalog.dropTempView(source)

    def delete(self, name: str, where: str) -> None:
        """Delete the rows that match the predicate."""
        if self.exists(name):
            self.spark.sql(f"DELETE FROM {self._quoted(name)} WHERE {where}")

    def _create_if_missing(self, table: Table) -> None:
        if self.exists(table.name):
            self._widen(table)
            return
        parts = [
            f"CREATE TABLE IF NOT EXISTS {self._quoted(table.name)} ({ddl_with_meanings(table)})",
            f"USING delta COMMENT {literal(table.grain)}",
        ]
        if table.partition:
            parts.append(f"PARTITIONED BY (`{table.partition}`)")
        if table.bounded:
            bounded = literal(",".join(table.bounded))
            parts.append(f"TBLPROPERTIES ('delta.dataSkippingStatsColumns' = {bounded})")
        self.spark.sql(" ".join(parts))

    def _widen(self, table: Table) -> None:
        """Give a table of before the optional columns that it lacks, or has as required."""
        found = {field.name: field.nullable for field in schema_of(self.settings, table.name)}
        lacking = [column for column in table.columns if column.nullable and column.name not in found]
        if lacking:
            columns = ", ".join(f"`{column.name}` {column.type}" for column in lacking)
            self.spark.sql(f"ALTER TABLE {self._quoted(table.name)} ADD COLUMNS ({columns})")
        for column in table.columns:
            if column.nullable and not found.get(column.name, True):
                self.spark.sql(
                    f"ALTER TABLE {self._quoted(table.name)} ALTER COLUMN `{column.name}` DROP NOT NULL"
                )

    def _quoted(self, name: str) -> str:
        path = self.path(name).replace("`", "``")
        return f"delta.`{path}`"


def _with_missing(rows: DataFrame, table: Table) -> DataFrame:
    """The rows with the optional columns of the catalog that an old table lacks, null."""
    lacking = [c for c in table.columns if c.nullable and c.name not in rows.columns]
    return rows.withColumns({c.name: F.lit(None).cast(c.type) for c in lacking}) if lacking else rows


def conform(rows: DataFrame, table: Table) -> DataFrame:
    """Return the table's columns, in its order and types."""
    schema: StructType = spark_schema(table)
    return rows.select(*(F.col(field.name).cast(field.dataType) for field in schema))
