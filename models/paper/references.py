"""What a network has to beat: scikit-learn's classifiers on the same folds."""

from collections.abc import Callable
from typing import Any

from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import (
    ExtraTreesClassifier,
    GradientBoostingClassifier,
    RandomForestClassifier,
    VotingClassifier,
)
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

Makers = dict[str, Callable[[], Any]]


def references(seed: int, n_trees: int) -> Makers:
    """Name to a maker of an unfitted classifier with ``fit`` and ``predict_proba``."""
    return {
        "Logistic regression": lambda: make_pipeline(StandardScaler(), LogisticRegression()),
        "SVM (RBF)": lambda: make_pipeline(
            StandardScaler(), CalibratedClassifierCV(SVC(), ensemble=False)
        ),
        **_trees(seed, n_trees),
        "Vote of the trees": lambda: _vote_of_trees(seed, n_trees),
    }


def _vote_of_trees(seed: int, n_trees: int) -> VotingClassifier:
    """The three ensembles of trees, their probabilities averaged."""
    voters = [(name, make()) for name, make in _trees(seed, n_trees).items()]
    return VotingClassifier(voters, voting="soft")


def _trees(seed: int, n_trees: int) -> Makers:
    forest = {"n_estimators": n_trees, "min_samples_leaf": 2, "random_state": seed}
    boosted = {
        "n_estimators": n_trees,
        "learning_rate": 0.05,
        "max_depth": 5,
        "min_samples_leaf": 5,
        "subsample": 0.6,
        "max_features": 5,
        "random_state": seed,
    }
    return {
        "Random forest": lambda: RandomForestClassifier(**forest),
        "Gradient boosting": lambda: GradientBoostingClassifier(**boosted),
        "Extra trees": lambda: ExtraTreesClassifier(**forest, max_features=6),
    }
