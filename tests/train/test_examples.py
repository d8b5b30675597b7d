from datetime import date

import numpy as np
import pytest

from jobs.settings import TrainSettings
from jobs.train.examples import examples, heldout_block, labels, track_stats
from jobs.train.history import read_known
from jobs.window import Window
from tests.train.lake import at, feedback, listen, micros, put, put_town, vector

NIGHT = Window.night(date(2026, 6, 3))


@pytest.fixture
def settings(settings):
    return settings.model_copy(update={"train": TrainSettings(n_blocks=4, half_life_days=2)})


@pytest.fixture
def read(settings, tmp_path):
    return lambda: read_known(settings, NIGHT, tmp_path)


@pytest.mark.parametrize(
    ("play", "liked"),
    [
        ({}, 1),
        ({"ms_played": 100_000}, 1),
        ({"ms_played": 99_999}, -1),
        # A play that the log calls skipped counts for the track in ratings: here for neither side.
        ({"ms_played": 150_000, "skipped": True}, -1),
        ({"ms_played": 200_000, "skipped": True}, -1),
        ({"ms_played": 29_999, "skipped": None}, 0),
        ({"ms_played": 31_000, "skipped": True}, -1),
        ({"ms_played": 29_999, "skipped": True}, 0),
        ({"track": "nofeatures", "ms_played": 30_000, "skipped": True}, -1),
        ({"ms_played": 3_000, "skipped": False, "end_reason": "fwdbtn"}, 0),
        ({"track": "nofeatures", "ms_played": 30_000}, 1),
        ({"track": "liked", "skipped": True, "ms_played": 100}, 1),
        ({"track": "disliked"}, 0),
        ({"track": "turned"}, 0),
        ({"track": "earlier"}, 1),
    ],
)
def test_labels(settings, read, play, liked):
    put(settings, "listens", [listen("a", play.pop("track", "x"), at(2), **play)])
    put(settings, "listens", [listen("b", "x", at(3))])
    vectors = [vector(track) for track in ("x", "liked", "disliked", "turned", "earlier")]
    put(settings, "audio_features_history", vectors)
    put(settings, "feedback_history", [
        feedback("a", "like", "liked", at(3)), feedback("a", "dislike", "disliked", at(2)),
        feedback("a", "like", "turned", at(2)), feedback("a", "block_track", "turned", at(3)),
        feedback("a", "dislike", "earlier", at(1)), feedback("b", "dislike", "x", at(3)),
    ])  # fmt: skip
    known = read()
    found = labels(known.log.bucket(0), known.feedback, known.features, settings.taste)
    assert found.tolist() == [liked, 0]


@pytest.mark.parametrize(
    "start",
    [
        {"ms_played": 29_999, "skipped": False},
        {"ms_played": 0, "skipped": None, "end_reason": "trackerror"},
        {"private": True},
        {"private": True, "skipped": True, "ms_played": 100},
    ],
)
def test_starts_and_private_listens_are_neither_liked_nor_disliked(settings, read, start):
    put(settings, "listens", [listen("a", "x", at(1), **start), listen("b", "x", at(3))])
    put(settings, "feedback_history", [feedback("a", "like", "x", at(3))])
    known = read()
    assert len(labels(known.log.bucket(0), known.feedback, known.features, settings.taste)) == 1
    assert track_stats(known)[-1].n_plays.tolist() == [0]


def test_feedback_of_the_last_block_labels_nothing_before_it(settings, read, tmp_path):
    plays = [
        listen("a", track, at(1 + day, hour)) for day in range(3) for hour in (1, 2) for track in "xy"
    ]
    put(settings, "listens", plays)
    put(settings, "feedback_history", [feedback("a", "dislike", "x", at(3, 3))])
    found = examples(read(), settings, tmp_path)
    assert next(found.rows.batches(10, None))["liked"].tolist() == [1] * 8
    assert found.tuning.liked.tolist() + found.heldout.liked.tolist() == [0, 1, 0, 1]


def test_tracks_are_counted_before_each_block(settings, read):
    skip = {"skipped": True, "ms_played": 10}
    put(settings, "listens", [
        listen("a", "x", at(1, 1)), listen("a", "y", at(1, 2), **skip), listen("a", "x", at(2, 1)),
        listen("b", "x", at(2, 2), **skip),
    ])  # fmt: skip
    stats = track_stats(read())
    assert [s.n_plays.tolist() for s in stats] == [[0, 0], [1, 0], [1, 1], [2, 1]]
    assert [s.n_skips.tolist() for s in stats] == [[0, 0], [0, 0], [0, 1], [0, 1]]


def test_a_play_weighs_by_its_age(settings, read, tmp_path):
    put(settings, "listens", [listen("a", "x", at(day, 0)) for day in (1, 1, 2, 2, 3, 3)])
    rows = next(examples(read(), settings, tmp_path).rows.batches(10, None))
    assert rows["weight"] == pytest.approx(0.5 ** (np.array([3, 3, 2, 2]) / 2))


@pytest.mark.parametrize("plays_per_bucket", [10_000, 150])
def test_the_last_block_is_later_than_all_that_is_fitted_to(
    settings, read, tmp_path, monkeypatch, plays_per_bucket
):
    monkeypatch.setattr("jobs.train.plays.PLAYS_PER_BUCKET", plays_per_bucket)
    put_town(settings)
    known = read()
    found = examples(known, settings, tmp_path)
    first = known.log.bucket(0)
    last = first[first["at"] >= known.edges[-2]]
    assert found.n_fitting == 450
    assert known.edges[-2] == micros(at(3, 3, 30))
    assert len(found.tuning) == len(last) // 2
    np.testing.assert_array_equal(found.heldout.track_of, last["track"][len(last) // 2 :])
    # Nothing of the last block is known: neither in the counts of tracks nor in those of listeners.
    assert found.heldout.stats.n_plays.sum() == 450
    counted = found.heldout.listeners.n_plays
    by_user = np.bincount(first["user"][first["at"] < known.edges[-2]])
    np.testing.assert_array_equal(counted, by_user[np.unique(last["user"])])
    alone = heldout_block(known, settings)
    np.testing.assert_array_equal(alone.liked, found.heldout.liked)
    np.testing.assert_array_equal(alone.listeners.centroids, found.heldout.listeners.centroids)
