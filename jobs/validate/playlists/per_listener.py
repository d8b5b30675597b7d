"""What the suites of neighbors and playlists look at: one row a listener or a pair, a fact a column.

All of a listener's facts are aggregations by ``user_id``, so that Spark moves each table once.
"""

from datetime import date

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from jobs.domain.lists import NEW_RELEASES, REDISCOVER

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
    limits: DataFrame,
) -> DataFrame:
    """Make one row a listener who listened or liked in the lookback or has a list: counts over it.

    ``playlists``: the night's lists to be discovered.
    ``kept``: the listeners whose list of an earlier night stays, by ``user_id``.
    ``heard``: see ``heard_tracks``. ``artists``: ``artist_ids`` of every track that was known.
    ``before``: such lists of the week before; ``n_again`` tracks stood in the list of the night before,
    null for who had none. ``n_left``: what the funnel's last filter left of the candidates, null without
    a funnel. ``limits``: what the listener has set, see ``jobs.lake.dials``; ``n_known`` tracks are
    there because they were heard. ``personalization``, ``n_covered`` and ``usually_covered`` (see
    ``coverage``) are the night's, the same in every row.
    """
    lists = playlists.join(artists, "track_id", how="left").groupBy("user_id").agg(*_of_list())
    left = funnel.groupBy("user_id").agg(F.max_by("n_after", "step").alias("n_left"))
    facts = lists.join(heard, "user_id", how="full").where("listened OR tracks IS NOT NULL")
    facts = facts.join(left, "user_id", how="left").join(_stays(kept), "user_id", how="left")
    facts = facts.join(night_before(playlists, before), "user_id", how="left")
    facts = facts.join(limits, "user_id", how="left")
    of_night = personalization(playlists).crossJoin(coverage(playlists, before))
    return facts.crossJoin(F.broadcast(of_night)).select(
        "user_id",
        *_counted(),
        F.size(F.array_intersect("tracks", "tracks_before")).alias("n_again"),
        "n_left", "list_length", "known_share", "personalization", "n_covered", "usually_covered",
    )  # fmt: skip


def other_lists(
    lists: DataFrame,
    heard: DataFrame,
    tracks: DataFrame,
    kept: DataFrame,
    limits: DataFrame,
    night: date,
    release_days: int,
) -> DataFrame:
    """Make one row a listener and list that is made beside the one to be discovered: counts over it.

    ``lists``: rows of ``playlists`` with the name of their list. ``tracks``: ``artist_ids`` and
    ``release_date`` of every track that was known. ``n_not_new``: releases that are not of the
    ``release_days`` days up to the night. ``heard``, ``kept``, ``limits``: see
    ``playlists_per_listener``.
    """
    # Of a month its first day, of less nothing.
    text = F.when(F.length("release_date") == len("YYYY-MM"), F.concat("release_date", F.lit("-01")))
    day = F.try_to_date(F.coalesce(text, "release_date"), "yyyy-MM-dd")
    age = F.date_diff(F.lit(night), day)
    is_new = F.coalesce((age >= 0) & (age < release_days), F.lit(False))
    rows = lists.join(tracks, "track_id", how="left").withColumn("is_new", is_new)
    old = F.count_if((F.col("playlist") == NEW_RELEASES) & ~F.col("is_new")).alias("n_not_new")
    facts = rows.groupBy("user_id", "playlist").agg(*_of_list(), old).join(heard, "user_id", how="left")
    facts = facts.join(_stays(kept), "user_id", how="left").join(limits, "user_id", how="left")
    return facts.select("user_id", "playlist", *_counted(), "n_not_new", "list_length")


def _of_list() -> list[Column]:
    """Aggregates over the rows of a list, with the ``artist_ids`` of its tracks."""
    return [
        F.count("*").alias("n_tracks"),
        F.collect_set("track_id").alias("tracks"),
        F.collect_set(F.when(F.col("strategy") != REDISCOVER, F.col("track_id"))).alias("new_tracks"),
        F.count_if(F.col("strategy") == REDISCOVER).alias("n_known"),
        F.count_if(F.col("explicit")).alias("n_explicit"),
        F.flatten(F.collect_list(F.array_distinct("artist_ids"))).alias("artists"),
        _gaps(F.lit(True)).alias("n_rank_gaps"),
        F.count_if(F.col("artist_ids").isNull()).alias("n_unknown"),
        F.count_if(~_finite("score")).alias("n_not_finite"),
        F.count_if(F.trim("reason") == "").alias("n_without_reason"),
    ]


def _counted() -> list[Column]:
    """What the suites look at, of those aggregates joined with what was heard and who is ``kept``."""
    return [
        F.coalesce("n_tracks", F.lit(0)).alias("n_tracks"),
        F.coalesce("listened", F.lit(False)).alias("listened"),
        F.coalesce("kept", F.lit(False)).alias("kept"),
        F.size("tracks").alias("n_different"),
        F.size(F.array_intersect("tracks", "heard")).alias("n_heard"),
        F.size(F.array_intersect("new_tracks", "heard")).alias("n_new_heard"),
        F.when(F.col("clean"), F.col("n_explicit")).alias("n_unwanted"),
        _most_frequent("artists").alias("n_of_one_artist"),
        *(
            F.col(name)
            for name in ("n_known", "n_rank_gaps", "n_unknown", "n_not_finite", "n_without_reason")
        ),
    ]


def _stays(kept: DataFrame) -> DataFrame:
    return F.broadcast(kept.select("user_id", F.lit(True).alias("kept")).distinct())


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
