import numpy as np
import pytest
import scipy.sparse as sp

from jobs.neighbors.kernel import pearson_neighbors, popular_first
from jobs.neighbors.pair_scores import NeighborRule
from jobs.neighbors.recall import SAMPLE, recall, sample_of, sampled_recall
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


def test_pairs_that_share_the_popular_alone_are_missed_by_a_budget_and_not_by_the_exact():
    # All share item 0; listeners 0 and 1 share item 1 as well.
    ratings = sp.csr_matrix([[1.0, 2, 0, 0], [2, 1, 0, 0], [1, 0, 3, 0], [3, 0, 0, 1]])
    rule = NeighborRule(4, 3, 0, 1, 0.0, 1)
    assert sampled_recall(ratings, rule, seed=1) == pytest.approx((1 / 3 + 1 / 3 + 0 + 0) / 4)
    assert sampled_recall(ratings, rule._replace(n_head=0), seed=1) == 1


def test_a_sample_is_drawn_from_its_seed_ascending_and_without_repetition():
    sample = sample_of(5_000, 3)
    assert len(sample) == SAMPLE == 200
    assert (np.diff(sample) > 0).all()
    assert sample.max() > 4_000
    np.testing.assert_array_equal(sample, sample_of(5_000, 3))
    assert (sample != sample_of(5_000, 4)).any()
    assert sample_of(3, 1).tolist() == [0, 1, 2]
