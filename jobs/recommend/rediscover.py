"""The list ``rediscover``: what a listener loved, and has not heard for longer than is usual for it.

When a track is due again follows from the gaps between its plays: who played it every three days misses
it sooner than who played it once a month.
"""

from datetime import date

import numpy as np
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from jobs.domain.arrays import Ints, Mask
from jobs.recommend.listeners import Listener

# Loved: played so often, skips taken away; or liked.
LOVED_PLAYS = 3.0
# Due: not heard for so many times the mean gap between its plays.
GAPS = 2.0
# Of each due track, in this order: all plays; less skips; the day of the last listen (days since 1970);
# the mean gap in days, 0 of one listen.
FACTS = ("n_plays", "n_net", "last_day", "gap_days")


def due_tracks(
    ratings: DataFrame, as_of: date, *, days: int, skip_weight: float, like_rating: float
) -> DataFrame:
    """Return rows (user_id, track_id, facts) of what is due again on a night; ``facts`` in the order of
    ``FACTS``.

    ``ratings`` of the night. A track is due if it is loved and was last heard at least ``days`` days
    ago, and ``GAPS`` times its mean gap: (last listen - first) / (listens - 1).
    """
    last, first = F.to_date("last_listened_at"), F.to_date("first_listened_at")
    n_net = F.col("n_plays") - skip_weight * F.col("n_skips")
    n_gaps = F.col("n_plays") + F.col("n_skips") - 1
    gap = F.when(n_gaps > 0, F.date_diff(last, first) / n_gaps).otherwise(0.0)
    loved = (n_net >= LOVED_PLAYS) | (F.col("rating") >= like_rating)
    facts = F.array(*(one.cast("double") for one in (F.col("n_plays"), n_net, F.unix_date(last), gap)))
    since = F.date_diff(F.lit(as_of), last)
    due = loved & (F.col("n_plays") > 0) & (since >= F.greatest(F.lit(float(days)), gap * GAPS))
    return ratings.where(due).select("user_id", "track_id", facts.alias("facts"))


def order_of_due(listener: Listener, welcome: Mask) -> Ints:
    """Return the positions of what is due, what they played most first, ties by the longest unheard,
    then by id; without what was offered so on the last nights, or is not ``welcome``, bool[n_tracks]."""
    n_net, last_day = listener.due_facts[:, 1], listener.due_facts[:, 2]
    ordered = listener.due[np.lexsort((listener.due, last_day, -n_net))]
    return ordered[welcome[ordered] & ~np.isin(ordered, listener.rediscovered)]


def order_of_known(listener: Listener, welcome: Mask) -> Ints:
    """Return the positions of known tracks for a list to be discovered: what is due, then what they
    like; what stood on such a list lately last."""
    order = [order_of_due(listener, welcome), order_of_liked(listener, welcome)]
    known = np.concatenate(order)
    rests = np.isin(known, listener.offered)
    return np.concatenate([known[~rests], known[rests]])


def order_of_liked(listener: Listener, welcome: Mask) -> Ints:
    """Return the positions of all that they rate above 0, for who has nothing left to discover: what was
    offered so on the last nights last, then the highest rating first, ties by id."""
    wanted = (listener.ratings > 0) & welcome[listener.rated]
    liked, ratings = listener.rated[wanted], listener.ratings[wanted]
    rests = np.isin(liked, listener.rediscovered)
    return liked[np.lexsort((liked, -ratings, rests))]
