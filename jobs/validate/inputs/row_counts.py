"""Count the night's landed rows by the rule that they break."""

from collections.abc import Sequence

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from expectations.listens import FITS_TRACK
from expectations.rules import RowRule, first_broken
from jobs.window import Window


def landed_by_end(rows: DataFrame, window: Window) -> DataFrame:
    """Rows that had landed by the window's end."""
    return rows.where(F.col("landed_on") < F.lit(window.end))


def landed_in_window(rows: DataFrame, window: Window) -> DataFrame:
    """Rows that landed in the window."""
    return rows.where(F.col("landed_on").between(F.lit(window.start), F.lit(window.as_of)))


def rule_counts(rows: DataFrame, rules: Sequence[RowRule], *marks: str) -> DataFrame:
    """Return ``n_rows`` by ``broken_rule``, the first of the rules that rows break (null: they keep
    all), and by their marks: so few rows that the expectations on them cost nothing. ``in_file`` is the
    first file that has such rows, where they break a rule."""
    judged = rows.withColumn("broken_rule", F.expr(first_broken(rules)))
    in_file = F.min(F.when(F.col("broken_rule").isNotNull(), F.col("landing_file")))
    return judged.groupBy("broken_rule", *marks).agg(
        F.count("*").alias("n_rows"), in_file.alias("in_file")
    )


def listen_counts(
    listens: DataFrame, tracks: DataFrame, features: DataFrame, rules: Sequence[RowRule]
) -> DataFrame:
    """Counts of listens by the rule that they break, and by ``known_track`` and ``has_features``:
    whether ``tracks`` and ``features`` have any row of their track; and by ``fits_track``: whether it
    is as long as they say, null if that is not known."""
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
    marked = marked.na.fill({"known_track": False, "has_features": False})
    marked = marked.withColumn("fits_track", F.expr(FITS_TRACK))
    return rule_counts(marked, rules, "known_track", "has_features", "fits_track")
