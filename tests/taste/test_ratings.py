import math
from datetime import UTC, datetime, timedelta

import pytest

from jobs.lake.catalog import TABLES
from jobs.lake.schemas import spark_schema
from jobs.taste.ratings import rate

pytestmark = pytest.mark.spark
END = datetime(2026, 6, 29, tzinfo=UTC)
RULES = {
    "end_at": END,
    "half_life_days": 10.0,
    "skip_ms": 30_000,
    "skip_weight": 0.5,
    "like_rating": 3.0,
    "dislike_rating": 0.0,
}


def listens(spark, rows):
    """Rows (user, track, days before the end, ms_played, skipped)."""
    full = [
        (f"l{n}", user, track, END - timedelta(days=age), ms, skipped, *[None] * 4,
         (END - timedelta(days=age)).date(), END.date(), "f")
        for n, (user, track, age, ms, skipped) in enumerate(rows)
    ]  # fmt: skip
    return spark.createDataFrame(full, spark_schema(TABLES["listens"]))


def feedback(spark, rows):
    """Rows (user, kind, target, days before the end)."""
    full = [(u, kind, t, END - timedelta(days=age), END.date(), "f") for u, kind, t, age in rows]
    return spark.createDataFrame(full, spark_schema(TABLES["feedback"]))


def rated(spark, plays, given=()):
    rows = rate(listens(spark, plays), feedback(spark, list(given)), **RULES).collect()
    assert len({(row.user_id, row.track_id) for row in rows}) == len(rows)
    return {(row.user_id, row.track_id): row for row in rows}


def test_a_play_weighs_half_after_a_half_life_and_ratings_are_log1p(spark):
    rows = rated(
        spark,
        [("u", "t", 0, 200_000, False), ("u", "t", 10, 200_000, False), ("u", "s", 20, 90_000, False)],
    )
    assert rows["u", "t"].rating == pytest.approx(math.log1p(1.5))
    assert rows["u", "s"].rating == pytest.approx(math.log1p(0.25))
    assert (rows["u", "t"].n_plays, rows["u", "t"].n_skips) == (2, 0)
    assert rows["u", "t"].last_listened_at.replace(tzinfo=UTC) == END


def test_early_skips_count_against_and_never_below_zero(spark):
    plays = [
        ("u", "mixed", 0, 200_000, False), ("u", "mixed", 0, 5_000, True),
        ("u", "skipped", 0, 5_000, True),
        ("u", "old_client", 0, 29_999, None),
        ("u", "late_skip", 0, 30_000, True),
        ("u", "short_track", 0, 20_000, False),
    ]  # fmt: skip
    rows = rated(spark, plays)
    assert rows["u", "mixed"].rating == pytest.approx(math.log1p(0.5))
    assert rows["u", "skipped"].rating == 0
    assert rows["u", "old_client"].n_skips == 1
    assert (rows["u", "late_skip"].n_plays, rows["u", "late_skip"].n_skips) == (1, 0)
    assert rows["u", "short_track"].n_plays == 1


def test_the_latest_feedback_overrides_the_plays(spark):
    plays = [
        ("u", track, 0, 200_000, False) for track in ("liked", "disliked", "both", "tie", "blocked")
    ]
    given = [
        ("u", "like", "liked", 3), ("u", "dislike", "disliked", 3), ("u", "block_track", "blocked", 3),
        ("u", "dislike", "both", 5), ("u", "like", "both", 4),
        ("u", "dislike", "tie", 4), ("u", "like", "tie", 4),
        ("u", "like", "never_played", 1), ("u", "block_artist", "an_artist", 1),
    ]  # fmt: skip
    rows = rated(spark, plays, given)
    wanted = {
        "liked": 3.0,
        "disliked": 0.0,
        "both": 3.0,
        "tie": 0.0,
        "blocked": 0.0,
        "never_played": 3.0,
    }
    assert {track: row.rating for (_, track), row in rows.items()} == wanted
    assert rows["u", "never_played"].n_plays == 0
    assert rows["u", "never_played"].last_listened_at is None


def test_a_like_never_lowers_a_rating(spark):
    rows = rated(spark, [("u", "t", 0, 200_000, False)] * 40, [("u", "like", "t", 1)])
    assert rows["u", "t"].rating == pytest.approx(math.log1p(40))


def test_plays_taken_back_count_for_nothing(spark):
    plays = [
        ("u", "track", 3, 200_000, False), ("u", "track", 1, 200_000, False),
        ("u", "other", 3, 200_000, False), ("v", "track", 3, 200_000, False),
    ]  # fmt: skip
    rows = rated(spark, plays, [("u", "exclude", "track", 2), ("u", "exclude", "l2", 2)])
    assert {key: row.n_plays for key, row in rows.items()} == {("u", "track"): 1, ("v", "track"): 1}
