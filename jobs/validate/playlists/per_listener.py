"""What the suites of neighbors and playlists look at: one row a listener or a pair, a fact a column.

All of a listener's facts are aggregations by ``user_id``, so that Spark moves each table once.
"""

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

# A median of two nights is no custom.
MIN_NIGHTS = 3
BANDS = ("most_similar", "similar", "dissimilar")


def heard_tracks(heard: DataFrame) -> DataFrame:
    """Make one row a listener: ``heard``, the set of tracks that are not new to them, and ``listened``,
    whether they listened to or liked any in the lookback. ``heard``: see ``jobs.lake.heard``."""
    return heard.groupBy("user_id").agg(
        F.collect_set("track_id").alias("heard"), F.bool_or("recent").alias("listened")
    )


def neighbors_per_listener(neighbors: DataFrame, listeners: DataFrame) -> DataFrame:
    """Return one row a listener of either table: counts over their neighbors of the night.

    ``n_rank_gaps``: ranks missing or repeated, counted from 1 over the two similar bands and again
    among the dissimilar. Without neighbors ``n_neighbors`` is 0 and the other facts are null.
    """
    dissimilar = F.col("band") == "dissimilar"
    facts = neighbors.groupBy("user_id").agg(
        F.count("*").alias("n_neighbors"),
        F.size(F.collect_set("neighbor_id")).alias("n_different"),
        F.count_if(F.col("neighbor_id") == F.col("user_id")).alias("n_self"),
        F.count_if(~(_finite("pearson") & F.col("pearson").between(-1, 1))).alias("n_no_correlation"),
        F.count_if(~_finite("similarity")).alias("n_not_finite"),
        F.min("n_common").alias("least_common"),
        F.count_if(~dissimilar).alias("n_similar"),
        F.count_if(dissimilar).alias("n_dissimilar"),
        F.count_if(~F.col("band").isin(*BANDS)).alias("n_unknown_bands"),
        (_gaps(~dissimilar) + _gaps(dissimilar)).alias("n_rank_gaps"),
    )
    everyone = listeners.select("user_id")
    return everyone.join(facts, "user_id", how="full").na.fill(0, ["n_neighbors"])


def differences_per_pair(neighbors: DataFrame) -> DataFrame:
    """Return one row a pair of listeners: by how much their two views of it differ, 0 if there is
    one."""
    first, second = F.least("user_id", "neighbor_id"), F.greatest("user_id", "neighbor_id")
    spread = (F.max(name) - F.min(name) for name in ("pearson", "n_common"))
    return neighbors.groupBy(first.alias("first_id"), second.alias("second_id")).agg(
        *(column.alias(name) for column, name in zip(spread, ("pearson", "n_common"), strict=True))
    )


