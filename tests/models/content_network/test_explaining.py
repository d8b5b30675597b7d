import numpy as np
import pytest

from models.content_network.explaining import contributions
from models.features import FEATURES
from tests.models.content_network.tiny import SCALING, some_listeners, tiny_scorer

MEAN = np.array(SCALING.track_mean)
KEY = FEATURES.index("key")


def log_odds(scorer, listeners, features):
    return scorer.slope * scorer.logits(listeners, features).diagonal() + scorer.intercept


def test_contributions_add_up_to_the_difference_from_the_mean_track(monkeypatch):
    monkeypatch.setattr("models.content_network.explaining.N_STEPS", 1000)
    scorer, listeners = tiny_scorer(), some_listeners(6)
    features = np.random.default_rng(2).random((6, 13))
    features[:, KEY] = -1
    mean = without_circle(scorer, listeners, np.tile(MEAN, (6, 1)))
    got = contributions(scorer, listeners, features).sum(axis=1)
    assert got == pytest.approx(log_odds(scorer, listeners, features) - mean, abs=0.02)


def without_circle(scorer, listeners, features):
    """Log odds of tracks at the mean of every input, sine and cosine of the key included."""
    weights = dict(scorer.weights)
    kernel = weights["track_hidden/kernel"].copy()
    kernel[13:15] = 0
    plain = type(scorer)(scorer.scaling, {**weights, "track_hidden/kernel": kernel}, 0.8, 0.1)
    return log_odds(plain, listeners, features)


def test_a_feature_that_the_network_does_not_look_at_adds_nothing():
    scorer = tiny_scorer()
    scorer.weights["track_hidden/kernel"][[0, 5]] = 0
    added = contributions(scorer, some_listeners(6), np.random.default_rng(2).random((6, 13)))
    assert (added[:, [0, 5]] == 0).all()
    assert (np.abs(added).sum(axis=0) > 0).sum() == 11


def test_in_a_linear_network_a_contribution_is_gradient_times_input():
    scorer, listeners = tiny_scorer(), some_listeners(1, n_tastes=1)
    weights = scorer.weights
    weights["track_hidden/bias"][:] = 100
    weights["track_vector/bias"] -= 100 * weights["track_vector/kernel"].sum(axis=0)
    features = np.random.default_rng(2).random((1, 13))
    features[:, KEY] = -1
    u = scorer.listener_vectors(listeners)
    to_vector = u.whole[0] + u.tastes[0, 0]
    slope = weights["track_hidden/kernel"] @ (
        weights["track_vector/kernel"] @ to_vector + weights["track_bias/kernel"][:, 0]
    )
    z = (features[0] - MEAN) / np.array(SCALING.track_std)
    expected = 0.8 * np.clip(z, -3, 3) * slope[:13]
    assert contributions(scorer, listeners, features)[0] == pytest.approx(expected, abs=1e-3)


def test_a_track_without_features_has_nothing_to_explain():
    nothing = np.full((2, 13), np.nan)
    assert (contributions(tiny_scorer(), some_listeners(2), nothing) == 0).all()
