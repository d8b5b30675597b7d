import pickle

import numpy as np
import pytest

from models.content_network.inputs import Scaling, listener_inputs, track_inputs
from models.content_network.scoring import ContentScorer, ListenerArrays, TrackStats
from tests.models.content_network.tiny import SCALING, some_listeners, tiny_scorer


def dense(scorer, layer, inputs):
    return inputs @ scorer.weights[f"{layer}/kernel"] + scorer.weights[f"{layer}/bias"]


def logit_by_hand(scorer, listener, track, log_shares, tastes, profile):
    """The formula for one pair, one taste at a time, in float64."""
    hidden = np.maximum(dense(scorer, "track_hidden", track), 0)
    v, b_t = dense(scorer, "track_vector", hidden), dense(scorer, "track_bias", hidden)[0]
    whole = np.maximum(dense(scorer, "listener_hidden", profile), 0)
    m, b_u = dense(scorer, "listener_vector", whole), dense(scorer, "listener_bias", whole)[0]
    near = 0.0
    for share, taste in zip(np.exp(log_shares.astype(float)), tastes, strict=True):
        s = dense(scorer, "taste_vector", np.maximum(dense(scorer, "taste_hidden", taste), 0))
        near += share * np.exp(s @ v)
    return m @ v + np.log(near) + b_u + b_t


def test_every_pair_follows_the_formula(monkeypatch):
    monkeypatch.setattr("models.content_network.scoring.BLOCK_LISTENERS", 2)
    monkeypatch.setattr("models.content_network.scoring.BLOCK_TRACKS", 3)
    scorer, listeners = tiny_scorer(), some_listeners(5)
    features = np.random.default_rng(1).random((7, 13))
    stats = TrackStats(np.arange(7.0), np.zeros(7))
    inputs = listener_inputs(SCALING, listeners)
    tracks = track_inputs(SCALING, features, stats)
    expected = [
        [
            logit_by_hand(scorer, u, t, inputs.log_shares[u], inputs.tastes[u], inputs.profile[u])
            for t in tracks
        ]
        for u in range(5)
    ]
    assert scorer.logits(listeners, features, stats) == pytest.approx(np.array(expected), abs=1e-5)
    probability = 1 / (1 + np.exp(-(0.8 * np.array(expected) + 0.1)))
    got = scorer.probabilities(listeners, features, stats)
    assert got.dtype == np.float32
    assert got == pytest.approx(probability, abs=1e-6)


def test_pairs_are_the_cells_of_the_matrix():
    scorer, listeners = tiny_scorer(), some_listeners(5)
    features = np.random.default_rng(1).random((7, 13))
    u, t = np.array([4, 0, 0, 2]), np.array([6, 1, 0, 3])
    whole = scorer.probabilities(listeners, features)
    assert scorer.pairs(listeners, features, u, t) == pytest.approx(whole[u, t], abs=1e-6)


def test_padding_with_absent_tastes_changes_nothing():
    listeners = some_listeners(4, n_tastes=2)
    padded = ListenerArrays(
        np.concatenate([listeners.centroids, np.full((4, 3, 13), np.nan)], axis=1),
        np.concatenate([listeners.weights, np.full((4, 3), np.nan)], axis=1),
        listeners.n_plays,
        listeners.n_skips,
    )
    features = np.random.default_rng(1).random((6, 13))
    scorer = tiny_scorer()
    assert scorer.probabilities(padded, features) == pytest.approx(
        scorer.probabilities(listeners, features), abs=1e-6
    )


def test_the_order_of_tastes_changes_nothing():
    listeners = some_listeners(4)
    turned = ListenerArrays(
        listeners.centroids[:, ::-1], listeners.weights[:, ::-1], listeners.n_plays, listeners.n_skips
    )
    features = np.random.default_rng(1).random((6, 13))
    assert tiny_scorer().probabilities(turned, features) == pytest.approx(
        tiny_scorer().probabilities(listeners, features), abs=1e-6
    )


def test_what_is_not_known_is_finite_and_the_same_for_all():
    nobody = ListenerArrays(
        np.full((2, 3, 13), np.nan), np.full((2, 3), np.nan), np.full(2, np.nan), np.full(2, np.nan)
    )
    features = np.random.default_rng(1).random((3, 13))
    features[1] = np.nan
    got = tiny_scorer().probabilities(nobody, features)
    assert np.isfinite(got).all()
    assert (got[0] == got[1]).all()
    assert len(np.unique(got[0])) == 3


def test_one_unknown_feature_is_taken_as_the_mean():
    features = np.full((1, 13), 0.9)
    features[0, 0] = np.nan
    inputs = track_inputs(SCALING, features, TrackStats.unknown(1))
    assert inputs[0, 0] == 0
    assert inputs[0, 1] == pytest.approx((0.9 - 0.5) / 0.25)
    assert inputs[0, 15] == 1
    assert (inputs[0, 16:] == 0).all()


@pytest.mark.parametrize(
    ("key", "sine", "cosine"), [(0, 0, 1), (3, 1, 0), (6, 0, -1), (9, -1, 0), (-1, 0, 0)]
)
def test_the_key_is_a_circle_and_minus_one_is_none(key, sine, cosine):
    features = np.full((1, 13), 0.5)
    features[0, 2] = key
    inputs = track_inputs(SCALING, features, TrackStats.unknown(1))
    assert inputs[0, 13:15] == pytest.approx([sine, cosine], abs=1e-6)


def test_counts_are_smoothed_towards_the_mean_rate():
    features = np.full((3, 13), 0.5)
    stats = TrackStats(np.array([0.0, 90.0, np.nan]), np.array([0.0, 57.0, 3.0]))
    plays, surprise, known = track_inputs(SCALING, features, stats)[:, 16:].T
    assert plays == pytest.approx([0, np.log1p(90) / 5, 0], abs=1e-6)
    # (57 + 10 * .3) / (33 + 10 * .7) = 60 / 40 against .3 / .7
    assert surprise == pytest.approx([0, np.log(1.5) - np.log(3 / 7), 0], abs=1e-6)
    assert known.tolist() == [1, 1, 0]


def test_files_give_the_same_scorer_and_the_same_bytes():
    scorer, listeners = tiny_scorer(), some_listeners(3)
    files = scorer.to_files()
    again = ContentScorer.from_files(files)
    assert again.to_files() == files
    features = np.random.default_rng(1).random((6, 13))
    expected = scorer.probabilities(listeners, features)
    assert (again.probabilities(listeners, features) == expected).all()
    shipped = pickle.loads(pickle.dumps(again))
    assert (shipped.probabilities(listeners, features) == expected).all()


def test_weights_with_pickled_objects_are_refused():
    files = tiny_scorer().to_files()
    import io

    body = io.BytesIO()
    np.savez(body, **{"track_hidden/kernel": np.array([{"a": 1}], dtype=object)})
    with pytest.raises(ValueError, match="allow_pickle=False"):
        ContentScorer.from_files({**files, "weights.npz": body.getvalue()})


def test_scaling_survives_its_document():
    scaling = Scaling((0.1,) * 13, (1 / 3,) * 13, (0.2,) * 13, (0.7,) * 13, 0.29)
    assert Scaling.from_bytes(scaling.to_bytes()) == scaling
