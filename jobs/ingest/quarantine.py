"""Entries of the quarantine: one a row that is not kept, with its raw bytes, and one a refused file."""

from collections.abc import Sequence

from pyspark.sql import DataFrame

from jobs.ingest.frames import with_raw
from jobs.ingest.kinds import Kind
from jobs.ingest.landing import Root
from jobs.ingest.landing_files import FileCount
from jobs.ingest.resolution import union
from jobs.lake.catalog import TABLES
from jobs.lake.schemas import spark_schema


def quarantine_entries(
    rejected: DataFrame,
    resolved: Sequence[DataFrame],
    kind: Kind,
    root: Root,
    counts: Sequence[FileCount],
) -> DataFrame | None:
    """Return all entries of the files: refused files, rows that broke a rule, and ``resolved`` rows,
    which contradict another row or tell its play again, with their rule and reason.

    None if there are none.
    """
    if not any(count.refused or count.n_quarantined or count.n_retold for count in counts):
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
    if not any(count.n_quarantined or count.n_retold for count in counts):
        return entries
    place = ("landing_file", "landed_on", "line", "rule", "reason")
    rows = union([rejected.select(*place), *(frame.select(*place) for frame in resolved)])
    return entries.unionByName(with_raw(rows, root, [count.file for count in counts]))
