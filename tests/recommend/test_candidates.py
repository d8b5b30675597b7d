from dataclasses import replace

import numpy as np
import pytest

from jobs.recommend.candidates import (
    Model,
    content_scores,
    explained,
    listener_arrays,
    nearness,
    predict,
    supporters,
)
from models.features import FEATURES
from tests.recommend.town import catalog, listener, neighborhood, stranger

NEIGHBORHOOD = neighborhood(
    ("near", 0.8, {1: 2.0, 2: 1.0}),
    ("far", 0.2, {2: 3.0, 3: 1.0}),
    ("unlike", -0.5, {1: 0.5, 3: 3.5}),
)


def predicted(support, **changes):
    found = predict(listener(**{"neighborhood": NEIGHBORHOOD} | changes), 6, support)
    assert len(found) == 6
    return {position: rating for position, rating in enumerate(found.tolist()) if rating == rating}


def test_co_rated_is_resnicks_formula_over_those_who_rated_the_track():
    ratings = predicted("co_rated", total=3.0, n_rated=2)
    near, far, unlike = 1.5, 2.0, 2.0
    assert ratings == pytest.approx(
        {
            1: 1.5 + (0.8 * (2 - near) - 0.5 * (0.5 - unlike)) / 1.3,
            2: 1.5 + (0.8 * (1 - near) + 0.2 * (3 - far)) / 1.0,
            3: 1.5 + (0.2 * (1 - far) - 0.5 * (3.5 - unlike)) / 0.7,
        }
    )


def test_over_all_tracks_an_absent_rating_is_a_rating_of_zero():
    ratings = predicted("all", total=3.0)
    near, far, unlike = 3 / 6, 4 / 6, 4 / 6

    def prediction(by_near: float, by_far: float, by_unlike: float) -> float:
        agreement = 0.8 * (by_near - near) + 0.2 * (by_far - far) - 0.5 * (by_unlike - unlike)
        return 3 / 6 + agreement / 1.5

    assert ratings == pytest.approx(
        {1: prediction(2, 0, 0.5), 2: prediction(1, 3, 0), 3: prediction(0, 1, 3.5)}
    )


def test_a_track_that_only_unlike_listeners_play_is_no_prediction():
    ratings = predicted(
        "all", neighborhood=neighborhood(("unlike", -0.5, {1: 1.0}), ("near", 0.5, {2: 1.0, 3: 0.0}))
    )
    assert set(ratings) == {2}


@pytest.mark.parametrize("support", ["co_rated", "all"])
def test_nobody_near_is_no_prediction(support):
    assert predicted(support, neighborhood=neighborhood()) == {}


def test_supporters_are_the_similar_ones_who_play_it_closest_first():
    found = supporters(NEIGHBORHOOD, 2)
    assert [(one.user_id, one.similarity, one.rating) for one in found] == [
        ("near", 0.8, 1.0),
        ("far", 0.2, 3.0),
    ]
    assert [one.user_id for one in supporters(NEIGHBORHOOD, 1)] == ["near"]
    tied = neighborhood(("b", 0.5, {1: 1.0}), ("a", 0.5, {1: 2.0}))
    assert [(one.user_id, one.number) for one in supporters(tied, 1)] == [("a", 1), ("b", 0)]


TRACKS = catalog()


class Fixed:
    """A network that is sure of everything, and remembers what it was asked."""

    def probabilities(self, listeners, features, stats=None):
        self.asked = listeners
        return np.full((len(listeners), len(features)), 0.75, np.float32)


def test_nearness_is_the_weighted_sum_over_tastes():
    scores = nearness([listener()], TRACKS)[0]
    _, spread = TRACKS.typical
    energy = FEATURES.index("energy")
    gap = (0.9 - 0.1) / spread[energy]
    assert scores[0] == pytest.approx(1.0)
    assert scores[3] == pytest.approx(np.exp(-(gap**2) / 12 / 2))
    assert scores[0] > scores[1] > scores[4] > scores[2] > scores[3]
    two = listener(centroids=TRACKS.features[[0, 3]], taste_weights=np.array([0.75, 0.25]))
    far = np.exp(-(gap**2) / 12 / 2)
    both = nearness([listener(), two], TRACKS)
    assert both[0, :5].tolist() == scores[:5].tolist()
    assert both[1, 0] == pytest.approx(0.75 + 0.25 * far)


