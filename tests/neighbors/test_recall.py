import numpy as np
import pytest

from jobs.neighbors.kernel import pearson_neighbors, popular_first
from jobs.neighbors.pair_scores import NeighborRule
from jobs.neighbors.recall import recall, sampled_recall
from tests.neighbors.reference import random_ratings


def test_recall_is_the_mean_share_of_each_listeners_neighbors():
    ratings = random_ratings(40, 30, 0.4, seed=3)
    exact = pearson_neighbors(ratings, k=4, k_dissimilar=0, min_overlap=3)
    found = pearson_neighbors(ratings, k=4, k_dissimilar=0, min_overlap=3, targets=np.arange(10))
    assert recall(exact, exact) == 1
    assert recall(found, exact) == pytest.approx(10 / 40)


def test_without_exact_neighbors_nothing_is_missed():
    nobody = pearson_neighbors(random_ratings(5, 4, 0.2, seed=1), min_overlap=5)
    assert recall(nobody, nobody) == 1


def test_the_sample_of_a_small_night_is_everyone():
    ratings = popular_first(random_ratings(60, 30, 0.4, seed=3))
    exact = pearson_neighbors(ratings, k=5, k_dissimilar=2, min_overlap=3)
    rule = NeighborRule(0, 5, 2, 3, 0.0, 12)
    listeners = np.bincount(ratings.indices)
    found = pearson_neighbors(
        ratings, k=5, k_dissimilar=2, min_overlap=3, pair_budget=int((listeners[12:] ** 2).sum())
    )
    assert sampled_recall(ratings, rule, seed=1) == pytest.approx(recall(found, exact))
    assert 0 < sampled_recall(ratings, rule, seed=1) < 1
