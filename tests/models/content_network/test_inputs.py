import numpy as np
import pytest

from models.content_network.arrays import TrackStats
from models.content_network.inputs import fit_scaling, track_inputs
from models.features import FEATURES

TEMPO, KEY = FEATURES.index("tempo"), FEATURES.index("key")


def test_scaling_takes_each_feature_from_the_tracks_that_have_it():
    features = np.full((4, 13), 0.5)
    features[:, TEMPO] = [90, np.nan, 120, 500]
    features[3] = np.nan
    found = fit_scaling(features, np.array([1, 5, 2, 9]), np.full((0, 13), np.nan), 0.3)
    # (90 + 2 * 120) / 3, and the root of (20^2 + 2 * 10^2) / 3.
    assert found.track_mean[TEMPO] == pytest.approx(110)
    assert found.track_std[TEMPO] == pytest.approx(np.sqrt(200))
    assert found.track_mean[0] == 0.5 and found.track_std[0] == 1.0
    assert found.taste_mean == (0.0,) * 13 and found.taste_std == (1.0,) * 13


def test_a_feature_that_was_not_detected_is_the_mean_of_a_known_track():
    features = np.full((2, 13), 0.5)
    features[0, [TEMPO, KEY]] = np.nan
    features[1] = np.nan
    scaling = fit_scaling(np.full((2, 13), 0.25), np.array([1, 1]), features[:1], 0.3)
    found = track_inputs(scaling, features, TrackStats(np.zeros(2), np.zeros(2)))
    assert found[0, TEMPO] == found[0, KEY] == 0 and found[0, 0] == 0.25
    assert found[0, 13:16].tolist() == [0, 0, 1]
    assert found[1, :16].tolist() == [0] * 16
