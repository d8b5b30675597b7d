import math
from datetime import date

import numpy as np
import pytest

from jobs.settings import TasteSettings
from jobs.train.history import read_known
from jobs.train.snapshots import snapshot
from jobs.window import Window
from tests.train.lake import at, listen, put, vector, word

NIGHT = Window.night(date(2026, 6, 9))
TASTE = TasteSettings(half_life_days=2, n_tastes=2, tracks_per_taste=1)


def micros(when):
    return int(when.timestamp() * 1_000_000)


@pytest.fixture
def known(settings):
    put(settings, "listens", [
        listen("a", "x", at(1)),
        listen("a", "x", at(3)),
        listen("a", "y", at(3), skipped=None, ms_played=10_000),
        listen("a", "y", at(3, 13), skipped=False, ms_played=10_000),
        listen("a", "nofeatures", at(3)),
        listen("b", "y", at(3)),
        listen("a", "x", at(5)),
        listen("a", "z", at(5, 13)),
    ])  # fmt: skip
    put(settings, "audio_features_history", [vector("x", 0.2), vector("y", 0.9), vector("z", 0.5)])
    put(
        settings,
        "feedback_history",
        [word("a", "like", "z", at(5, 14)), word("b", "dislike", "y", at(4))],
    )
    return read_known(settings, NIGHT)


def test_a_profile_holds_the_ratings_of_before_alone(known):
    now = at(5)
    n_before = int(np.searchsorted(known.plays.at, micros(now)))
    found = snapshot(known, micros(now), n_before, np.array([0, 1]), TASTE)
    # x: weights 0.5^2 and 0.5^1; y: a play at 13:00 less half of the unmarked short one at 12:00.
    x = math.log1p(0.25 + 0.5)
    y = math.log1p(0.5 ** (47 / 48) - 0.5 * 0.5)
    assert found.listeners.weights[0] == pytest.approx([x / (x + y), y / (x + y)])
    assert found.listeners.centroids[0, :, 0] == pytest.approx([0.2, 0.9])
    assert np.isnan(found.listeners.centroids[1]).all()
    assert found.listeners.n_plays.tolist() == [4, 1]
    assert found.listeners.n_skips.tolist() == [1, 0]
    by_track = dict(zip(known.tracks.to_pylist(), found.stats.n_plays.tolist(), strict=True))
    assert by_track == {"x": 2, "y": 2, "z": 0, "nofeatures": 1}
    assert found.stats.n_skips.sum() == 1


def test_what_comes_later_changes_no_earlier_profile(known, settings):
    before = snapshot(known, micros(at(5)), 6, np.array([0]), TASTE)
    put(settings, "listens", [listen("a", "y", at(6)), listen("c", "x", at(5))])
    put(settings, "feedback_history", [word("a", "dislike", "x", at(6))])
    more = read_known(settings, NIGHT)
    after = snapshot(more, micros(at(5)), 6, np.array([0]), TASTE)
    np.testing.assert_array_equal(before.listeners.centroids, after.listeners.centroids)
    np.testing.assert_array_equal(before.listeners.weights, after.listeners.weights)


def test_only_the_listeners_asked_for_are_described(known):
    found = snapshot(known, micros(at(9)), 8, np.array([1]), TASTE)
    assert found.listeners.n_plays.tolist() == [1]
    assert np.isnan(found.listeners.centroids).all()


def test_before_the_first_play_nothing_is_known(known):
    found = snapshot(known, micros(at(1)), 0, np.array([0]), TASTE)
    assert np.isnan(found.listeners.weights).all()
    assert found.stats.n_plays.sum() == 0
