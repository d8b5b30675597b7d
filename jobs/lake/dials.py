"""What listeners had set about their own lists by a night."""

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from expectations.feedback import DIALS
from jobs.domain.dials import EXPLICIT, KNOWN_SHARE, LENGTH, NO
from jobs.domain.landed import AS_LANDED, newest
from jobs.lake.history import feedback_landed
from jobs.lake.tables import Lake
from jobs.window import Window


def dials_landed(lake: Lake, window: Window) -> DataFrame:
    """Return rows (user_id, dial, value), one a listener and dial: the latest that had landed by the
    window's end; of one instant the last landed, then the last by value."""
    words = feedback_landed(lake, window).where(F.col("kind").isin(*DIALS))
    latest = newest(words, "user_id", "kind", order=("at", *AS_LANDED, "target_id"))
    return latest.select("user_id", F.col("kind").alias("dial"), F.col("target_id").alias("value"))


def limits_of(dials: DataFrame) -> DataFrame:
    """Return rows (user_id, list_length, known_share, clean): what a gate holds lists to; null where the
    listener has not set it, ``clean`` where they want nothing explicit. ``dials``: see
    ``dials_landed``."""

    def value(dial: str) -> Column:
        return F.max(F.when(F.col("dial") == dial, F.col("value")))

    return dials.groupBy("user_id").agg(
        value(LENGTH).cast("int").alias("list_length"),
        value(KNOWN_SHARE).cast("double").alias("known_share"),
        (value(EXPLICIT) == NO).alias("clean"),
    )
