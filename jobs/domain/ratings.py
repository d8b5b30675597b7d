"""Ratings of implicit listening: how much a listener's plays, skips and feedback say about a track.

    rating = log1p(max(0, sum of weights of plays - skip_weight * sum of weights of skips))

where a listen weighs 0.5 ** (its age in days / half_life_days). The latest like or rejection overrides
it: a like gives at least ``like_rating``, a rejection exactly ``dislike_rating``.

The logarithm of counts is the usual damping of repeated plays (Hu, Koren and Volinsky, 2008, name it for
confidence). Written once over ``xp``: numpy, or ``jobs.domain.columns`` for Spark.
"""

from typing import Any

DAY_US = 86_400_000_000
# Weights are added as whole billionths: sums of whole numbers do not depend on the order of rows.
UNIT = 1_000_000_000

Values = Any


def weights(xp: Any, listened_at: Values, end_at: int, half_life_days: float) -> Values:
    """Return the weight at ``end_at`` of listens of these instants (microseconds), in billionths."""
    age_days = (end_at - listened_at) / DAY_US
    return xp.floor(xp.power(0.5, age_days / half_life_days) * UNIT + 0.5)


def rating_of_listens(xp: Any, played: Values, skipped: Values, skip_weight: float) -> Values:
    """Return the rating before any feedback, of the summed weights of plays and of skips."""
    return xp.log1p(xp.maximum((played - skipped * skip_weight) / UNIT, 0.0))


def with_feedback(
    xp: Any, rating: Values, given: Values, liked: Values, *, like_rating: float, dislike_rating: float
) -> Values:
    """Return the rating after feedback: where it was ``given``, and whether it is ``liked``."""
    return xp.where(given, xp.where(liked, xp.maximum(rating, like_rating), dislike_rating), rating)
