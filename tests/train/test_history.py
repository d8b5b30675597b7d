from datetime import date, timedelta

import numpy as np
import pytest

from jobs.lake.arrow import open_table
from jobs.settings import TrainSettings
from jobs.train.history import read_known
from jobs.window import Window
from tests.train.lake import at, feedback, listen, micros, put, vector

NIGHT = Window.night(date(2026, 6, 3))


@pytest.fixture
def read(settings, tmp_path):
    """What the night of 3 June knows, in four blocks."""
    settings = settings.model_copy(update={"train": TrainSettings(n_blocks=4)})
    return lambda: read_known(settings, NIGHT, tmp_path)


def names(known, plays):
    users, tracks = list(known.users.ids), list(known.tracks.ids)
    return [(users[u], tracks[t]) for u, t in zip(plays["user"], plays["track"], strict=True)]


def test_plays_come_in_order_of_time(settings, read):
    put(settings, "listens", [
        listen("b", "y", at(2)), listen("a", "z", at(1)), listen("a", "x", at(3), skipped=None),
        listen("a", "x", at(2), skipped=True, ms_played=9),
    ])  # fmt: skip
    known = read()
    plays = known.log.bucket(0)
    assert names(known, plays) == [("a", "z"), ("a", "x"), ("b", "y"), ("a", "x")]
    assert plays["at"].tolist() == [micros(at(day)) for day in (1, 2, 2, 3)]
    assert plays["is_skip"].tolist() == [False, True, False, False]
    assert plays["told_skipped"].tolist() == [False, True, False, False]
    assert plays["ms_played"].tolist() == [200_000, 9, 200_000, 200_000]
    assert known.versions == {"listens": 0}


def test_the_layout_of_the_files_changes_nothing(settings, read):
    rows = [listen(f"u{i % 3}", f"t{i % 5}", at(1 + i % 3, 1, i)) for i in range(12)]
    for row in reversed(rows):
        put(settings, "listens", [row])
    scattered = read()
    plays = scattered.log.bucket(0)
    open_table(settings, "listens").delete()
    put(settings, "listens", rows)
    known = read()
    assert list(known.users.ids) == list(scattered.users.ids)
    assert known.edges.tolist() == scattered.edges.tolist()
    assert (known.log.bucket(0) == plays).all()


def test_what_lands_or_is_heard_after_the_window_is_not_known(settings, read):
    put(settings, "listens", [
        listen("a", "x", at(2)),
        listen("a", "late", at(2), landed_on=date(2026, 6, 4)),
        listen("a", "future", at(4), landed_on=date(2026, 6, 3)),
        listen("a", "old", at(2) - timedelta(days=365)),
    ])  # fmt: skip
    put(settings, "audio_features_history", [vector("x", 0.1, landed_on=date(2026, 6, 4))])
    put(settings, "feedback_history", [feedback("a", "like", "x", at(4))])
    known = read()
    assert names(known, known.log.bucket(0)) == [("a", "x")]
    assert np.isnan(known.features).all()
    assert len(known.feedback.at) == 0