def playlists_per_listener(
    playlists: DataFrame,
    heard: DataFrame,
    artists: DataFrame,
    funnel: DataFrame,
    kept: DataFrame,
    before: DataFrame,
) -> DataFrame:
    """Make one row a listener who listened or liked in the lookback or has a list: counts over it.

    ``kept``: the listeners whose list of an earlier night stays, by ``user_id``.
    ``heard``: see ``heard_tracks``. ``artists``: ``artist_ids`` of every track that was known.
    ``before``: playlists of the week before; ``n_again`` tracks stood in the list of the night before,
    null for who had none. ``n_left``: what the funnel's last filter left of the candidates, null without
    a funnel. ``personalization``, ``n_covered`` and ``usually_covered`` (see ``coverage``) are the
    night's, the same in every row.
    """
    rows = playlists.join(artists, "track_id", how="left")
    lists = rows.groupBy("user_id").agg(
        F.count("*").alias("n_tracks"),
        F.collect_set("track_id").alias("tracks"),
        F.flatten(F.collect_list(F.array_distinct("artist_ids"))).alias("artists"),
        _gaps(F.lit(True)).alias("n_rank_gaps"),
        F.count_if(F.col("artist_ids").isNull()).alias("n_unknown"),
        F.count_if(~_finite("score")).alias("n_not_finite"),
        F.count_if(F.trim("reason") == "").alias("n_without_reason"),
    )
    left = funnel.groupBy("user_id").agg(F.max_by("n_after", "step").alias("n_left"))
    facts = lists.join(heard, "user_id", how="full").where("listened OR tracks IS NOT NULL")
    stays = F.broadcast(kept.select("user_id", F.lit(True).alias("kept")).distinct())
    facts = facts.join(left, "user_id", how="left").join(stays, "user_id", how="left")
    facts = facts.join(night_before(playlists, before), "user_id", how="left")
    of_night = personalization(playlists).crossJoin(coverage(playlists, before))
    return facts.crossJoin(F.broadcast(of_night)).select(
        "user_id",
        F.coalesce("n_tracks", F.lit(0)).alias("n_tracks"),
        F.coalesce("listened", F.lit(False)).alias("listened"),
        F.coalesce("kept", F.lit(False)).alias("kept"),
        F.size("tracks").alias("n_different"),
        F.size(F.array_intersect("tracks", "heard")).alias("n_heard"),
        _most_frequent("artists").alias("n_of_one_artist"),
        F.size(F.array_intersect("tracks", "tracks_before")).alias("n_again"),
        "n_rank_gaps", "n_unknown", "n_not_finite", "n_without_reason", "n_left", "personalization",
        "n_covered", "usually_covered",
    )  # fmt: skip


def night_before(playlists: DataFrame, before: DataFrame) -> DataFrame:
    """Return one row a listener with a list of the night before: ``tracks_before``, the set of its
    tracks."""
    tonight = F.broadcast(playlists.agg(F.max("as_of").alias("tonight")))
    yesterday = before.crossJoin(tonight).where(F.date_add("as_of", 1) == F.col("tonight"))
    return yesterday.groupBy("user_id").agg(F.collect_set("track_id").alias("tracks_before"))


def coverage(playlists: DataFrame, before: DataFrame) -> DataFrame:
    """Return one row: ``n_covered``, how many tracks stand in any list, and ``usually_covered``, the
    median of the nights before; null of fewer than ``MIN_NIGHTS``."""
    n_tracks = F.count_distinct("track_id").alias("n")
    nights = (
        before.groupBy("as_of")
        .agg(n_tracks)
        .agg(F.when(F.count("*") >= MIN_NIGHTS, F.median("n")).alias("usually_covered"))
    )
    return playlists.agg(n_tracks.alias("n_covered")).crossJoin(nights)


def personalization(playlists: DataFrame) -> DataFrame:
    """Return one row: 1 - the mean over pairs of lists of their tracks in common / the longest list;
    null with fewer than two lists.

    A track in c of n lists is common to c (c - 1) / 2 of the n (n - 1) / 2 pairs.
    """
    by_track = playlists.groupBy("track_id").agg(
        F.count("*").alias("c"),
        F.count_if(F.col("rank") == 1).alias("n"),
        F.max("rank").alias("longest"),
    )
    c, n = F.col("c"), F.sum("n")
    overlap = F.try_divide(F.sum(c * (c - 1)), n * (n - 1) * F.max("longest"))
    return by_track.agg((1 - overlap).alias("personalization"))


def _most_frequent(names: str) -> Column:
    """How often the commonest value occurs in the array; null if there is none."""
    return F.array_max(
        F.transform(
            F.array_distinct(names), lambda name: F.size(F.filter(names, lambda other: other == name))
        )
    )


def _gaps(where: Column) -> Column:
    """Ranks missing, repeated or below 1 among the rows where it holds."""
    rank = F.when(where, F.col("rank"))
    n, n_different = F.count(rank), F.size(F.collect_set(rank))
    below = (F.min(rank) < 1).cast("int")
    return F.coalesce(F.abs(F.max(rank) - n_different) + (n - n_different) + below, F.lit(0))


def _finite(column: str) -> Column:
    """Neither null, NaN nor infinite."""
    return F.coalesce(F.abs(column) < float("inf"), F.lit(False))
