"""Which listens a list caused: table ``origins``, beside the plays that landed and never in them.

A listen is *recommended* if it was played from our list, as its playlist_id says, or if its track
stood in the listener's list of one of the nights before; any other is *organic*.
"""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from jobs.lake.responses import list_said, lists_of
from jobs.lake.tables import Lake
from jobs.window import DAY, Window

KEY = ("listened_on", "listen_id", "user_id", "track_id")
RECOMMENDED, ORGANIC = "recommended", "organic"


def with_origin(listens: DataFrame, origins: DataFrame) -> DataFrame:
    """Return listens with ``origin``: recommended where table ``origins`` has them, else organic."""
    caused = origins.select("listened_on", "listen_id", F.lit(RECOMMENDED).alias("origin"))
    joined = listens.join(caused, ["listened_on", "listen_id"], how="left")
    return joined.withColumn("origin", F.coalesce("origin", F.lit(ORGANIC)))


def keep_origins(lake: Lake, window: Window, nights: int, days: int) -> None:
    """Replace the days of table ``origins`` that the night's landing and its lists may change.

    A listen that landed more than ``nights`` - ``days`` nights late stays organic.
    """
    late = nights - days
    heard = Window(window.start - late * DAY, window.end + days * DAY)
    listens = lake.read("listens").where(
        (F.col("listened_on") >= F.lit(heard.start))
        & (F.col("listened_on") < F.lit(heard.end))
        & (F.col("landed_on") <= F.date_add("listened_on", late))
    )
    lists = lists_of(lake, Window(heard.start - days * DAY, heard.end))
    where = f"listened_on >= DATE'{heard.start}' AND listened_on < DATE'{heard.end}'"
    lake.replace(recommended(listens, lists, days), "origins", where)


def recommended(listens: DataFrame, lists: DataFrame, days: int) -> DataFrame:
    """Return one row a recommended listen: ``KEY``, ``told_by`` (playlist_id, or track) and ``list_of``,
    the night of the list: what the playlist_id says, else the latest of the ``days`` nights before."""
    of_track = listens.join(lists.select("user_id", "track_id", "as_of"), ["user_id", "track_id"])
    recent = of_track.where(F.date_sub("listened_on", days) <= F.col("as_of"))
    # Of both, the playlist_id: it is no guess.
    found = recent.select(*KEY, F.lit(False).alias("is_said"), "as_of").union(
        listens.select(*KEY, F.lit(True), list_said().alias("as_of"))
    )
    best = (
        found.where("as_of < listened_on")
        .groupBy(*KEY)
        .agg(F.max(F.struct("is_said", "as_of")).alias("list"))
    )
    told_by = F.when(F.col("list.is_said"), "playlist_id").otherwise("track")
    return best.select(*KEY, told_by.alias("told_by"), F.col("list.as_of").alias("list_of"))
