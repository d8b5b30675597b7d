"""What was known at the end of a night: the bounded past that as-of stages read.

A night sees what landed up to its last day and nothing later, so it can be rebuilt at any time and
gives the same rows.
"""

from datetime import timedelta

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from expectations.audio_features import UNDETECTED
from jobs.domain.durations import newest_durations, told_durations
from jobs.domain.landed import AS_LANDED, newest
from jobs.lake.tables import Lake
from jobs.window import Window


def listens_known(lake: Lake, window: Window, lookback_days: int) -> DataFrame:
    """Return listens of the last ``lookback_days`` days before the window's end, landed by then."""
    first = window.end - timedelta(days=lookback_days)
    return lake.read("listens").where(
        (F.col("listened_on") >= F.lit(first))
        & (F.col("listened_on") < F.lit(window.end))
        & _landed(window)
    )


def tracks_known(lake: Lake, window: Window) -> DataFrame:
    """Return one row a track, as last landed by the window's end; ``first_seen_on`` is its first
    landing."""
    history = lake.read("tracks_history").where(_landed(window))
    first = history.groupBy("track_id").agg(F.min("landed_on").alias("first_seen_on"))
    return newest(history, "track_id").join(first, "track_id", how="inner")


def features_known(lake: Lake, window: Window) -> DataFrame:
    """Return one row a track: its 13 features as last landed by the window's end, null where not
    detected."""
    history = lake.read("audio_features_history").where(_landed(window))
    # Tables of before hold what was not detected as a number.
    detected = {name: F.nullif(name, F.lit(word)) for name, word in UNDETECTED.items()}
    return newest(history, "track_id").withColumns(detected)


def durations_known(lake: Lake, window: Window) -> DataFrame:
    """Return one row (track_id, duration_ms) a track whose duration was known by the window's end."""
    return newest_durations(*_histories_of_durations(lake, window))


def durations_landed(lake: Lake, window: Window) -> DataFrame:
    """Return every duration that had landed by the window's end: see ``told_durations``."""
    return told_durations(*_histories_of_durations(lake, window))


def feedback_landed(lake: Lake, window: Window) -> DataFrame:
    """Return all feedback as given, landed by the window's end."""
    return lake.read("feedback_history").where(_landed(window))


def feedback_known(lake: Lake, window: Window) -> DataFrame:
    """Return one row a listener, kind and target: the latest feedback landed by the window's end."""
    history = feedback_landed(lake, window)
    return newest(history, "user_id", "kind", "target_id", order=("at", *AS_LANDED))


def _histories_of_durations(lake: Lake, window: Window) -> list[DataFrame]:
    names = ("tracks_history", "audio_features_history")
    return [lake.read(name).where(_landed(window)) for name in names]


def _landed(window: Window) -> Column:
    return F.col("landed_on") < F.lit(window.end)