@pytest.mark.parametrize("model", [None, Model("v1", Fixed())])
def test_content_says_nothing_of_tracks_without_features_nor_to_strangers(model):
    scores = content_scores([listener(), stranger()], TRACKS, model)
    assert np.isnan(scores[0]).tolist() == [False] * 5 + [True]
    assert np.isnan(scores[1]).all()


def test_the_network_is_told_tastes_plays_and_skips():
    scorer = Fixed()
    two = listener(centroids=TRACKS.features[[0, 3]], taste_weights=np.array([0.75, 0.25]), n_skips=3)
    content_scores([listener(), two], TRACKS, Model("v1", scorer))
    assert np.isnan(scorer.asked.centroids[0, 1]).all()
    assert scorer.asked.weights[1].tolist() == [0.75, 0.25]
    assert scorer.asked.n_plays.tolist() == [2, 5]
    assert scorer.asked.n_skips.tolist() == [0, 3]


def test_strangers_alone_have_one_unknown_taste():
    assert listener_arrays([stranger()]).centroids.shape == (1, 1, 13)


def test_a_mean_is_over_what_was_rated_even_if_that_is_one_track_or_none():
    near = neighborhood(("one", 0.5, {1: 2.0}))
    assert predicted("co_rated", neighborhood=near, total=0.0, n_rated=0) == {1: 0.0}
    assert predicted("co_rated", neighborhood=near, total=3.0, n_rated=1) == {1: 3.0}
    assert predicted("co_rated", neighborhood=near, total=3.0, n_rated=2) == {1: 1.5}


def test_a_rating_of_any_size_supports_a_track_none_and_no_likeness_do_not():
    near = neighborhood(("slight", 0.5, {1: 0.25, 2: 0.0}), ("zero", 0.0, {1: 1.0, 3: 1.0}))
    assert set(predicted("all", neighborhood=near)) == {1}
    assert [one.user_id for one in supporters(near, 1)] == ["slight"]
    assert supporters(near, 2) == supporters(near, 3) == []


def test_keys_are_no_nearness():
    keyed = replace(TRACKS, features=TRACKS.features.copy())
    keyed.features[1, FEATURES.index("key")] = 0.9
    assert (
        nearness([listener()], keyed)[0, :5].tolist() == nearness([listener()], TRACKS)[0, :5].tolist()
    )


def test_scores_are_rounded_so_that_a_block_does_not_show():
    class Odd(Fixed):
        def probabilities(self, listeners, features, stats=None):
            self.stats = stats
            return super().probabilities(listeners, features) / np.float32(2.3)

    scorer = Odd()
    assert content_scores([listener()], TRACKS, Model("v1", scorer), "stats")[0, 0] == np.float32(
        0.32609
    )
    assert scorer.stats == "stats"


def test_the_network_explains_the_listener_and_the_tracks_that_were_asked_for():
    class Plain:
        def explain(self, listeners, features):
            assert listeners.n_plays.tolist() == [7] * len(features)
            return features

    found = explained(listener(n_plays=4, n_skips=3), [3, 0], TRACKS, Model("v1", Plain()))
    energy = FEATURES.index("energy")
    assert {position: added[energy] for position, added in found.items()} == {3: 0.9, 0: 0.1}
    assert explained(listener(), [3], TRACKS, None) == {}
    assert explained(listener(), [], TRACKS, Model("v1", None)) == {}


def test_a_taste_of_no_known_tempo_is_near_a_track_of_none():
    tracks = catalog()
    tracks.features[:5, FEATURES.index("tempo")] = [60, 70, 180, np.nan, np.nan]
    unknown = listener(centroids=tracks.features[[3]], taste_weights=np.array([1.0]))
    scores = content_scores([unknown], tracks, None)[0]
    assert np.isnan(scores).tolist() == [False] * 5 + [True] and scores[3] == 1.0
