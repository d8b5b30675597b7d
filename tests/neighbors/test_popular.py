import numpy as np
import pytest
import scipy.sparse as sp

from jobs.neighbors.kernel import prepare
from jobs.neighbors.pairs import Rule
from jobs.neighbors.popular import add_popular, planes_of, popular_places
from jobs.neighbors.sums import Bits, by_item


def rows_of(ratings):
    return prepare(sp.csr_matrix(ratings), Rule(0, 1, 1, 1, 0.0))


@pytest.mark.parametrize(("n_popular", "n_places"), [(63, 0), (64, 64), (127, 64), (128, 128)])
def test_popular_are_whole_words_of_items_that_one_in_eight_rated(n_popular, n_places):
    # Of 80 listeners 10 are one in eight; the popular stand among others, and each has its own number.
    popular = np.random.default_rng(0).permutation(200)[:n_popular]
    listeners = np.full(200, 9)
    listeners[popular] = 10 + np.arange(n_popular)
    places = popular_places(listeners, 80)
    assert places[popular[::-1]].tolist()[:n_places] == list(range(n_places))
    assert (places >= 0).sum() == n_places


def test_planes_are_the_bits_of_levels():
    ratings = np.zeros((2, 64))
    ratings[0, [0, 3, 5, 63]] = [1, 3, 4, 5]
    ratings[1, [5, 62]] = [2, 2]
    # Levels above the lowest of each: 0, 2, 3, 4 of the first listener; 0, 0 of the second.
    planes = planes_of(rows_of(ratings), np.arange(64, dtype=np.int32))
    of_first = [1 | 1 << 3 | 1 << 5 | 1 << 63, 1 << 5, 1 << 3 | 1 << 5, 1 << 63, 1 << 5]
    assert planes.tolist() == [
        [[a, b] for a, b in zip(of_first, [1 << 5 | 1 << 62, 0, 0, 0, 0], strict=True)]
    ]


def test_sums_of_popular_items_are_those_of_their_levels():
    # Every pair of two of the levels 0 to 4, and items that only one of the two rated.
    rng = np.random.default_rng(4)
    ratings = rng.integers(0, 6, (5, 128)).astype(float)
    ratings[:, :2] = [1, 5]
    rows, bits = rows_of(ratings), Bits(np.uint64(11), np.uint64(3))
    planes = planes_of(rows, np.arange(128, dtype=np.int32))
    words = np.zeros(2 * 5, np.uint64)
    add_popular(planes, 1, planes, 2, bits, words)
    found = [
        _fields(first, (11, 14, 14)) + _fields(second, (17, 17, 17))
        for first, second in words.reshape(5, 2)
    ]
    expected = [_sums(ratings[1], ratings[v]) if v >= 2 else [0] * 6 for v in range(5)]
    assert found == expected


def _fields(word, sizes):
    values, word = [], int(word)
    for size in sizes:
        values.append(word % 2**size)
        word >>= size
    assert word == 0
    return values


def _sums(x, y):
    both = (x > 0) & (y > 0)
    x, y = x[both].astype(int) - 1, y[both].astype(int) - 1
    return [len(x), x.sum(), y.sum(), x @ x, y @ y, x @ y]


def test_postings_leave_the_popular_out():
    ratings = np.array([[1.0, 2, 0], [3, 0, 4], [0, 5, 1]])
    found = by_item(rows_of(ratings), np.array([-1, 0, -1], np.int32))
    assert found.indptr.tolist() == [0, 2, 2, 4]
    assert found.listeners.tolist() == [0, 1, 1, 2]
    assert found.levels.tolist() == [0, 0, 1, 0]
