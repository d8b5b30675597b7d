"""The stage: the night's tastes, neighbors and model to a playlist for each listener."""

from collections.abc import Iterable
from datetime import timedelta

import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from jobs.domain.lists import DISCOVER, IS_DISCOVER, LIST_OF_ROW, NEW_RELEASES
from jobs.errors import NoInputError
from jobs.lake.dials import dials_landed
from jobs.lake.heard import heard_known
from jobs.lake.history import feedback_landed
from jobs.lake.responses import any_from_lists, responses_known
from jobs.lake.session import open_session
from jobs.lake.tables import Lake
from jobs.receipts import lists_made
from jobs.recommend.candidates import Model
from jobs.recommend.explore_share import (
    EXPLORED_TRACKS,
    TRIES,
    ExploreShares,
    by_segment,
    explored_of,
    tries_of,
)
from jobs.recommend.kept import made_anew, with_kept
from jobs.recommend.listeners import collect_facts, read_rating_matrix
from jobs.recommend.playlists import PLAYLIST_DDL, PlaylistBuilder, PlaylistRules
from jobs.recommend.rediscover import due_tracks
from jobs.recommend.tracks import read_tracks
from jobs.stage import Night
from models.content_network.scoring import ContentScorer
from models.registry import Registry


def recommend(night: Night) -> None:
    """Replace the night's playlists_staged and playlist_funnel; NoInputError without a catalog.

    Nobody reads what is staged but the gate, which makes it public as ``playlists``.
    """
    lake = Lake(open_session(night.settings, "recommend"), night.settings)
    builder, listeners = prepare(lake, night)
    lists = build_playlists(listeners, builder).persist()
    n_listeners, n_tracks, n_short = write(lake, night, lists)
    lists.unpersist()
    lists_made(night.store, night.window.as_of)
    night.summary.rows_in = n_listeners
    night.summary.rows_out = n_tracks
    night.summary.table_versions = lake.versions("playlists_staged", "playlist_funnel")
    night.summary.details = {
        "n_listeners": n_listeners,
        "n_short": n_short,
        "n_catalog": len(builder.tracks),
        "model_version": builder.model.version if builder.model else None,
    }


def prepare(lake: Lake, night: Night) -> tuple[PlaylistBuilder, DataFrame]:
    """Return what makes the night's lists, and the facts of listeners of which it makes them;
    NoInputError without a catalog."""
    tracks = read_tracks(night.settings, night.window)
    if not len(tracks):
        raise NoInputError(f"no track had landed by {night.window.as_of}: ingest a landing with tracks")
    matrix = read_rating_matrix(night.settings, night.window, tracks)
    tries, explored = tries_known(lake, night)
    rules = playlist_rules(night, explore_shares(tries, lake, night))
    builder = PlaylistBuilder(tracks, matrix, promoted_model(night), rules)
    return builder, listener_facts(lake, night, tries, explored)


def playlist_rules(night: Night, explore: ExploreShares) -> PlaylistRules:
    """Return the night's rules: what is known of exploring, and the settings."""
    settings = night.settings.recommend
    return PlaylistRules(
        night=night.window.as_of,
        seed=night.settings.seed,
        lists=frozenset(settings.lists),
        n_tracks=settings.n_tracks,
        artist_cap=settings.artist_cap,
        new_artist_share=settings.new_artist_share,
        explore=explore,
        n_candidates=settings.n_candidates,
        like_weight=settings.like_weight,
        reach_weight=settings.reach_weight,
        release_days=settings.release_days,
        support=night.settings.neighbors.support,
    )


def promoted_model(night: Night) -> Model | None:
    """Read the content network that serves the night; None if none was promoted by then."""
    registry = Registry(night.store, "content")
    card = registry.for_night(night.window.as_of)
    if card is None:
        return None
    return Model(card.version, ContentScorer.from_files(registry.read(card.version)))


