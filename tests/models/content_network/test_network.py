import numpy as np
import pytest

from models.content_network.inputs import listener_inputs, track_inputs
from models.content_network.network import build_network
from models.content_network.scoring import ContentScorer, TrackStats
from tests.models.content_network.tiny import SCALING, some_listeners

LISTENERS = some_listeners(20)
FEATURES = np.random.default_rng(1).random((30, 13))
FEATURES[3] = np.nan
STATS = TrackStats(np.arange(30.0), np.arange(30.0) / 3)


def predicted(network):
    """P(like) of all pairs by Keras."""
    u = listener_inputs(SCALING, LISTENERS)
    tracks = track_inputs(SCALING, FEATURES, STATS)
    inputs = {
        "track": np.tile(tracks, (20, 1)),
        "tastes": np.repeat(u.tastes, 30, axis=0),
        "log_shares": np.repeat(u.log_shares, 30, axis=0),
        "profile": np.repeat(u.profile, 30, axis=0),
    }
    logits = network.predict(inputs, verbose=0)
    assert logits.dtype == np.float32
    return 1 / (1 + np.exp(-logits.reshape(20, 30)))


@pytest.mark.train
@pytest.mark.parametrize(("policy", "tolerance"), [("float32", 1e-5), ("mixed_float16", 5e-3)])
def test_the_arrays_score_as_keras_does(policy, tolerance):
    import keras

    from models.content_network.fit import load_network, to_bytes, weights_of

    keras.mixed_precision.set_global_policy(policy)
    try:
        network = load_network(to_bytes(build_network(16, 8)))
    finally:
        keras.mixed_precision.set_global_policy("float32")
    scorer = ContentScorer(SCALING, weights_of(network))
    scored = scorer.probabilities(LISTENERS, FEATURES, STATS)
    assert np.abs(scored - predicted(network)).max() < tolerance


@pytest.mark.train
def test_a_keras_file_that_would_execute_code_is_refused():
    import keras

    from models.content_network.fit import load_network, to_bytes

    inputs = keras.Input((2,))
    evil = keras.Model(inputs, keras.layers.Lambda(lambda x: x + 1)(inputs))
    with pytest.raises(ValueError, match=r"[Ll]ambda"):
        load_network(to_bytes(evil))
