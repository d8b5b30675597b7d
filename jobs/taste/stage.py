"""The stage: what had landed by the night to ratings and taste profiles."""

from pyspark.sql import functions as F

from jobs.errors import NoInputError
from jobs.lake.history import features_known, feedback_known, listens_known
from jobs.lake.session import open_session
from jobs.lake.tables import Lake
from jobs.stage import Night
from jobs.taste.profiles import taste_profiles
from jobs.taste.ratings import rate


def build_taste(night: Night) -> None:
    """Replace the night's ratings and taste_profiles; NoInputError if nobody listened to anything."""
    settings, window = night.settings, night.window
    lake = Lake(open_session(settings, "build_taste"), settings)
    taste = settings.taste
    ratings = rate(
        listens_known(lake, window, settings.lake.lookback_days),
        feedback_known(lake, window),
        end_at=window.end_at,
        half_life_days=taste.half_life_days,
        skip_ms=taste.skip_ms,
        skip_weight=taste.skip_weight,
        like_rating=taste.like_rating,
        dislike_rating=taste.dislike_rating,
    ).persist()
    n_ratings, n_plays, n_skips = ratings.agg(
        F.count("*"), F.sum("n_plays"), F.sum("n_skips")
    ).first() or (0, 0, 0)
    if not n_ratings:
        raise NoInputError(
            f"nobody listened to anything in the {settings.lake.lookback_days} days before "
            f"{window.end}: ingest a landing, or widen NOCTURNE__LAKE__LOOKBACK_DAYS"
        )
    profiles = taste_profiles(
        ratings,
        features_known(lake, window),
        n_tastes=taste.n_tastes,
        tracks_per_taste=taste.tracks_per_taste,
    )
    as_of = F.lit(window.as_of).alias("as_of")
    lake.replace_night(ratings.select(as_of, "*"), "ratings", window.as_of)
    lake.replace_night(profiles.select(as_of, "*"), "taste_profiles", window.as_of)
    ratings.unpersist()
    night.summary.rows_in = (n_plays or 0) + (n_skips or 0)
    night.summary.rows_out = n_ratings
    night.summary.table_versions = lake.versions("ratings", "taste_profiles")
