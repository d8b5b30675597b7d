"""Ratings by Spark, as the night's table has them, equal ratings by numpy, as training has them."""

from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jobs.domain.durations import deciding_rows, newest_duration_rows
from jobs.domain.landed import newest_rows
from jobs.lake.session import arrow_frame
from jobs.settings import TasteSettings
from jobs.taste.ratings import rate
from jobs.train.history import Numbering, counted_plays, exclusions_of, verdicts_of
from jobs.train.snapshots import ratings
from jobs.window import Window
from tests.train.lake import arrow_rows, at, feedback, listen, micros, vector

pytestmark = pytest.mark.spark
NIGHT = Window.night(date(2026, 6, 5))
TASTE = TasteSettings(half_life_days=3.0, skip_weight=0.4, like_rating=1.2, dislike_rating=0.1)
TRACKS = ("long", "short", "featured", "unknown")
# Few instants, so that plays, likes, rejections and exclusions often meet in one.
INSTANTS = st.sampled_from([at(day, hour) for day in (1, 3, 5) for hour in (0, 12)])

LISTENS = st.tuples(
    st.sampled_from(TRACKS),
    INSTANTS,
    st.sampled_from([0, 1, 9_999, 10_000, 20_000, 29_999, 30_000, 780_000]),
    st.sampled_from([None, False, True]),
    st.sampled_from([None, "fwdbtn", "trackerror"]),
    st.sampled_from([None, False, True]),
)
FEEDBACK = st.tuples(
    st.sampled_from(["like", "dislike", "block_track", "block_artist", "exclude"]),
    st.sampled_from([*TRACKS, "listen-0", "listen-1"]),
    INSTANTS,
)
LISTENERS = st.lists(
    st.tuples(st.lists(LISTENS, max_size=6), st.lists(FEEDBACK, max_size=4)), max_size=25
)


def rows_of(listeners):
    """Rows of listens and of feedback; each listener's listens are numbered."""
    heard, said = [], []
    for number, (listens, given_feedback) in enumerate(listeners):
        user = f"u{number:02}"
        for nth, (track, when, ms, skipped, reason, private) in enumerate(listens):
            facts = {"ms_played": ms, "skipped": skipped, "end_reason": reason, "private": private}
            heard.append(listen(user, track, when, listen_id=f"listen-{nth}", **facts))
        said += [feedback(user, *one) for one in given_feedback]
    return arrow_rows("listens", heard), arrow_rows("feedback_history", said)


def durations():
    """A long and a short track of the catalog; of one track only the features tell."""
    lengths = {"long": 200_000, "short": 20_000}
    tracks = [vector(name) | {"duration_ms": ms} for name, ms in lengths.items()]
    features = [vector("featured") | {"duration_ms": 19_998}, vector("short") | {"duration_ms": 200_000}]
    return (arrow_rows("audio_features_history", rows) for rows in (tracks, features))


def by_spark(spark, listens, said, known):
    latest = newest_rows(said, "user_id", "kind", "target_id", order=("at",))
    tables = (arrow_frame(spark, table) for table in (listens, known, latest))
    rated = rate(*tables, end_at=NIGHT.end_at, taste=TASTE).where("rating IS NOT NULL").collect()
    assert len({(row.user_id, row.track_id) for row in rated}) == len(rated)
    return {(row.user_id, row.track_id): row.rating for row in rated}


def by_numpy(listens, said, known):
    users, tracks = Numbering(), Numbering()
    # Training rates listeners and tracks of its plays; here all that are spoken of.
    for table, user, track in ((listens, "user_id", "track_id"), (said, "user_id", "target_id")):
        users.numbers(table[user])
        tracks.numbers(table[track])
    plays = counted_plays(listens, known, exclusions_of(said), TASTE.play_ms, users, tracks)
    given_feedback = verdicts_of(said, users, tracks)
    end = micros(at(6, 0))
    pairs, rating = ratings(plays, given_feedback, end, len(tracks), TASTE)
    names, ids = list(users.ids), list(tracks.ids)
    where = ((names[pair // len(ids)], ids[pair % len(ids)]) for pair in pairs)
    return dict(zip(where, rating.tolist(), strict=True))


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(listeners=LISTENERS)
def test_spark_and_numpy_rate_alike(spark, listeners):
    listens, said = rows_of(listeners)
    known = deciding_rows(newest_duration_rows(*durations()), TASTE.play_ms)
    assert by_numpy(listens, said, known) == pytest.approx(
        by_spark(spark, listens, said, known), rel=1e-12
    )
