"""What the suites of neighbors and playlists look at: one row a listener, every fact a column."""

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

BANDS = ("most_similar", "similar", "dissimilar")
# Both sides of a pair come from the same sums; more than the last bits apart is another computation.
TOLERANCE = 1e-9


def neighbor_facts(neighbors: DataFrame, listeners: DataFrame) -> DataFrame:
    """One row a listener of either table: counts over their neighbors of the night.

    ``n_rank_gaps``: ranks missing or repeated, counted from 1 over the two similar bands and again
    among the dissimilar. ``n_asymmetric``: neighbors that list the listener too, with
    another coefficient. Without neighbors ``n_neighbors`` is 0 and the other facts are null.
    """
    similar = F.col("band") != "dissimilar"
    facts = (
        _with_mirror(neighbors)
        .groupBy("user_id")
        .agg(
            F.count("*").alias("n_neighbors"),
            F.size(F.collect_set("neighbor_id")).alias("n_different"),
            F.count_if(F.col("neighbor_id") == F.col("user_id")).alias("n_self"),
            F.count_if(~_between("pearson", -1, 1)).alias("n_no_correlation"),
            F.count_if(~_finite("similarity")).alias("n_not_finite"),
            F.min("n_common").alias("least_common"),
            F.count_if(similar).alias("n_similar"),
            F.count_if(F.col("band") == "dissimilar").alias("n_dissimilar"),
            F.count_if(~F.col("band").isin(*BANDS)).alias("n_unknown_bands"),
            (_gaps(similar) + _gaps(~similar)).alias("n_rank_gaps"),
            F.count_if(
                _finite("pearson") & (F.abs(F.col("pearson") - F.col("mirror")) > TOLERANCE)
            ).alias("n_asymmetric"),
        )
    )
    everyone = listeners.select("user_id").distinct()
    return everyone.join(facts, "user_id", how="full").na.fill(0, ["n_neighbors"])


def _with_mirror(neighbors: DataFrame) -> DataFrame:
    """With the coefficient that the other listener sees, or the own one if they do not list this one."""
    seen = neighbors.groupBy(
        F.col("neighbor_id").alias("user_id"), F.col("user_id").alias("neighbor_id")
    ).agg(F.first("pearson").alias("mirror"))
    rows = neighbors.join(seen, ["user_id", "neighbor_id"], how="left")
    return rows.withColumn("mirror", F.coalesce("mirror", "pearson"))


def playlist_facts(
    playlists: DataFrame, listens: DataFrame, tracks: DataFrame, funnel: DataFrame
) -> DataFrame:
    """One row a listener of either table: counts over their list of the night.

    ``listens``: all plays that were known. ``tracks``: the catalog that was known. ``n_left``: what
    the funnel's last filter left of the candidates, null without a funnel. ``personalization`` is the
    night's, the same in every row.
    """
    listeners = listens.select("user_id").distinct().withColumn("listened", F.lit(True))
    filters = funnel.groupBy("user_id").agg(F.max_by("n_after", "step").alias("n_left"))
    facts = (
        _list_facts(playlists, listens, tracks)
        .join(_artist_facts(playlists, tracks), "user_id", how="left")
        .join(listeners, "user_id", how="full")
        .join(filters, "user_id", how="left")
        .crossJoin(F.broadcast(personalization(playlists)))
    )
    return facts.na.fill({"listened": False}).na.fill(0, ["n_tracks"])


def _list_facts(playlists: DataFrame, listens: DataFrame, tracks: DataFrame) -> DataFrame:
    pair = ["user_id", "track_id"]
    heard = listens.join(playlists.select(*pair), pair, how="inner").select(*pair).distinct()
    known = tracks.select("track_id", F.lit(True).alias("known"))
    rows = playlists.join(heard.withColumn("heard", F.lit(True)), pair, how="left")
    return (
        rows.join(known, "track_id", how="left")
        .groupBy("user_id")
        .agg(
            F.count("*").alias("n_tracks"),
            F.size(F.collect_set("track_id")).alias("n_different"),
            _gaps(F.lit(True)).alias("n_rank_gaps"),
            F.count("heard").alias("n_heard"),
            F.count_if(F.col("known").isNull()).alias("n_unknown"),
            F.count_if(~_finite("score")).alias("n_not_finite"),
            F.count_if(F.trim("reason") == "").alias("n_without_reason"),
        )
    )


def _artist_facts(playlists: DataFrame, tracks: DataFrame) -> DataFrame:
    artists = tracks.select("track_id", F.explode(F.array_distinct("artist_ids")).alias("artist_id"))
    by_artist = playlists.join(artists, "track_id", how="inner").groupBy("user_id", "artist_id").count()
    return by_artist.groupBy("user_id").agg(F.max("count").alias("n_of_one_artist"))


def personalization(playlists: DataFrame) -> DataFrame:
    """One row: 1 - the mean over pairs of lists of their tracks in common / the longest list; null
    with fewer than two lists.

    A track in c of n lists is common to c (c - 1) / 2 of the n (n - 1) / 2 pairs.
    """
    lists = playlists.groupBy("user_id").agg(F.count("*").alias("n_tracks"))
    lists = lists.agg(F.count("*").alias("n"), F.max("n_tracks").alias("longest"))
    count = F.col("count")
    common = playlists.groupBy("track_id").count().agg(F.sum(count * (count - 1)).alias("common"))
    overlap = F.try_divide("common", F.col("n") * (F.col("n") - 1) * F.col("longest"))
    return lists.crossJoin(common).select((1 - overlap).alias("personalization"))


def _gaps(where: Column) -> Column:
    """Ranks missing, repeated or below 1 among the rows where it holds."""
    rank = F.when(where, F.col("rank"))
    n, n_different = F.count(rank), F.size(F.collect_set(rank))
    below = (F.min(rank) < 1).cast("int")
    return F.coalesce(F.abs(F.max(rank) - n_different) + (n - n_different) + below, F.lit(0))


def _between(column: str, low: float, high: float) -> Column:
    return F.coalesce(_finite(column) & F.col(column).between(low, high), F.lit(False))


def _finite(column: str) -> Column:
    """Neither null, NaN nor infinite."""
    return F.coalesce(F.abs(column) < float("inf"), F.lit(False))
