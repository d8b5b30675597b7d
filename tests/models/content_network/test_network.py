import numpy as np
import pytest

from models.content_network.inputs import listener_inputs, track_inputs
from models.content_network.network import build_network
from models.content_network.scoring import ContentScorer, TrackStats
from tests.models.content_network.tiny import SCALING, some_listeners


@pytest.mark.train
def test_the_arrays_score_as_keras_does():
    from models.content_network.fit import load_network, to_bytes, weights_of

    network = load_network(to_bytes(build_network(16, 8)))
    scorer = ContentScorer(SCALING, weights_of(network))
    listeners = some_listeners(20)
    features = np.random.default_rng(1).random((30, 13))
    features[3] = np.nan
    stats = TrackStats(np.arange(30.0), np.arange(30.0) / 3)
    u = listener_inputs(SCALING, listeners)
    tracks = track_inputs(SCALING, features, stats)
    inputs = {
        "track": np.tile(tracks, (20, 1)),
        "tastes": np.repeat(u.tastes, 30, axis=0),
        "log_shares": np.repeat(u.log_shares, 30, axis=0),
        "profile": np.repeat(u.profile, 30, axis=0),
    }
    logits = network.predict(inputs, verbose=0).reshape(20, 30)
    expected = 1 / (1 + np.exp(-logits))
    assert np.abs(scorer.probabilities(listeners, features, stats) - expected).max() < 1e-5
