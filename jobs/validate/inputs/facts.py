"""What the suites of the night's landed rows look at."""

from collections.abc import Sequence

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from expectations.rules import Rule, first_broken
from jobs.window import Window


def known(rows: DataFrame, window: Window) -> DataFrame:
    """Rows that had landed by the window's end."""
    return rows.where(F.col("landed_on") < F.lit(window.end))


def landed(rows: DataFrame, window: Window) -> DataFrame:
    """Rows that landed in the window."""
    return rows.where(F.col("landed_on").between(F.lit(window.start), F.lit(window.as_of)))


def with_broken_rule(rows: DataFrame, rules: Sequence[Rule]) -> DataFrame:
    """Rows with ``broken_rule``, the first of the rules that they break: null where they keep all."""
    return rows.withColumn("broken_rule", F.expr(first_broken(rules)))


def with_catalog(listens: DataFrame, tracks: DataFrame, features: DataFrame) -> DataFrame:
    """Listens with ``known_track`` and ``has_features``: whether ``tracks`` and ``features`` have any
    row of their track; and its ``duration_ms``, the longest that landed, null if it is unknown."""
    named = tracks.select("track_id", "duration_ms", F.lit(False).alias("has_features"))
    heard = features.select(
        "track_id", F.lit(None).alias("duration_ms"), F.lit(True).alias("has_features")
    )
    catalog = named.unionByName(heard).groupBy("track_id").agg(
        F.max("duration_ms").alias("duration_ms"),
        F.max("duration_ms").isNotNull().alias("known_track"),
        F.bool_or("has_features").alias("has_features"),
    )  # fmt: skip
    marked = listens.join(catalog, "track_id", how="left")
    return marked.na.fill({"known_track": False, "has_features": False})
