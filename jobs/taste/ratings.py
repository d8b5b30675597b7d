"""Listens and feedback to ratings, in Spark; what they mean is said in ``jobs.domain``."""

from datetime import datetime

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from jobs.domain import columns
from jobs.domain.feedback import EXCLUDE, LIKE, NEVER, REJECTIONS, is_liked, is_taken_back
from jobs.domain.listening import decide, signals_of_columns, with_durations
from jobs.domain.ratings import rating_of_listens, weights, with_feedback
from jobs.settings import TasteSettings

# What listens count as, one column of counts each.
CENSUS = ("n_plays", "n_skips", "n_starts", "n_private", "n_taken_back")


def rate(
    listens: DataFrame,
    durations: DataFrame,
    feedback: DataFrame,
    *,
    end_at: datetime,
    taste: TasteSettings,
) -> DataFrame:
    """Return one row a listener and track: user_id, track_id, rating, first_listened_at,
    last_listened_at and the counts of ``CENSUS``.

    ``durations`` has (track_id, duration_ms), ``feedback`` one row a listener, kind and target. The
    rating is null where nothing speaks for or against the track: nothing but starts, private listens
    and what was taken back. ``first_listened_at`` and ``last_listened_at`` are of plays and skips, null
    where there are none.
    """
    heard = add_up(
        with_exclusions(with_durations(listens, durations, taste.play_ms), feedback),
        end_us=round(end_at.timestamp() * 1_000_000),
        half_life_days=taste.half_life_days,
        play_ms=taste.play_ms,
    )
    rated = heard.join(verdicts(feedback), ["user_id", "track_id"], how="full")
    played, skipped = (F.coalesce(name, F.lit(0)) for name in ("played", "skipped"))
    rating = with_feedback(
        columns,
        rating_of_listens(columns, played, skipped, taste.skip_weight),
        F.col("liked").isNotNull(),
        F.col("liked"),
        like_rating=taste.like_rating,
        dislike_rating=taste.dislike_rating,
    )
    speaks = F.col("liked").isNotNull() | F.col("last_listened_at").isNotNull()
    counts = (F.coalesce(name, F.lit(0)).cast("int").alias(name) for name in CENSUS)
    return rated.select(
        "user_id", "track_id", F.when(speaks, rating).alias("rating"), *counts,
        "first_listened_at", "last_listened_at",
    )  # fmt: skip


def add_up(listens: DataFrame, *, end_us: int, half_life_days: float, play_ms: int) -> DataFrame:
    """Return one row a listener and track: weights ``played`` and ``skipped`` at ``end_us``, the counts
    of ``CENSUS``, ``first_listened_at`` and ``last_listened_at``."""
    at = F.unix_micros("listened_at")
    taken_back = is_taken_back(at, F.col("listen_excluded_at"), F.col("track_excluded_at"))
    decision = decide(signals_of_columns(), play_ms)
    told = listens.select(
        "user_id",
        "track_id",
        "listened_at",
        weights(columns, at, end_us, half_life_days).alias("weight"),
        taken_back.alias("taken_back"),
        *(
            (~taken_back & holds).alias(name)
            for name, holds in (
                ("play", decision.play),
                ("skip", decision.skip),
                ("start", decision.start),
                ("private", decision.private),
            )
        ),
    )
    names = ("play", "skip", "start", "private", "taken_back")
    told_at = F.when(F.col("play") | F.col("skip"), F.col("listened_at"))
    return told.groupBy("user_id", "track_id").agg(
        _sum_where("play").alias("played"),
        _sum_where("skip").alias("skipped"),
        *(F.count_if(name).alias(total) for name, total in zip(names, CENSUS, strict=True)),
        F.min(told_at).alias("first_listened_at"),
        F.max(told_at).alias("last_listened_at"),
    )


def _sum_where(truth: str) -> Column:
    return F.sum(F.when(F.col(truth), F.col("weight")).otherwise(0))


def with_exclusions(listens: DataFrame, feedback: DataFrame) -> DataFrame:
    """Return listens with the instants up to which their listener took back the listen
    (``listen_excluded_at``) and the track (``track_excluded_at``); ``NEVER`` if not."""
    excluded = feedback.where(F.col("kind") == EXCLUDE)
    latest = excluded.groupBy("user_id", "target_id").agg(F.max(F.unix_micros("at")).alias("at"))
    for target in ("listen", "track"):
        column = f"{target}_excluded_at"
        by_target = latest.select(
            "user_id", F.col("target_id").alias(f"{target}_id"), F.col("at").alias(column)
        )
        joined = listens.join(by_target, ["user_id", f"{target}_id"], how="left")
        listens = joined.withColumn(column, F.coalesce(column, F.lit(NEVER)))
    return listens


def verdicts(feedback: DataFrame) -> DataFrame:
    """Return one row a listener and track that has a like or a rejection: whether it is ``liked``."""
    given = feedback.where(F.col("kind").isin(LIKE, *REJECTIONS))
    like = F.col("kind") == LIKE
    return given.groupBy("user_id", F.col("target_id").alias("track_id")).agg(
        is_liked(_latest(like), _latest(~like)).alias("liked")
    )


def _latest(kind: Column) -> Column:
    return F.coalesce(F.max(F.when(kind, F.unix_micros("at"))), F.lit(NEVER))
