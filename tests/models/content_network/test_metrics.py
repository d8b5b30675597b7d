import math

import numpy as np
import pytest
from sklearn.metrics import log_loss, ndcg_score, roc_auc_score

from models.content_network.metrics import Resamples, auc, log_losses, ndcg


def test_ndcg_by_hand():
    probability = np.array([0.9, 0.8, 0.7, 0.5, 0.4])
    liked = np.array([0.0, 1.0, 1.0, 1.0, 1.0])
    listener = np.array([0, 0, 0, 1, 1])
    expected = (1 / math.log2(3) + 1 / math.log2(4)) / (1 + 1 / math.log2(3))
    assert ndcg(probability, liked, listener) == pytest.approx([expected, np.nan], nan_ok=True)


def test_ndcg_is_that_of_scikit_learn():
    rng = np.random.default_rng(0)
    listener = rng.integers(0, 6, 200)
    probability, liked = rng.random(200), (rng.random(200) < 0.5).astype(float)
    expected = [ndcg_score([liked[listener == u]], [probability[listener == u]], k=10) for u in range(6)]
    assert ndcg(probability, liked, listener) == pytest.approx(expected)


def test_auc_is_that_of_scikit_learn_also_with_ties_and_weights():
    rng = np.random.default_rng(0)
    probability = rng.integers(0, 20, 300) / 20
    liked, weight = (rng.random(300) < probability).astype(float), rng.integers(0, 4, 300).astype(float)
    assert auc(probability, liked) == pytest.approx(roc_auc_score(liked, probability))
    expected = roc_auc_score(liked, probability, sample_weight=weight)
    assert auc(probability, liked, weight) == pytest.approx(expected)
    assert math.isnan(auc(probability, np.ones(300)))


def test_log_losses_are_those_of_scikit_learn():
    probability, liked = np.array([0.2, 0.9, 0.5]), np.array([0.0, 1.0, 1.0])
    assert log_losses(probability, liked).mean() == pytest.approx(log_loss(liked, probability))
    assert np.isfinite(log_losses(np.array([0.0, 1.0]), np.array([1.0, 0.0]))).all()


def test_the_interval_of_a_mean_is_about_two_standard_errors_wide():
    values = np.random.default_rng(0).normal(3, 1, 400)
    found = Resamples.of(400, seed=1).mean(values, np.ones(400))
    assert found.value == pytest.approx(values.mean())
    assert found.high - found.low == pytest.approx(4 * 1.96 / 2 / 20, rel=0.15)
    assert found.low < found.value < found.high


def test_a_resample_in_which_nobody_has_a_play_says_nothing_and_one_with_a_single_play_counts():
    # Of two listeners the second has no play. Drawn are one and none, none and two, two and none.
    resamples = Resamples(np.array([[1.0, 0.0], [0.0, 2.0], [2.0, 0.0]]))
    found = resamples.mean(np.array([0.5, 0.0]), np.array([1.0, 0.0]))
    assert (found.value, found.low, found.high) == (0.5, 0.5, 0.5)
