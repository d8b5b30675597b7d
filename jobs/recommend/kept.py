"""Lists that stay: of listeners whose own upload of the night is set aside (table ``set_aside``).

Their tracks are those of their last night's list, rank by rank, with its scores, reasons and funnel.
Listeners without an earlier list are not among them.
"""

from datetime import date

import pyarrow.compute as pc
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from jobs.lake.arrow import night_rows
from jobs.lake.tables import Lake
from jobs.stage import Night


def made_anew(listeners: DataFrame, lake: Lake, night: Night) -> DataFrame:
    """Return the rows of listeners, without those whose list stays."""
    kept = _kept(lake, night)
    return listeners if kept is None else listeners.join(kept, "user_id", how="left_anti")


def with_kept(rows: DataFrame, table: str, lake: Lake, night: Night) -> DataFrame:
    """Return the night's rows of ``playlists`` or ``playlist_funnel`` with those that stay."""
    kept = _kept(lake, night)
    if kept is None:
        return rows
    # The nights by name, so that no other partition is read.
    earlier = lake.read(table).where(F.col("as_of").isin(_nights(night)))
    theirs = earlier.join(
        kept.withColumnRenamed("list_of", "as_of"), ["user_id", "as_of"], how="left_semi"
    )
    return rows.unionByName(theirs.withColumn("as_of", F.lit(night.window.as_of)))


def _nights(night: Night) -> list[date]:
    """The nights whose lists stay, for anybody."""
    aside = night_rows(night.settings, "set_aside", night.window.as_of)
    return sorted(pc.unique(aside.to_table(columns=["list_of"])["list_of"]).drop_null().to_pylist())


def _kept(lake: Lake, night: Night) -> DataFrame | None:
    """One row a listener and the night whose list stays; None, which costs Spark nothing, for nobody."""
    if not _nights(night):
        return None
    aside = lake.read("set_aside", night.window.as_of).where("list_of IS NOT NULL")
    return F.broadcast(aside.select("user_id", "list_of").distinct())
