"""Held against RecTools 0.19, whose figures of this table stand here (MAP, Recall, and NDCG with
``divide_by_achievable``): its pins do not go with ours."""

from itertools import chain

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from models.ranking.accuracy import average_precision, ndcg, recall
from models.ranking.lists import hits

LISTS = np.array([[3, 1, 4, 7], [2, 0, 5, -1], [6, 3, 2, 1], [0, 1, 2, 3], [7, -1, -1, -1]], np.int32)
RELEVANT = [[1, 7], [2, 5, 0, 6, 4], [0], [], [7, 1]]
ROWS = [row for row, tracks in enumerate(RELEVANT) for _ in tracks]
MATRIX = csr_matrix((np.ones(len(ROWS)), (ROWS, [*chain(*RELEVANT)])), shape=(5, 8))
FOUND, N = hits(LISTS, MATRIX), np.array([len(tracks) for tracks in RELEVANT])
NAN = np.nan


@pytest.mark.parametrize(
    ("k", "expected"),
    [
        (1, [0, 0.2, 0, NAN, 0.5]),
        (2, [0.25, 0.4, 0, NAN, 0.5]),
        (3, [0.25, 0.6, 0, NAN, 0.5]),
        (4, [0.5, 0.6, 0, NAN, 0.5]),
        (6, [0.5, 0.6, 0, NAN, 0.5]),
    ],
)
def test_average_precision(k, expected):
    np.testing.assert_allclose(average_precision(FOUND, N, k), expected, rtol=1e-12)


@pytest.mark.parametrize(
    ("k", "expected"),
    [
        (1, [0, 1, 0, NAN, 1]),
        (2, [0.38685280723454163, 1, 0, NAN, 0.6131471927654584]),
        (3, [0.38685280723454163, 1, 0, NAN, 0.6131471927654584]),
        (4, [0.6509209298071326, 0.8318724637288826, 0, NAN, 0.6131471927654584]),
        (6, [0.6509209298071326, 0.7227265726449519, 0, NAN, 0.6131471927654584]),
    ],
)
def test_ndcg(k, expected):
    np.testing.assert_allclose(ndcg(FOUND, N, k), expected, rtol=1e-12)


@pytest.mark.parametrize(
    ("k", "expected"),
    [
        (1, [0, 0.2, 0, NAN, 0.5]),
        (3, [0.5, 0.6, 0, NAN, 0.5]),
        (6, [1, 0.6, 0, NAN, 0.5]),
    ],
)
def test_recall(k, expected):
    np.testing.assert_allclose(recall(FOUND, N, k), expected, rtol=1e-12)
