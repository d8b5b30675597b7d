import numpy as np
import pytest

from models.paper.evaluation import Figures, measure, spread


def test_figures_of_a_fold_by_hand():
    figures = measure(np.array([1, 0, 1, 0]), np.array([0.8, 0.4, 0.3, 0.1]))
    assert figures.accuracy == 0.75
    assert figures.auc == 0.75  # of the 4 pairs liked/not liked, only (0.3, 0.4) is in the wrong order
    assert figures.log_loss == pytest.approx(-np.log([0.8, 0.6, 0.3, 0.9]).mean())


def test_a_certain_mistake_costs_a_finite_log_loss():
    figures = measure(np.array([1, 0]), np.array([0.0, 0.5]))
    assert figures.log_loss == pytest.approx((-np.log(1e-6) - np.log(0.5)) / 2)


def test_spread_is_mean_and_sample_deviation_of_each_figure():
    accuracy, auc, loss = spread([Figures(0.7, 0.8, 0.5), Figures(0.9, 0.8, 0.6)])
    assert str(accuracy) == "0.800 ± 0.141"
    assert str(auc) == "0.800 ± 0.000"
    assert loss.mean == pytest.approx(0.55)


@pytest.mark.parametrize("sure", [[1.0, 1.0], [0.0, 0.0]])
def test_who_is_sure_and_wrong_loses_as_at_a_chance_of_one_in_a_million(sure):
    found = measure(np.array([1, 0]), np.array(sure))
    assert found.log_loss == pytest.approx(-(np.log(1e-6) + np.log(1 - 1e-6)) / 2)
    assert found.accuracy == 0.5
