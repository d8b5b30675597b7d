"""Eighty plays of six tracks: the loud ones are liked, whoever plays them."""

import numpy as np
import pytest

from models.content_network.arrays import TrackStats
from models.content_network.examples import Block, Examples, ExamplesWriter
from models.content_network.fit import (
    FitConfig,
    fit_network,
    fitting_batches,
    scaling_of,
    tuning_batches,
)
from models.content_network.inputs import listener_inputs, track_inputs
from tests.models.content_network.tiny import some_listeners

N_TRACKS = 6
LOUD = np.arange(N_TRACKS) >= 3
STATS = [TrackStats(np.full(N_TRACKS, n), np.full(N_TRACKS, n / 4)) for n in (4.0, 8.0, 12.0)]
CONFIG = FitConfig(epochs=12, batch_size=16, learning_rate=0.05, n_hidden=8, n_factors=4, patience=12)


def block(stats: TrackStats, n: int, seed: int) -> Block:
    """``n`` plays by four listeners."""
    rng = np.random.default_rng(seed)
    track = rng.integers(N_TRACKS, size=n)
    liked, weight = LOUD[track].astype(np.float32), np.ones(n, np.float32)
    return Block(some_listeners(4, seed=seed), stats, rng.integers(4, size=n), track, liked, weight)


@pytest.fixture
def examples(tmp_path) -> Examples:
    features = np.random.default_rng(5).random((N_TRACKS, 13))
    features[:, 3] = np.where(LOUD, 0.9, 0.1)
    writer = ExamplesWriter(tmp_path / "rows", features, STATS)
    for number in (0, 1):
        writer.add(block(STATS[number], 40, number), number)
    return writer.close(block(STATS[2], 40, 2), block(STATS[2], 20, 3))


def chances(scorer, of: Block, features) -> np.ndarray:
    logits = scorer.pair_logits(of.listeners, features, of.listener_of, of.track_of, of.stats)
    return 1 / (1 + np.exp(-(scorer.slope * logits + scorer.intercept)))


def test_scaling_is_of_tracks_by_the_play_of_tastes_by_the_listener_and_of_the_share_of_skips(examples):
    scaling = scaling_of(examples)
    plays = np.repeat(np.arange(N_TRACKS), examples.plays_of_track)
    tastes = examples.listeners.centroids.reshape(-1, 13)
    np.testing.assert_allclose(scaling.track_mean, examples.features[plays].mean(axis=0), rtol=1e-6)
    np.testing.assert_allclose(scaling.track_std, examples.features[plays].std(axis=0), rtol=1e-6)
    np.testing.assert_allclose(scaling.taste_mean, tastes.mean(axis=0), rtol=1e-6)
    assert scaling.skip_rate == pytest.approx(1 - examples.n_liked / 80)


@pytest.mark.train
def test_tuning_plays_come_in_their_order_with_what_was_known_before_them(examples):
    scaling, tuning = scaling_of(examples), examples.tuning
    batches = list(tuning_batches(examples, scaling, CONFIG).as_numpy_iterator())
    assert [len(liked) for _, liked, _ in batches] == [16, 16, 8]
    inputs = {name: np.concatenate([b[0][name] for b in batches]) for name in batches[0][0]}
    known = track_inputs(scaling, examples.features, STATS[2])
    np.testing.assert_allclose(inputs["track"], known[tuning.track_of], rtol=1e-6)
    listeners = listener_inputs(scaling, tuning.listeners)
    np.testing.assert_allclose(inputs["profile"], listeners.profile[tuning.listener_of], rtol=1e-6)
    assert np.concatenate([liked for _, liked, _ in batches]).tolist() == tuning.liked.tolist()


@pytest.mark.train
def test_plays_to_fit_to_come_all_once_an_epoch_and_with_nothing_known_where_all_is_masked(examples):
    scaling = scaling_of(examples)
    plain = FitConfig(batch_size=16, mask_share=0.0)
    data = fitting_batches(examples, scaling, plain, 1)
    first, second = (list(data.as_numpy_iterator()) for _ in range(2))
    for epoch in (first, second):
        assert [len(liked) for _, liked, _ in epoch] == [16] * 5
        assert sum(liked.sum() for _, liked, _ in epoch) == examples.n_liked
    assert any((one[1] != other[1]).any() for one, other in zip(first, second, strict=True))
    hidden = fitting_batches(examples, scaling, FitConfig(batch_size=80, mask_share=1.0), 1)
    ((inputs, liked, _),) = hidden.as_numpy_iterator()
    nothing = track_inputs(scaling, np.full((1, 13), np.nan), TrackStats.unknown(1))
    np.testing.assert_array_equal(inputs["track"], np.repeat(nothing, 80, axis=0))
    assert liked.sum() == examples.n_liked


@pytest.mark.train
def test_a_network_learns_who_likes_what(examples):
    fitted = fit_network(examples, CONFIG, seed=3)
    assert fitted.losses[-1] < fitted.losses[0] / 3
    found = chances(fitted.scorer, examples.heldout, examples.features)
    loud = LOUD[examples.heldout.track_of]
    assert found[loud].min() > found[~loud].max()
    assert found[loud].mean() > 0.8 and found[~loud].mean() < 0.2
