from itertools import combinations
from math import log, log2, sqrt

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from models.ranking.breadth import Reach, artist_diversity, calibration_error, novelty

LISTS = np.array([[0, 1, 2], [0, 1, 3], [4, -1, -1], [-1, -1, -1], [2, 4, -1]], np.int32)


def reach(lists: np.ndarray, n_tracks: int) -> Reach:
    found = Reach.of(n_tracks)
    for block in np.array_split(lists, 2):
        found.add(block)
    return found


def test_coverage_is_the_share_of_tracks_in_any_list():
    assert reach(LISTS, 10).coverage == 0.5
    assert reach(LISTS, 10).n_lists.tolist() == [2, 2, 2, 1, 2, 0, 0, 0, 0, 0]


def test_personalization_is_one_less_the_mean_cosine_over_all_pairs():
    sets = [set(row[row >= 0].tolist()) for row in LISTS if (row >= 0).any()]
    cosines = [len(a & b) / sqrt(len(a) * len(b)) for a, b in combinations(sets, 2)]
    assert reach(LISTS, 10).personalization == pytest.approx(1 - sum(cosines) / len(cosines))


def test_personalization_of_equal_and_of_disjoint_lists():
    assert reach(np.array([[0, 1]] * 3, np.int32), 6).personalization == pytest.approx(0)
    assert reach(np.array([[0, 1], [2, 3], [4, 5]], np.int32), 6).personalization == pytest.approx(1)
    assert np.isnan(reach(LISTS[:1], 6).personalization)


def test_novelty_equals_rectools():
    """MeanInvUserFreq(4) of RecTools 0.19 on these plays; track 7 was played by nobody."""
    lists = np.array([[3, 1, 4, 7], [2, 0, 5, -1], [6, 3, 2, 1], [0, 1, 2, 3], [7, -1, -1, -1]])
    n_listeners_of = np.array([4, 2, 1, 1, 1, 3, 0, 0])
    expected = [1.75, 0.8050124997596146, 1.75, 1.25, 2.0]
    np.testing.assert_allclose(novelty(lists.astype(np.int32), n_listeners_of, 4), expected)


def test_novelty_of_an_empty_list_is_unknown():
    found = novelty(LISTS, np.array([8, 4, 2, 1, 1]), 8)
    assert np.isnan(found[3])
    assert found[0] == pytest.approx((0 + 1 + 2) / 3)
    assert found[2] == log2(8)


def test_artist_diversity_is_the_share_of_pairs_by_different_artists():
    lists = np.array([[0, 1, 2, 3], [0, 1, 4, -1], [4, 5, 6, 0], [2, -1, -1, -1]], np.int32)
    found = artist_diversity(lists, np.array([7, 7, 7, 8, 9, 9, 9]))
    np.testing.assert_allclose(found, [3 / 6, 2 / 3, 3 / 6, np.nan])


def test_calibration_error_is_steck_s():
    """p = (3/4, 1/4) by plays; q = (1/3, 2/3), (1, 0) and equal to p."""
    group_of = np.array([0, 1, 1, 0, -1, 0])
    history = csr_matrix([[3.0, 1, 0, 0, 9, 0]] * 3 + [[0.0] * 6])
    lists = np.array([[0, 1, 2, -1], [0, 3, 4, -1], [0, 3, 5, 1], [0, 1, 2, 3]], np.int32)

    def error(q: list[float]) -> float:
        p = [0.75, 0.25]
        return sum(a * log(a / (0.99 * b + 0.01 * a)) for a, b in zip(p, q, strict=True))

    expected = [error([1 / 3, 2 / 3]), error([1, 0]), 0, np.nan]
    np.testing.assert_allclose(calibration_error(lists, group_of, history, 2), expected, atol=1e-12)


def test_calibration_error_without_a_list_is_unknown():
    history = csr_matrix([[1.0, 1.0]])
    assert np.isnan(calibration_error(np.array([[-1]], np.int32), np.array([0, 1]), history, 2))[0]
