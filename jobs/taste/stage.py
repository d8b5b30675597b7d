"""The stage: what had landed by the night to ratings and taste profiles."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from jobs.errors import NoInputError
from jobs.lake.history import durations_known, features_known, feedback_known, listens_known
from jobs.lake.session import open_session
from jobs.lake.tables import Lake
from jobs.stage import Night
from jobs.taste.profiles import taste_profiles
from jobs.taste.ratings import CENSUS, rate


def build_taste(night: Night) -> None:
    """Replace the night's ratings and taste_profiles; NoInputError if nothing speaks for any track.

    The summary's details are the census of listens: how many count as what.
    """
    settings, window = night.settings, night.window
    lake = Lake(open_session(settings, "build_taste"), settings)
    heard = rate(
        listens_known(lake, window, settings.lake.lookback_days),
        durations_known(lake, window),
        feedback_known(lake, window),
        end_at=window.end_at,
        taste=settings.taste,
    ).persist()
    n_ratings, counts = census(heard)
    night.summary.details = counts
    night.summary.rows_in = sum(counts.values())
    if not n_ratings:
        raise NoInputError(no_input(night, counts))
    ratings = heard.where("rating IS NOT NULL")
    profiles = taste_profiles(
        ratings,
        features_known(lake, window),
        n_tastes=settings.taste.n_tastes,
        tracks_per_taste=settings.taste.tracks_per_taste,
    )
    as_of = F.lit(window.as_of).alias("as_of")
    made = {"ratings": ratings, "taste_profiles": profiles}
    lake.replace_nights({name: made[name].select(as_of, "*") for name in made}, window.as_of)
    heard.unpersist()
    night.summary.rows_out = n_ratings
    night.summary.table_versions = lake.versions("ratings", "taste_profiles")


def census(heard: DataFrame) -> tuple[int, dict[str, int]]:
    """Return the number of ratings, and how many listens count as what."""
    totals = heard.agg(F.count("rating"), *(F.sum(name) for name in CENSUS)).first() or (0,) * 6
    n_ratings, *counts = (total or 0 for total in totals)
    return n_ratings, {
        name.removeprefix("n_"): count for name, count in zip(CENSUS, counts, strict=True)
    }


def no_input(night: Night, counts: dict[str, int]) -> str:
    """Return what to say of a night without a rating."""
    days = f"the {night.settings.lake.lookback_days} days before {night.window.end}"
    remedy = "ingest a landing, or widen NOCTURNE__LAKE__LOOKBACK_DAYS"
    if not any(counts.values()):
        return f"nobody listened to anything in {days}: {remedy}"
    told = ", ".join(f"{name.replace('_', ' ')} {count:,}" for name, count in counts.items() if count)
    return f"no listen of {days} is a play or a skip ({told}): {remedy}"
