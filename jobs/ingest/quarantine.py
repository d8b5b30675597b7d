"""Entries of the quarantine: one a rejected row, with its raw bytes, and one a refused file."""

from collections.abc import Sequence

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from jobs.ingest.frames import with_raw
from jobs.ingest.kinds import Kind
from jobs.ingest.landing import Root
from jobs.ingest.ledger import FileCount
from jobs.lake.catalog import TABLES
from jobs.lake.schemas import spark_schema


def quarantine_entries(
    rejected: DataFrame,
    conflicting: DataFrame | None,
    kind: Kind,
    root: Root,
    counts: Sequence[FileCount],
) -> DataFrame | None:
    """All entries of the files: rows that broke a rule, rows that lost to another, refused files.

    None if there are none.
    """
    if not any(count.refused or count.n_quarantined for count in counts):
        return None
    schema = spark_schema(TABLES[kind.quarantine])
    refused = [
        {
            "landed_on": count.file.landed_on,
            "landing_file": count.file.name,
            "rule": count.rule,
            "reason": count.reason,
        }
        for count in counts
        if count.refused
    ]
    entries = rejected.sparkSession.createDataFrame(
        [tuple(entry.get(name) for name in schema.names) for entry in refused], schema
    )
    if not any(count.n_quarantined for count in counts):
        return entries
    if conflicting is not None:
        rejected = rejected.unionByName(_conflicting(conflicting, kind), allowMissingColumns=True)
    return entries.unionByName(with_raw(rejected, root, [count.file for count in counts]))


def _conflicting(conflicting: DataFrame, kind: Kind) -> DataFrame:
    name = kind.key[0]
    reason = f"another row has this {name} and says something else"
    return conflicting.withColumn("rule", F.lit(f"conflicting {name}")).withColumn(
        "reason", F.lit(reason)
    )
