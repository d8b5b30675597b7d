"""Ratings of implicit listening: how much a listener's plays, skips and feedback say about a track.

    rating = log1p(max(0, sum of play weights - skip_weight * sum of skip weights))

where a play or skip weighs 0.5 ** (its age in days / half_life_days). The latest like, dislike or
block overrides it: a like gives at least ``like_rating``, the others exactly ``dislike_rating``.
"""

from datetime import datetime

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

DAY_S = 86_400
# Weights are added as whole billionths: sums of whole numbers do not depend on the order of rows.
UNIT = 1_000_000_000


def rate(
    listens: DataFrame,
    feedback: DataFrame,
    *,
    end_at: datetime,
    half_life_days: float,
    skip_ms: int,
    skip_weight: float,
    like_rating: float,
    dislike_rating: float,
) -> DataFrame:
    """One row (user_id, track_id, rating, n_plays, n_skips, last_listened_at) a listener and track.

    A track known by feedback alone has no plays and a null ``last_listened_at``.
    """
    plays = affinities(
        without_excluded(listens, feedback),
        end_at=end_at,
        half_life_days=half_life_days,
        skip_ms=skip_ms,
        skip_weight=skip_weight,
    )
    rated = plays.join(verdicts(feedback), ["user_id", "track_id"], how="full")
    by_plays = F.coalesce("affinity", F.lit(0.0))
    rating = (
        F.when(F.col("liked"), F.greatest(by_plays, F.lit(like_rating)))
        .when(~F.col("liked"), F.lit(dislike_rating))
        .otherwise(by_plays)
    )
    return rated.select(
        "user_id",
        "track_id",
        rating.alias("rating"),
        F.coalesce("n_plays", F.lit(0)).cast("int").alias("n_plays"),
        F.coalesce("n_skips", F.lit(0)).cast("int").alias("n_skips"),
        "last_listened_at",
    )


def without_excluded(listens: DataFrame, feedback: DataFrame) -> DataFrame:
    """Listens but those the listener took back ("that was not me") by their listen_id or track_id.

    Feedback takes back what was played up to its time, not what is played later.
    """
    excluded = feedback.where("kind = 'exclude'").alias("given")
    taken_back = (
        (F.col("play.user_id") == F.col("given.user_id"))
        & F.col("given.target_id").isin(F.col("play.listen_id"), F.col("play.track_id"))
        & (F.col("play.listened_at") <= F.col("given.at"))
    )
    return listens.alias("play").join(excluded, taken_back, how="left_anti")


def affinities(
    listens: DataFrame, *, end_at: datetime, half_life_days: float, skip_ms: int, skip_weight: float
) -> DataFrame:
    """One row a listener and track: affinity (the rating before any feedback), counts, last time.

    A skip is a listen shorter than ``skip_ms`` that is not said to be no skip.
    """
    age_days = (F.lit(end_at).cast("double") - F.col("listened_at").cast("double")) / DAY_S
    weight = F.round(F.pow(F.lit(0.5), age_days / half_life_days) * UNIT).cast("bigint")
    skip = is_skip(skip_ms)
    listened = listens.select(
        "user_id", "track_id", "listened_at", weight.alias("w"), skip.alias("skip")
    )
    totals = listened.groupBy("user_id", "track_id").agg(
        F.sum(F.when(~F.col("skip"), F.col("w")).otherwise(0)).alias("for"),
        F.sum(F.when(F.col("skip"), F.col("w")).otherwise(0)).alias("against"),
        F.count_if(~F.col("skip")).alias("n_plays"),
        F.count_if("skip").alias("n_skips"),
        F.max("listened_at").alias("last_listened_at"),
    )
    evidence = (F.col("for") - F.col("against") * skip_weight) / UNIT
    affinity = F.log1p(F.greatest(evidence, F.lit(0.0))).alias("affinity")
    return totals.select("user_id", "track_id", affinity, "n_plays", "n_skips", "last_listened_at")


def is_skip(skip_ms: int) -> Column:
    """Whether a listen is a skip."""
    return (F.col("ms_played") < skip_ms) & F.coalesce("skipped", F.lit(True))


def verdicts(feedback: DataFrame) -> DataFrame:
    """One row a listener and track with feedback: liked, by the latest feedback; a tie is not a like."""
    feedback = feedback.where(F.col("kind").isin("like", "dislike", "block_track"))
    no = F.col("kind") != "like"
    return feedback.groupBy("user_id", F.col("target_id").alias("track_id")).agg(
        (~F.max_by(no, F.struct("at", no))).alias("liked")
    )
