"""How much of a listener's list explores: learnt from what became of the tracks of earlier lists.

Exploring and exploiting are two arms (``models.exploration.shares``). A track was tried if a listen of
it says that it was played from the list, and liked if they played it and did not reject it. What a
listener found by themselves is no try: people find what is sure, and exploring would lose by never being
met. A list of n nights ago counts 0.5 ** (n / HALF_LIFE). Counts are whole numbers until they are
weighed, in one order, so that the same nights give the same shares to the last bit.
"""

from dataclasses import dataclass
from datetime import date

import numpy as np
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from jobs.domain.arrays import Floats
from jobs.domain.lists import EXPLOIT, EXPLORE, NEIGHBORS
from jobs.domain.responses import LIKED, NOT_REACHED, PLAYED, REPEATED, STARTED
from models.exploration.shares import (
    EXPLOITED,
    EXPLORED,
    HALF_LIFE,
    Tries,
    explore_shares,
    posterior_among,
    uniforms_of,
)

# As many as a list has slots by default: Thompson's rule gives each to the arm whose draw is the better.
N_DRAWS = 30
# Segments of listeners by how many tracks they have rated: up to the first, up to the second, more.
SEGMENT_BOUNDS = (20, 100)
COUNTS = ("explored_tried", "explored_liked", "exploited_tried", "exploited_liked")
# Rows of ``tries_of``, and of ``explored_of``.
TRIES = "user_id string, age int, counts array<double>"
EXPLORED_TRACKS = "user_id string, track_id string, age int, liked double"


def tries_of(responses: DataFrame, as_of: date) -> DataFrame:
    """Return rows (user_id, age, counts) of the responses to earlier lists: ``age`` of the list in
    nights, ``counts`` in the order of ``COUNTS``."""
    arms = (F.col("strategy") == EXPLORE, F.col("strategy").isin(EXPLOIT, NEIGHBORS))
    counts = [count for arm in arms for count in (F.count_if(arm), F.count_if(arm & _liked()))]
    return (
        _tried(responses, as_of)
        .groupBy("user_id", "age")
        .agg(F.array(*(count.cast("double") for count in counts)).alias("counts"))
    )


def explored_of(responses: DataFrame, as_of: date) -> DataFrame:
    """Return rows (user_id, track_id, age, liked) of the explored tracks that were tried: ``age`` of the
    list in nights, ``liked`` 1 or 0."""
    explored = _tried(responses, as_of).where(F.col("strategy") == EXPLORE)
    return explored.select("user_id", "track_id", "age", _liked().cast("double").alias("liked"))


def _tried(responses: DataFrame, as_of: date) -> DataFrame:
    tried = responses.where((F.col("n_from_list") > 0) & ~F.col("outcome").isin(NOT_REACHED, STARTED))
    return tried.withColumn("age", F.date_diff(F.lit(as_of), "as_of"))


def _liked() -> Column:
    return F.col("outcome").isin(PLAYED, REPEATED, LIKED)


def by_segment(tries: DataFrame, ratings: DataFrame) -> Floats:
    """Return the weighed counts of each segment, float64[n_segments, 4]; ``ratings`` of the night."""
    rated = ratings.groupBy("user_id").agg(F.count("*").alias("n_rated"))
    number = _segment(F.coalesce("n_rated", F.lit(0)))
    sums = (
        tries.join(rated, "user_id", how="left")
        .groupBy(number.alias("segment"), "age")
        .agg(F.array(*(F.sum(F.col("counts")[at]) for at in range(len(COUNTS)))).alias("counts"))
        .orderBy("segment", "age")
    )
    found = np.zeros((len(SEGMENT_BOUNDS) + 1, len(COUNTS)))
    for row in sums.collect():
        found[row.segment] += weighed(np.array([row.age]), np.array(row.counts, float))
    return found


def _segment(n_rated: Column) -> Column:
    first, *others = ((n_rated > bound).cast("int") for bound in SEGMENT_BOUNDS)
    return sum(others, first)


def segment_of(n_rated: int) -> int:
    """Return the number of a listener's segment."""
    return int(np.searchsorted(SEGMENT_BOUNDS, n_rated))


def weights_of(ages: Floats) -> Floats:
    """Return what lists of so many nights ago count."""
    return np.asarray(0.5 ** (ages / HALF_LIFE))


def weighed(ages: Floats, counts: Floats) -> Floats:
    """Return the sums of ``COUNTS``, float64[4], of lists of these ages, each by its weight; ``counts``
    are a row a list, end to end."""
    return np.asarray(weights_of(ages) @ counts.reshape(-1, len(COUNTS)))


@dataclass(frozen=True)
class ExploreShares:
    """Shares of lists that explore, from ``floor`` to ``ceiling``; ``segments`` as ``by_segment``."""

    floor: float
    ceiling: float
    segments: Floats

    def share(self, user_id: str, n_rated: int, own: Floats, seed: int, night: date) -> float:
        """Draw a listener's share of the night, given their ``own`` weighed ``COUNTS``."""
        others = np.maximum(self.segments[segment_of(n_rated)] - own, 0.0)
        explored, exploited = (
            posterior_among(_arm(others, at), _arm(own, at), prior)
            for at, prior in ((0, EXPLORED), (2, EXPLOITED))
        )
        uniforms = uniforms_of(seed, night, [user_id], N_DRAWS)
        return float(explore_shares(explored, exploited, uniforms, self.floor, self.ceiling)[0])


def _arm(counts: Floats, at: int) -> Tries:
    return Tries(tried=counts[[at]], liked=counts[[at + 1]])
