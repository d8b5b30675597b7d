"""The stage: the night's tastes, neighbors and model to a playlist for each listener."""

from collections.abc import Iterable

import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from jobs.errors import NoInputError
from jobs.lake.history import features_known, feedback_known, listens_known, tracks_known
from jobs.lake.session import open_session
from jobs.lake.tables import Lake
from jobs.recommend.compose import PLAYLIST_DDL, Composer, Rules
from jobs.recommend.explore import Model
from jobs.recommend.listeners import gather
from jobs.recommend.tracks import Tracks, collect_tracks
from jobs.stage import Night
from models.content_network.scoring import ContentScorer
from models.registry import Registry


def recommend(night: Night) -> None:
    """Replace the night's playlists and playlist_funnel; NoInputError without a catalog."""
    lake = Lake(open_session(night.settings, "recommend"), night.settings)
    ratings = lake.read("ratings", night.window.as_of)
    tracks = collect_tracks(
        tracks_known(lake, night.window), features_known(lake, night.window), ratings
    )
    if not len(tracks):
        raise NoInputError(f"no track had landed by {night.window.as_of}: ingest a landing with tracks")
    model = promoted_model(night)
    composer = Composer(tracks, model, rules(night))
    lists = compose(gathered(lake, night, tracks, ratings), composer).persist()
    write(lake, night, lists)
    n_listeners, n_tracks, n_short = lists.agg(
        F.count("*"),
        F.sum(F.size("tracks")),
        F.count_if(F.size("tracks") < night.settings.recommend.n_tracks),
    ).first() or (0, 0, 0)
    lists.unpersist()
    night.summary.rows_in = n_listeners
    night.summary.rows_out = n_tracks or 0
    night.summary.table_versions = lake.versions("playlists", "playlist_funnel")
    night.summary.details = {
        "n_listeners": n_listeners,
        "n_short": n_short,
        "n_catalog": len(tracks),
        "model_version": model.version if model else None,
    }


def rules(night: Night) -> Rules:
    """The night's rules, from the settings."""
    settings = night.settings.recommend
    return Rules(
        night=night.window.as_of,
        seed=night.settings.seed,
        n_tracks=settings.n_tracks,
        artist_cap=settings.artist_cap,
        explore_share=settings.explore_share,
        n_candidates=settings.n_candidates,
        support=settings.support,
    )


def promoted_model(night: Night) -> Model | None:
    """The content network that serves the night, if one was promoted by then."""
    registry = Registry(night.store, "content")
    card = registry.for_night(night.window.as_of)
    if card is None:
        return None
    return Model(card.version, ContentScorer.from_files(registry.read(card.version)))


def gathered(lake: Lake, night: Night, tracks: Tracks, ratings: DataFrame) -> DataFrame:
    """One row a listener with a listen, in the same partitions and order whenever it is made."""
    settings, window = night.settings, night.window
    spark: SparkSession = lake.spark
    positions = spark.createDataFrame(
        list(zip(tracks.ids, range(len(tracks)), strict=True)), "track_id string, position int"
    )
    rows = gather(
        listens_known(lake, window, settings.lake.lookback_days),
        feedback_known(lake, window),
        ratings,
        lake.read("taste_profiles", window.as_of),
        lake.read("neighbors", window.as_of),
        positions,
    )
    n_partitions = int(spark.conf.get("spark.sql.shuffle.partitions") or 1)
    return rows.repartition(n_partitions, "user_id").sortWithinPartitions("user_id")


def compose(listeners: DataFrame, composer: Composer) -> DataFrame:
    """Rows (user_id, tracks, funnel), one a listener."""
    shared = listeners.sparkSession.sparkContext.broadcast(composer)

    def playlists(batches: Iterable[pa.RecordBatch]) -> Iterable[pa.RecordBatch]:
        return shared.value.batches(batches)

    return listeners.mapInArrow(playlists, PLAYLIST_DDL)


def write(lake: Lake, night: Night, lists: DataFrame) -> None:
    """Write both tables of the night."""
    as_of = F.lit(night.window.as_of).alias("as_of")
    tracks = lists.select("user_id", F.inline("tracks")).select(as_of, "*")
    lake.replace_night(tracks, "playlists", night.window.as_of)
    funnel = lists.select("user_id", F.inline("funnel")).select(as_of, "*")
    lake.replace_night(funnel, "playlist_funnel", night.window.as_of)
