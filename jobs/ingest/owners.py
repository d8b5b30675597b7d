"""Whose a file is: a producer's, with many listeners' plays, or one listener's own log."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from pyspark.sql import DataFrame, Row
from pyspark.sql import functions as F

from expectations.landing_files import HANDED_OUT

if TYPE_CHECKING:
    from jobs.ingest.landing_files import FileCount


def is_own_log(row: Mapping[str, Any]) -> bool:
    """Return whether a row of landing_files is of one listener's own log."""
    return row.get("listener") is not None or row["source"] in HANDED_OUT


def count_listeners(rows: DataFrame, groups: Iterable[Row], counts: "Mapping[str, FileCount]") -> None:
    """Set ``listener`` of the files that are one listener's own: where all rows that name somebody name
    the same one, and where no row does so, whose folder the file lies in.

    Half of a file's rows must name somebody: of a producer's broken file one sound row may be left. A
    refused file's rows prove it only in a format that is a listener's own. ``groups``: counts of rows of
    a file (``n``, ``n_named``) with the least and greatest hash of their listeners.
    """
    n_rows: dict[str, int] = {}
    n_named: dict[str, int] = {}
    hashes: dict[str, set[int]] = {}
    for row in groups:
        if row.census is None:
            n_rows[row.landing_file] = n_rows.get(row.landing_file, 0) + row.n
            n_named[row.landing_file] = n_named.get(row.landing_file, 0) + row.n_named
            found = {row.first_listener, row.last_listener} - {None}
            hashes.setdefault(row.landing_file, set()).update(found)
    single = []
    for name, count in counts.items():
        trusted = count.named or not count.refused
        if trusted and len(hashes.get(name, ())) == 1 and 2 * n_named[name] >= n_rows[name]:
            single.append(name)
        elif not hashes.get(name) or not trusted:
            count.listener = count.file.folder_listener
    if single:
        named = rows.where(F.col("user_id").isNotNull() & F.col("landing_file").isin(single))
        for row in named.groupBy("landing_file").agg(F.first("user_id").alias("user_id")).collect():
            counts[row.landing_file].listener = row.user_id