def test_blocks_are_equal_parts_of_the_training_window(settings, read):
    old = [listen("a", "x", at(1, minute=m) - timedelta(days=100)) for m in range(3)]
    put(settings, "listens", old + [listen("a", "x", at(2 + m // 5, 1, m)) for m in range(8)])
    edges = [micros(at(2, 1, 0)), micros(at(2, 1, 2)), micros(at(2, 1, 4)), micros(at(3, 1, 6))]
    assert read().edges.tolist() == [*edges, micros(at(4, 0))]


def test_listeners_are_spread_over_buckets(settings, read, monkeypatch):
    monkeypatch.setattr("jobs.train.plays.PLAYS_PER_BUCKET", 3)
    put(settings, "listens", [listen(f"u{i % 4}", "x", at(1, 1, i)) for i in range(8)])
    log = read().log
    assert [log.bucket(i)["user"].tolist() for i in range(3)] == [[0, 3, 0, 3], [1, 1], [2, 2]]
    assert log.n_plays == 8


def test_features_are_the_last_landed(settings, read):
    put(settings, "listens", [listen("a", "x", at(2)), listen("a", "y", at(2))])
    put(settings, "audio_features_history", [vector("x", 0.3, landed_on=date(2026, 6, 3))])
    earlier = [vector("x", 0.1), vector("x", 0.2, landed_on=date(2026, 6, 2))]
    put(settings, "audio_features_history", earlier)
    known = read()
    # Tempo and meter of 0 were not detected.
    assert np.array_equal(known.features[0], [0.3, *[0] * 9, np.nan, 200_000, np.nan], equal_nan=True)
    assert np.isnan(known.features[1]).all()


def test_feedback_comes_in_order_and_at_one_instant_the_dislike_last(settings, read):
    put(settings, "listens", [listen("a", "x", at(1)), listen("b", "x", at(2))])
    put(settings, "feedback_history", [
        feedback("a", "dislike", "x", at(2)), feedback("a", "like", "x", at(2)),
        feedback("b", "block_track", "x", at(1)), feedback("a", "block_artist", "x", at(1)),
        feedback("stranger", "like", "x", at(1)), feedback("a", "like", "unknown", at(1)),
    ])  # fmt: skip
    given = read().feedback
    assert given.user.tolist() == [1, 0, 0]
    assert given.liked.tolist() == [False, True, False]


def test_what_a_listener_took_back_is_gone_up_to_the_feedback(settings, read):
    put(settings, "listens", [
        listen("a", "x", at(1)), listen("a", "x", at(3)), listen("b", "x", at(1)),
        listen("a", "y", at(1), listen_id="one"), listen("a", "y", at(2)),
    ])  # fmt: skip
    put(settings, "feedback_history", [
        feedback("a", "exclude", "x", at(2)), feedback("a", "exclude", "x", at(1)),
        feedback("a", "exclude", "one", at(3)),
    ])  # fmt: skip
    known = read()
    assert names(known, known.log.bucket(0)) == [("b", "x"), ("a", "y"), ("a", "x")]


def test_an_empty_lake_knows_nothing(read):
    assert read() is None


def test_starts_and_private_listens_are_no_plays_and_their_listeners_are_not_known(settings, read):
    put(settings, "listens", [
        listen("a", "x", at(1), ms_played=0, end_reason="trackerror"),
        listen("a", "x", at(2), ms_played=29_999, skipped=False),
        listen("only in private", "x", at(2), private=True),
        listen("b", "x", at(2), ms_played=29_999, skipped=None),
        listen("b", "x", at(3), ms_played=45_000, skipped=True),
    ])  # fmt: skip
    known = read()
    plays = known.log.bucket(0)
    assert names(known, plays) == [("b", "x"), ("b", "x")]
    assert plays["is_skip"].tolist() == [True, False]
    assert plays["told_skipped"].tolist() == [False, True]
    assert plays["ms_played"].tolist() == [29_999, 45_000]
    assert list(known.users.ids) == ["b"]


def test_half_of_a_short_track_is_a_play_by_the_catalogs_duration_or_else_the_features(settings, read):
    put(settings, "listens", [
        listen("a", track, at(2), ms_played=10_000, skipped=True)
        for track in ("catalog", "features", "longer in the catalog", "tomorrow", "unknown")
    ])  # fmt: skip
    lengths = {"catalog": 20_000, "longer in the catalog": 200_000}
    put(settings, "tracks_history", [
        {
            "track_id": name, "title": name, "artist_ids": ["a"], "artist": "A", "album": None,
            "release_date": None, "duration_ms": ms, "explicit": None, "landed_on": date(2026, 6, 1),
            "landing_file": "f",
        }
        for name, ms in lengths.items()
    ])  # fmt: skip
    put(settings, "audio_features_history", [
        vector(name, landed_on=date(2026, 6, day)) | {"duration_ms": 20_000}
        for name, day in (("features", 3), ("longer in the catalog", 2), ("tomorrow", 4))
    ])  # fmt: skip
    known = read()
    plays = known.log.bucket(0)
    heard = [track for _, track in names(known, plays[~plays["is_skip"]])]
    assert sorted(heard) == ["catalog", "features"]
