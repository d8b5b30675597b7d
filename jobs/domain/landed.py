"""Which row counts where one thing has landed several times: the newest as landed.

That is the one that landed last; of two files of one day, the file whose name comes last in the order of
bytes. Said once, and found by Spark and by Arrow alike, so that no two stages disagree about a track.
"""

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

AS_LANDED = ("landed_on", "landing_file")


def newest(rows: "DataFrame", *key: str, order: tuple[str, ...] = AS_LANDED) -> "DataFrame":
    """Return one row of each ``key``: the last in ``order``. Rows equal in all of it are a toss-up."""
    from pyspark.sql import Window
    from pyspark.sql import functions as F

    latest_first = Window.partitionBy(*key).orderBy(*(F.col(name).desc() for name in order))
    return rows.withColumn("_nth", F.row_number().over(latest_first)).where("_nth = 1").drop("_nth")


def newest_rows(table: pa.Table, *key: str, order: tuple[str, ...] = AS_LANDED) -> pa.Table:
    """Return what ``newest`` does, of an Arrow table, in ascending order of the key."""
    by = [(name, "ascending") for name in key] + [(name, "descending") for name in order]
    table = table.sort_by(by).combine_chunks()
    first = np.zeros(len(table), bool)
    first[:1] = True
    for name in key:
        column = table[name].combine_chunks()
        first[1:] |= np.asarray(pc.not_equal(column[1:], column[:-1]))
    return table.filter(pa.array(first)).combine_chunks()
