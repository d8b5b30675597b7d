import math
from datetime import UTC, datetime, timedelta

import pytest

from jobs.lake.catalog import TABLES
from jobs.lake.schemas import spark_schema
from jobs.settings import TasteSettings
from jobs.taste.ratings import rate

pytestmark = pytest.mark.spark
END = datetime(2026, 6, 29, tzinfo=UTC)
# None of them the default, and no two alike.
TASTE = TasteSettings(
    half_life_days=10.0, play_ms=30_000, skip_weight=0.4, like_rating=2.5, dislike_rating=0.1
)


def listens(spark, rows):
    """Rows (user, track, days before the end, ms_played, skipped[, end_reason, private])."""
    full = []
    for n, (user, track, age, ms, skipped, *more) in enumerate(rows):
        when, (reason, private) = END - timedelta(days=age), [*more, None, None][:2]
        row = (f"l{n}", user, track, when, ms, skipped, None, None, private, reason)
        full.append((*row, when.date(), END.date(), "f"))
    return spark.createDataFrame(full, spark_schema(TABLES["listens"]))


def feedback(spark, rows):
    """Rows (user, kind, target, days before the end)."""
    full = [(u, kind, t, END - timedelta(days=age), END.date(), "f") for u, kind, t, age in rows]
    return spark.createDataFrame(full, spark_schema(TABLES["feedback"]))


def rated(spark, plays, given=(), lengths=()):
    durations = spark.createDataFrame(list(lengths), "track_id string, duration_ms bigint")
    said = feedback(spark, list(given))
    rows = rate(listens(spark, plays), durations, said, end_at=END, taste=TASTE).collect()
    assert len({(row.user_id, row.track_id) for row in rows}) == len(rows)
    return {(row.user_id, row.track_id): row for row in rows}


def counts(row):
    return (row.n_plays, row.n_skips, row.n_starts, row.n_private, row.n_taken_back)


def test_a_play_weighs_half_after_a_half_life_and_ratings_are_log1p(spark):
    rows = rated(
        spark,
        [("u", "t", 0, 200_000, False), ("u", "t", 10, 200_000, False), ("u", "s", 20, 90_000, False)],
    )
    assert rows["u", "t"].rating == pytest.approx(math.log1p(1.5))
    assert rows["u", "s"].rating == pytest.approx(math.log1p(0.25))
    assert counts(rows["u", "t"]) == (2, 0, 0, 0, 0)
    assert rows["u", "t"].last_listened_at.replace(tzinfo=UTC) == END


def test_skips_count_against_and_never_below_zero(spark):
    plays = [
        ("u", "mixed", 0, 200_000, False), ("u", "mixed", 0, 5_000, True),
        ("u", "skipped", 0, 5_000, True),
        ("u", "old_client", 0, 29_999, None),
        ("u", "late_skip", 0, 30_000, True),
    ]  # fmt: skip
    rows = rated(spark, plays)
    assert rows["u", "mixed"].rating == pytest.approx(math.log1p(0.6))
    assert rows["u", "skipped"].rating == 0
    assert counts(rows["u", "old_client"]) == (0, 1, 0, 0, 0)
    assert counts(rows["u", "late_skip"]) == (1, 0, 0, 0, 0)


def test_of_a_short_track_half_is_a_play(spark):
    plays = [
        ("u", "short", 0, 10_000, True),
        ("u", "shorter", 0, 9_000, True),
        ("u", "long", 0, 29_999, True),
    ]
    rows = rated(spark, plays, lengths=[("short", 20_000), ("shorter", 18_001), ("long", 60_000)])
    assert {key: counts(row)[:2] for key, row in rows.items()} == {
        ("u", "short"): (1, 0), ("u", "shorter"): (0, 1), ("u", "long"): (0, 1),
    }  # fmt: skip


def test_starts_and_private_listens_are_counted_and_give_no_rating(spark):
    plays = [
        ("u", "failed", 0, 0, False, "trackerror"), ("u", "failed", 1, 0, False, "trackerror"),
        ("u", "hidden", 0, 200_000, False, "trackdone", True),
        ("u", "hidden", 0, 3_000, True, "fwdbtn", True),
        ("u", "both", 5, 200_000, False), ("u", "both", 0, 3_000, False, "logout"),
        ("u", "liked", 0, 0, None, "trackerror"),
    ]  # fmt: skip
    rows = rated(spark, plays, [("u", "like", "liked", 0)])
    assert rows["u", "failed"].rating is None
    assert rows["u", "failed"].last_listened_at is None
    assert counts(rows["u", "failed"]) == (0, 0, 2, 0, 0)
    assert rows["u", "hidden"].rating is None
    assert counts(rows["u", "hidden"]) == (0, 0, 0, 2, 0)
    assert rows["u", "both"].rating == pytest.approx(math.log1p(0.5**0.5))
    assert rows["u", "both"].last_listened_at.replace(tzinfo=UTC) == END - timedelta(days=5)
    assert counts(rows["u", "both"]) == (1, 0, 1, 0, 0)
    assert rows["u", "liked"].rating == 2.5
    assert rows["u", "liked"].last_listened_at is None


def test_the_latest_feedback_overrides_the_plays(spark):
    plays = [
        ("u", track, 0, 200_000, False) for track in ("liked", "disliked", "both", "tie", "blocked")
    ]
    given = [
        ("u", "like", "liked", 3), ("u", "dislike", "disliked", 3), ("u", "block_track", "blocked", 3),
        ("u", "dislike", "both", 5), ("u", "like", "both", 4),
        ("u", "dislike", "tie", 4), ("u", "like", "tie", 4),
        ("u", "like", "never_played", 1), ("u", "block_artist", "an_artist", 1),
        ("u", "exclude", "somebody else's", 1),
    ]  # fmt: skip
    rows = rated(spark, plays, given)
    wanted = {
        "liked": 2.5,
        "disliked": 0.1,
        "both": 2.5,
        "tie": 0.1,
        "blocked": 0.1,
        "never_played": 2.5,
    }
    assert {track: row.rating for (_, track), row in rows.items()} == wanted
    assert counts(rows["u", "never_played"]) == (0, 0, 0, 0, 0)
    assert rows["u", "never_played"].last_listened_at is None


def test_a_like_never_lowers_a_rating(spark):
    rows = rated(spark, [("u", "t", 0, 200_000, False)] * 40, [("u", "like", "t", 1)])
    assert rows["u", "t"].rating == pytest.approx(math.log1p(40))


def test_plays_taken_back_count_for_nothing(spark):
    plays = [
        ("u", "track", 3, 200_000, False), ("u", "track", 1, 200_000, False),
        ("u", "other", 3, 200_000, False), ("v", "track", 2, 200_000, False),
        ("u", "track", 2, 200_000, False, None, True), ("u", "other", 1, 0, False, "trackerror"),
    ]  # fmt: skip
    rows = rated(spark, plays, [("u", "exclude", "track", 2), ("u", "exclude", "l2", 2)])
    assert {key: counts(row) for key, row in rows.items()} == {
        ("u", "track"): (1, 0, 0, 0, 2), ("v", "track"): (1, 0, 0, 0, 0),
        ("u", "other"): (0, 0, 1, 0, 1),
    }  # fmt: skip
    assert rows["u", "other"].rating is None
    assert rows["u", "track"].rating == pytest.approx(math.log1p(0.5**0.1))