def tries_known(lake: Lake, night: Night) -> tuple[DataFrame, DataFrame]:
    """Return what became of the tracks of earlier lists, as far as it had landed by the night: counted
    by list, and explored tracks one by one. Of lists to be discovered."""
    nights, as_of = night.settings.responses.nights, night.window.as_of
    if not any_from_lists(lake, night.window, nights):
        nothing = lake.spark.createDataFrame
        return nothing([], TRIES), nothing([], EXPLORED_TRACKS)
    known = responses_known(lake, night.window, nights, night.settings.taste.play_ms)
    known = known.where(f"{IS_DISCOVER} AND n_from_list > 0").localCheckpoint(eager=False)
    return tries_of(known, as_of), explored_of(known, as_of)


def explore_shares(tries: DataFrame, lake: Lake, night: Night) -> ExploreShares:
    """Return what the night knows of exploring."""
    settings = night.settings.recommend
    segments = by_segment(tries, lake.read("ratings", night.window.as_of))
    return ExploreShares(settings.explore_floor, settings.explore_ceiling, segments)


def listener_facts(lake: Lake, night: Night, tries: DataFrame, explored: DataFrame) -> DataFrame:
    """Collect one row a listener with a recent listen or like whose list does not stay as it was, in the
    same partitions and order each time."""
    rows = collect_facts(
        heard_known(lake, night.window, night.settings.lake.lookback_days),
        feedback_landed(lake, night.window),
        lake.read("taste_profiles", night.window.as_of),
        lake.read("neighbors", night.window.as_of),
        lake.read("candidates", night.window.as_of),
        offered(lake, night),
        tries,
        explored,
        due(lake, night),
        dials_landed(lake, night.window),
    )
    rows = made_anew(rows, lake, night)
    n_partitions = int(lake.spark.conf.get("spark.sql.shuffle.partitions") or 1)
    return rows.repartition(n_partitions, "user_id").sortWithinPartitions("user_id")


def due(lake: Lake, night: Night) -> DataFrame:
    """Return what listeners loved and have not heard for long."""
    taste = night.settings.taste
    return due_tracks(
        lake.read("ratings", night.window.as_of),
        night.window.as_of,
        days=night.settings.recommend.rediscover_days,
        skip_weight=taste.skip_weight,
        like_rating=taste.like_rating,
    )


def offered(lake: Lake, night: Night) -> DataFrame:
    """Return the public rows of lists of the last ``recommend.rest_nights`` nights, as they are now, of
    all but new releases: they are offered until they are heard."""
    as_of, n_nights = night.window.as_of, night.settings.recommend.rest_nights
    nights = [as_of - timedelta(days=age) for age in range(1, n_nights + 1)]
    # The nights by name, so that no other partition is read.
    rows = lake.read("playlists").where(F.col("as_of").isin(nights) if nights else F.lit(False))
    named = rows.withColumn("playlist", F.expr(LIST_OF_ROW))
    return named.where(F.col("playlist") != NEW_RELEASES)


def build_playlists(listeners: DataFrame, builder: PlaylistBuilder) -> DataFrame:
    """Make rows (user_id, tracks, funnel), one a listener."""

    def playlists(batches: Iterable[pa.RecordBatch]) -> Iterable[pa.RecordBatch]:
        return builder.batches(batches)

    return listeners.mapInArrow(playlists, PLAYLIST_DDL)


def write(lake: Lake, night: Night, lists: DataFrame) -> tuple[int, int, int]:
    """Write both tables of the night, with the lists that stay; return the numbers of listeners with new
    lists, of their tracks and of short lists to be discovered."""
    n = F.size("tracks")
    n_discover = F.size(F.filter("tracks", lambda track: track["playlist"] == DISCOVER))
    full = night.settings.recommend.n_tracks
    # The first look makes the lists; the writes find them made.
    row = lists.agg(F.count("*"), F.coalesce(F.sum(n), F.lit(0)), F.count_if(n_discover < full)).first()
    as_of = F.lit(night.window.as_of).alias("as_of")
    tracks, funnel = (
        lists.select("user_id", F.inline(column)).select(as_of, "*") for column in ("tracks", "funnel")
    )
    rows = {
        "playlists_staged": with_kept(tracks, "playlists", lake, night),
        "playlist_funnel": with_kept(funnel, "playlist_funnel", lake, night),
    }
    lake.replace_nights(rows, night.window.as_of)
    return tuple(row or (0, 0, 0))
