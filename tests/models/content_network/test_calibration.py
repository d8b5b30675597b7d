import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from models.content_network.calibration import platt


def test_platt_is_logistic_regression_on_the_logits():
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 2, 50_000)
    liked = (rng.random(50_000) < 1 / (1 + np.exp(-(0.5 * logits - 0.7)))).astype(float)
    model = LogisticRegression(C=np.inf).fit(logits[:, None], liked)
    slope, intercept = platt(logits, liked)
    assert slope == pytest.approx(model.coef_[0, 0], abs=2e-3)
    assert intercept == pytest.approx(model.intercept_[0], abs=2e-3)


def test_a_handful_of_plays_leaves_the_logits_about_as_they_are():
    slope, intercept = platt(np.array([3.0, -3.0]), np.array([1.0, 1.0]))
    assert 0.5 < slope < 1
    assert 0 < intercept < 0.5


def test_a_ranking_the_wrong_way_round_counts_for_nothing():
    logits = np.linspace(-3, 3, 1000)
    assert platt(logits, (logits < 0).astype(float))[0] == 0


def test_newtons_steps_double_the_digits(monkeypatch):
    rng = np.random.default_rng(1)
    logits = rng.normal(0, 2, 500)
    liked = (rng.random(500) < 1 / (1 + np.exp(-(0.3 * logits + 1)))).astype(float)
    exact = platt(logits, liked)
    monkeypatch.setattr("models.content_network.calibration.N_STEPS", 6)
    assert platt(logits, liked) == pytest.approx(exact, abs=1e-9)
