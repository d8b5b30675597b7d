"""What a listener has heard, ever: the one definition of "unheard", for lists and the gate on them."""

from datetime import timedelta

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from jobs.domain.feedback import LIKE
from jobs.lake.history import feedback_landed
from jobs.lake.tables import Lake
from jobs.window import Window


def heard_known(lake: Lake, window: Window, lookback_days: int) -> DataFrame:
    """Return rows (user_id, track_id, recent): what is not new to a listener by the window's end.

    One row a listen, however long ago, only started or in private, that had landed by then, and one a
    like given by then; rows of one track repeat. ``recent``: a listen or a like of the lookback; who has
    one gets a list.
    """
    first = F.lit(window.end - timedelta(days=lookback_days))
    listens = lake.read("listens").where(F.col("landed_on") < F.lit(window.end))
    likes = feedback_landed(lake, window).where(F.col("kind") == LIKE)
    return listens.select("user_id", "track_id", (F.col("listened_on") >= first).alias("recent")).union(
        likes.select("user_id", "target_id", F.to_date("at") >= first)
    )
