import math
from datetime import date

import numpy as np
import pytest

from jobs.settings import TasteSettings
from jobs.train.history import read_known
from jobs.train.snapshots import listeners_before, ratings
from jobs.window import Window
from tests.train.lake import at, feedback, listen, micros, put, vector

NIGHT = Window.night(date(2026, 6, 9))
TASTE = TasteSettings(half_life_days=2, n_tastes=2, tracks_per_taste=1)
A, B = 0, 1


@pytest.fixture
def known(settings, tmp_path):
    put(settings, "listens", [
        listen("a", "x", at(1)),
        listen("a", "x", at(3)),
        listen("a", "y", at(3), skipped=None, ms_played=10_000),
        listen("a", "y", at(3, 13)),
        listen("a", "y", at(3, 14), skipped=False, ms_played=10_000),
        listen("a", "nofeatures", at(3)),
        listen("b", "y", at(3)),
        listen("a", "x", at(5)),
        listen("a", "z", at(5, 13)),
    ])  # fmt: skip
    put(settings, "audio_features_history", [vector("x", 0.2), vector("y", 0.9), vector("z", 0.5)])
    given = [feedback("a", "like", "z", at(5, 14)), feedback("b", "dislike", "y", at(4))]
    put(settings, "feedback_history", given)
    return read_known(settings, NIGHT, tmp_path)


def before(known, when, users):
    plays = known.log.bucket(0)
    plays = plays[plays["at"] < micros(when)]
    return listeners_before(plays, known.feedback, known.features, micros(when), np.array(users), TASTE)


def test_a_profile_holds_the_ratings_of_before_alone(known):
    found = before(known, at(5), [A, B])
    # x: weights 0.5^2 and 0.5^1; y: a play at 13:00 less half of the unmarked short one at 12:00; what
    # is said to be no skip at 14:00 is a start.
    x = math.log1p(0.25 + 0.5)
    y = math.log1p(0.5 ** (47 / 48) - 0.5 * 0.5)
    assert found.weights[0] == pytest.approx([x / (x + y), y / (x + y)])
    assert found.centroids[0, :, 0] == pytest.approx([0.2, 0.9])
    assert np.isnan(found.centroids[1]).all()
    assert found.n_plays.tolist() == [5, 1]
    assert found.n_skips.tolist() == [1, 0]


def test_feedback_count_from_their_time_on(known):
    plays = known.log.bucket(0)

    def rated(when):
        pairs, rating = ratings(plays, known.feedback, micros(when), 4, TASTE)
        tracks, users = list(known.tracks.ids), list(known.users.ids)
        names = [users[pair // 4] + " " + tracks[pair % 4] for pair in pairs]
        return dict(zip(names, rating.tolist(), strict=True))

    assert rated(at(5, 14))["a z"] == pytest.approx(math.log1p(0.5 ** (1 / 48)))
    assert rated(at(5, 15))["a z"] == TASTE.like_rating
    assert rated(at(4))["b y"] > 0
    assert rated(at(4, 13))["b y"] == 0


def test_only_the_listeners_asked_for_are_described(known):
    found = before(known, at(9), [B])
    assert found.n_plays.tolist() == [1]
    assert np.isnan(found.centroids).all()


def test_before_the_first_play_nothing_is_known(known):
    found = before(known, at(1), [A])
    assert np.isnan(found.weights).all()
    assert found.n_plays.tolist() == [0]
