from datetime import date

import numpy as np

from jobs.train.history import read_known
from jobs.window import Window
from tests.train.lake import at, listen, put, vector, word

NIGHT = Window.night(date(2026, 6, 3))


def pairs(known):
    users, tracks = known.users.to_pylist(), known.tracks.to_pylist()
    plays = known.plays
    return [(users[u], tracks[t]) for u, t in zip(plays.user, plays.track, strict=True)]


def test_plays_come_in_order_of_time_with_numbers_by_id(settings):
    put(settings, "listens", [
        listen("b", "y", at(2)), listen("a", "z", at(1)), listen("a", "x", at(3), skipped=None),
        listen("a", "x", at(2), skipped=True, ms_played=9),
    ])  # fmt: skip
    known = read_known(settings, NIGHT)
    assert pairs(known) == [("a", "z"), ("a", "x"), ("b", "y"), ("a", "x")]
    assert known.plays.at.tolist() == [int(at(d).timestamp()) * 1_000_000 for d in (1, 2, 2, 3)]
    assert known.plays.skipped.tolist() == [0, 1, 0, -1]
    assert known.plays.ms_played.tolist() == [200_000, 9, 200_000, 200_000]
    assert known.versions == {"listens": 0}


def test_what_lands_or_is_heard_after_the_window_is_not_known(settings):
    put(settings, "listens", [
        listen("a", "x", at(2)),
        listen("a", "late", at(2), landed_on=date(2026, 6, 4)),
        listen("a", "future", at(4), landed_on=date(2026, 6, 3)),
        listen("a", "old", at(2).replace(year=2025, month=5)),
    ])  # fmt: skip
    put(settings, "audio_features_history", [vector("x", 0.1, landed_on=date(2026, 6, 4))])
    put(settings, "feedback_history", [word("a", "like", "x", at(4))])
    known = read_known(settings, NIGHT)
    assert pairs(known) == [("a", "x")]
    assert np.isnan(known.features).all()
    assert len(known.words.at) == 0


def test_features_are_the_last_landed(settings):
    put(settings, "listens", [listen("a", "x", at(2)), listen("a", "y", at(2))])
    put(settings, "audio_features_history", [vector("x", 0.2, landed_on=date(2026, 6, 2))])
    put(
        settings,
        "audio_features_history",
        [vector("x", 0.1), vector("x", 0.3, landed_on=date(2026, 6, 3))],
    )
    known = read_known(settings, NIGHT)
    assert known.features[0].tolist() == [0.3, *[0.0] * 10, 200_000, 0.0]
    assert np.isnan(known.features[1]).all()


def test_words_come_in_order_and_at_one_instant_the_dislike_last(settings):
    put(settings, "listens", [listen("a", "x", at(1))])
    put(settings, "feedback_history", [
        word("a", "dislike", "x", at(2)), word("a", "like", "x", at(2)),
        word("b", "block_track", "x", at(1)),
        word("a", "block_artist", "x", at(1)),
    ])  # fmt: skip
    words = read_known(settings, NIGHT).words
    assert words.user.tolist() == [1, 0, 0]
    assert words.liked.tolist() == [False, True, False]


def test_what_a_listener_took_back_is_gone_up_to_the_word(settings):
    put(settings, "listens", [
        listen("a", "x", at(1)), listen("a", "x", at(3)), listen("b", "x", at(1)),
        listen("a", "y", at(1), listen_id="one"), listen("a", "y", at(2)),
    ])  # fmt: skip
    put(settings, "feedback_history", [
        word("a", "exclude", "x", at(1)), word("a", "exclude", "x", at(2)),
        word("a", "exclude", "one", at(3)),
    ])  # fmt: skip
    known = read_known(settings, NIGHT)
    assert pairs(known) == [("b", "x"), ("a", "y"), ("a", "x")]


def test_an_empty_lake_knows_nothing(settings):
    assert read_known(settings, NIGHT) is None
