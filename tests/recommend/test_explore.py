import numpy as np
import pytest

from jobs.recommend.explore import Model, content_scores, likeness, listener_arrays, nearness
from models.features import FEATURES
from tests.recommend.town import catalog, ints, listener, stranger

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


def test_likeness_names_the_nearest_played_track_and_where_both_stand_out():
    both = listener(rated=ints(0, 3), ratings=np.array([1.0, 1.0]))
    assert likeness(both, 1, TRACKS).position == 0
    assert likeness(both, 1, TRACKS).features == (("energy", False),)
    assert likeness(both, 2, TRACKS).features == (("energy", True),)
    assert likeness(both, 4, TRACKS).features == ()


def test_a_track_told_before_is_passed_over_only_for_one_about_as_near():
    three = listener(rated=ints(0, 2, 3), ratings=np.ones(3))
    assert [likeness(three, 4, TRACKS, cited).position for cited in ((), {2}, {0, 2}, {0, 2, 3})] == [
        2,
        0,
        3,
        2,
    ]
    assert likeness(three, 1, TRACKS, cited={0}).position == 0


def test_what_is_rated_zero_or_has_no_features_is_no_likeness():
    assert likeness(listener(rated=ints(0, 5), ratings=np.array([0.0, 1.0])), 1, TRACKS) is None
