import hashlib
from itertools import pairwise

import numpy as np
import pytest
import scipy.sparse as sp

from jobs.neighbors import kernel
from jobs.neighbors.kernel import (
    head_size,
    pearson_neighbors,
    popular_first,
    prepare_rows,
    slice_rows,
    spans,
    take_rows,
)
from jobs.neighbors.pair_scores import NeighborRule
from jobs.settings import NeighborsSettings
from tests.neighbors.reference import by_user, neighbors_by_numpy, random_ratings

COLUMNS = ("user", "neighbor", "pearson", "n_common", "similarity", "rank", "band_code")


def assert_same_lists(found, expected):
    assert set(found) == {user for user, pairs in expected.items() if pairs}
    for user, pairs in found.items():
        assert [pair[0] for pair in pairs] == [pair[0] for pair in expected[user]]
        assert [pair[4:] for pair in pairs] == [pair[4:] for pair in expected[user]]
        np.testing.assert_allclose(
            [pair[1:4] for pair in pairs], [pair[1:4] for pair in expected[user]], rtol=0, atol=1e-9
        )


def assert_identical(found, expected):
    for name in COLUMNS:
        np.testing.assert_array_equal(getattr(found, name), getattr(expected, name))


@pytest.mark.parametrize("support", ["co_rated", "all"])
@pytest.mark.parametrize("shrinkage", [0.0, 7.5])
@pytest.mark.parametrize("density", [0.15, 0.5, 1.0])
@pytest.mark.parametrize("n_items", [40, 70])
def test_lists_are_those_of_numpy_corrcoef(support, shrinkage, density, n_items):
    ratings = random_ratings(60, n_items, density, seed=3)
    options = {"support": support, "k": 10, "k_dissimilar": 4, "min_overlap": 3, "shrinkage": shrinkage}
    assert_same_lists(
        by_user(pearson_neighbors(ratings, **options)), neighbors_by_numpy(ratings, **options)
    )


def test_three_listeners_by_hand():
    # a and b over items 0, 1, 2: deviations (-1, 0, 1) and (-1, 1, 0): r = 1 / 2.
    # a and c: (-1, 0, 1) and (1, 0, -1): r = -1. b and c: (-1, 1, 0) and (1, 0, -1): r = -1 / 2.
    ratings = sp.csr_matrix([[1.0, 2, 3, 0], [2, 4, 3, 5], [5, 4, 3, 0]])
    found = by_user(pearson_neighbors(ratings, k=1, k_dissimilar=1, min_overlap=3, shrinkage=3.0))
    assert found == {
        0: [(1, 0.5, 3, 0.25, 1, "most_similar"), (2, -1.0, 3, -0.5, 1, "dissimilar")],
        1: [(0, 0.5, 3, 0.25, 1, "most_similar"), (2, -0.5, 3, -0.25, 1, "dissimilar")],
        2: [(1, -0.5, 3, -0.25, 1, "most_similar"), (0, -1.0, 3, -0.5, 1, "dissimilar")],
    }


def test_over_all_items_an_absent_rating_is_zero():
    ratings = sp.csr_matrix([[1.0, 1, 0, 0], [1, 1, 0, 0], [0, 1, 1, 0]])
    found = by_user(pearson_neighbors(ratings, support="all", min_overlap=1, k_dissimilar=0))
    assert found[0][0][:2] == (1, 1.0)
    assert found[2] == [(0, 0.0, 1, 0.0, 1, "most_similar"), (1, 0.0, 1, 0.0, 2, "most_similar")]


def test_ties_go_to_more_common_items_then_to_the_smaller_number():
    up = [1.0, 2, 3, 4]
    ratings = sp.csr_matrix([up, [1, 2, 3, 0], [3, 5, 7, 9], [1, 2, 3, 4]])
    found = by_user(pearson_neighbors(ratings, min_overlap=3, k_dissimilar=0))
    assert [pair[0] for pair in found[0]] == [2, 3, 1]


@pytest.mark.parametrize("support", ["co_rated", "all"])
def test_no_variance_is_no_neighbor(support):
    ratings = sp.csr_matrix([[0.1, 0.1, 0.1], [0.1, 0.2, 0.3], [0.1, 0.2, 0.4]])
    found = by_user(pearson_neighbors(ratings, support=support, min_overlap=3))
    assert {user: [pair[0] for pair in pairs] for user, pairs in found.items()} == {1: [2], 2: [1]}


@pytest.mark.parametrize("enormous", [1e100, 1e200])
def test_an_enormous_rating_elsewhere_does_not_drown_the_others(enormous):
    ratings = sp.csr_matrix([[enormous, 0, 1, 2, 4, 3], [0, enormous, 1, 3, 2, 4]])
    found = pearson_neighbors(ratings, min_overlap=4)
    assert found.pearson.tolist() == [0.4, 0.4]


def test_a_constant_stretch_of_a_varying_listener_is_no_variance():
    # Listener 0 varies, but gave 0.7 to all that listener 1 rated.
    ratings = sp.csr_matrix([[0.7, 0.7, 0.7, 9, 8, 7], [0.1, 0.2, 0.3, 0, 0, 0]])
    assert len(pearson_neighbors(ratings, min_overlap=3).user) == 0


@pytest.mark.parametrize("support", ["co_rated", "all"])
@pytest.mark.parametrize(
    "case", ["large offset", "small spread", "far from the median", "huge", "tiny", "long"]
)
def test_ratings_that_cancel_lose_no_accuracy(case, support):
    rng = np.random.default_rng(5)
    dense = rng.normal(size=(6, 4000 if case != "long" else 60_000))
    match case:
        case "large offset":
            dense += 1e9
        case "small spread":
            dense = 1e6 + dense * 1e-4
        case "far from the median":
            # Half of the items sit at 0 for one listener only, so that no shift helps the other half.
            dense = dense[:, :200] + 1e8
            dense = np.hstack([dense, np.zeros_like(dense)])
            dense[:, 200:] = np.where(np.arange(6)[:, None] % 2, 0, rng.normal(size=(6, 200)))
        case "huge":
            dense *= 1e160
        case "tiny":
            dense *= 1e-170
        case "long":
            dense = 1e5 + dense
    ratings = sp.csr_matrix(dense)
    found = pearson_neighbors(ratings, support=support, min_overlap=2)
    for user, neighbor, r in zip(found.user, found.neighbor, found.pearson, strict=True):
        x, y = dense[user], dense[neighbor]
        if support == "co_rated":
            both = (x != 0) & (y != 0)
            x, y = x[both], y[both]
        x, y = (v / np.abs(v).max() - (v / np.abs(v).max()).mean() for v in (x, y))
        assert abs(r - x @ y / np.sqrt((x @ x) * (y @ y))) < 1e-6
    assert len(found.user) == 30


def test_the_nights_rule_gives_a_fixed_town_the_same_bytes_as_ever():
    # Made of ratings as a night has them, none a whole number; whoever changes this changes every night.
    town = random_ratings(400, 250, 0.15, seed=5, values=np.arange(1, 4000) / 997)
    rule = NeighborsSettings().model_dump(
        include={"support", "k", "k_dissimilar", "min_overlap", "shrinkage"}
    )
    found = pearson_neighbors(town, **rule)
    columns = b"".join(getattr(found, name).tobytes() for name in COLUMNS)
    assert (len(found.user), hashlib.sha256(columns).hexdigest()[:16]) == (24_000, "b8f6f9c964e1df17")


@pytest.mark.parametrize("support", ["co_rated", "all"])
def test_neither_blocks_nor_threads_change_a_bit(support):
    ratings = random_ratings(200, 90, 0.2, seed=9, values=np.log1p(np.arange(1, 30)))
    options = {"support": support, "k": 7, "k_dissimilar": 3, "min_overlap": 2, "shrinkage": 4.0}
    expected = pearson_neighbors(ratings, **options)
    for block in (200, 29, 3):
        for n_threads in (1, 3):
            found = pearson_neighbors(ratings, **options, block=block, n_threads=n_threads)
            assert_identical(found, expected)


def test_targets_get_the_lists_they_would_have_among_all():
    ratings = random_ratings(120, 60, 0.3, seed=4)
    everyone = by_user(pearson_neighbors(ratings, k=5, k_dissimilar=2))
    found = by_user(pearson_neighbors(ratings, k=5, k_dissimilar=2, targets=[70, 3, 3, 119], block=31))
    assert found == {user: everyone[user] for user in (3, 70, 119)}


@pytest.mark.parametrize("support", ["co_rated", "all"])
@pytest.mark.parametrize("block", [200, 37])
@pytest.mark.parametrize("rarest", [0.05, 0.001], ids=["many candidates", "few candidates"])
def test_beyond_the_budget_popular_items_make_no_candidates_but_count(support, block, rarest):
    rng = np.random.default_rng(11)
    popularity = np.geomspace(0.9, rarest, 50)[rng.permutation(50)]
    rated = rng.random((200, 50)) < popularity
    ratings = sp.csr_matrix(np.where(rated, rng.integers(1, 6, rated.shape), 0.0))
    listeners = rated.sum(0)
    order = np.argsort(-listeners, kind="stable")
    head = order[:20]
    budget = int((listeners[order[20:]] ** 2).sum())
    options = {"support": support, "k": 200, "k_dissimilar": 0, "min_overlap": 3, "block": block}
    exact = pearson_neighbors(ratings, **options)
    found = pearson_neighbors(ratings, **options, pair_budget=budget)
    tail = np.delete(rated, head, axis=1).astype(int)
    candidate = (tail @ tail.T > 0)[exact.user, exact.neighbor]
    assert 0 < candidate.sum() < len(candidate)
    for name in ("user", "neighbor", "n_common"):
        np.testing.assert_array_equal(getattr(found, name), getattr(exact, name)[candidate])
    np.testing.assert_allclose(found.pearson, exact.pearson[candidate], rtol=0, atol=2e-10)


@pytest.mark.parametrize(("budget", "head"), [(110, 0), (109, 1), (29, 1), (28, 2), (4, 2), (3, 3)])
def test_the_head_is_as_many_popular_items_as_the_budget_asks(budget, head):
    assert head_size(np.array([9, 5, 2]), budget) == head


@pytest.mark.parametrize(("k", "k_dissimilar"), [(0, 3), (3, 0), (0, 0), (500, 500)])
def test_lists_of_any_length(k, k_dissimilar):
    ratings = random_ratings(30, 20, 0.6, seed=8)
    options = {"k": k, "k_dissimilar": k_dissimilar, "min_overlap": 4}
    expected = neighbors_by_numpy(ratings, **options)
    assert_same_lists(by_user(pearson_neighbors(ratings, **options)), expected)


def test_a_stored_zero_is_a_rating():
    ratings = sp.csr_matrix(
        (np.array([0.0, 1, 2, 0, 1, 2]), [0, 1, 2, 0, 1, 2], [0, 3, 6]), shape=(2, 3)
    )
    assert pearson_neighbors(ratings, min_overlap=3).n_common.tolist() == [3, 3]


@pytest.mark.parametrize("shape", [(0, 0), (0, 5), (3, 0), (1, 4)])
def test_without_pairs_there_are_no_neighbors(shape):
    assert len(pearson_neighbors(sp.csr_matrix(shape)).user) == 0


def test_ratings_that_are_not_finite_are_refused():
    with pytest.raises(ValueError, match="finite"):
        pearson_neighbors(sp.csr_matrix([[1.0, np.nan], [1, 2]]))


def test_two_ratings_of_one_item_are_refused():
    ratings = sp.csr_matrix((np.ones(2), np.array([1, 1]), np.array([0, 2])), shape=(1, 3))
    with pytest.raises(ValueError, match="two ratings"):
        pearson_neighbors(ratings)


@pytest.mark.parametrize(
    "wrong", [{"k": -1}, {"k_dissimilar": -1}, {"min_overlap": 0}, {"shrinkage": -0.1}, {"n_threads": 0}]
)
def test_arguments_out_of_range_are_refused(wrong):
    with pytest.raises(ValueError, match="must"):
        pearson_neighbors(sp.csr_matrix((2, 2)), **wrong)


def test_the_dissimilar_are_the_end_of_the_order_even_if_all_tie():
    ratings = sp.csr_matrix(np.tile([1.0, 2, 3], (6, 1)))
    found = by_user(pearson_neighbors(ratings, k=2, k_dissimilar=2, min_overlap=3))
    assert [pair[0] for pair in found[0]] == [1, 2, 5, 4]
    assert [pair[4:] for pair in found[0]] == [
        (1, "most_similar"), (2, "similar"), (1, "dissimilar"), (2, "dissimilar"),
    ]  # fmt: skip


def test_the_defaults_are_those_of_the_docs():
    ratings = random_ratings(120, 40, 0.45, seed=21)
    options = {"support": "co_rated", "k": 50, "k_dissimilar": 10, "min_overlap": 5, "shrinkage": 0.0}
    found = pearson_neighbors(ratings)
    assert found.n_common.min() == 5
    assert_identical(found, pearson_neighbors(ratings, **options))


@pytest.mark.parametrize("support", ["co_rated", "all"])
def test_rows_are_prepared_alike_in_any_number_of_blocks(support, monkeypatch):
    ratings = random_ratings(50, 30, 0.3, seed=22, values=np.arange(1, 90) / 11)
    rule = NeighborRule(30 if support == "all" else 0, 5, 2, 2, 1.0)
    whole = prepare_rows(ratings, rule)
    monkeypatch.setattr(kernel, "LISTENERS_A_BLOCK", 7)
    for found, expected in zip(prepare_rows(ratings, rule, 2), whole, strict=True):
        np.testing.assert_array_equal(found, expected)
    options = {"support": support, "k": 5, "k_dissimilar": 2, "min_overlap": 2, "shrinkage": 1.0}
    assert by_user(pearson_neighbors(ratings, **options)) == by_user(
        pearson_neighbors(ratings, **options, block=50)
    )


def test_items_of_a_row_may_come_in_any_order():
    ordered = random_ratings(20, 15, 0.6, seed=23)
    indptr, items, values = ordered.indptr, ordered.indices.copy(), ordered.data.copy()
    for start, end in pairwise(indptr):
        items[start:end], values[start:end] = items[start:end][::-1], values[start:end][::-1]
    shuffled = sp.csr_matrix((values, items, indptr), shape=ordered.shape)
    assert not shuffled.has_sorted_indices
    assert_identical(pearson_neighbors(shuffled), pearson_neighbors(ordered))


@pytest.mark.parametrize(("start", "end"), [(0, 9), (9, 10), (10, 20), (4, 4)])
def test_a_slice_of_rows_is_what_taking_them_gives(start, end):
    rows = prepare_rows(random_ratings(20, 15, 0.5, seed=24), NeighborRule(15, 5, 2, 2, 1.0))
    taken = take_rows(rows, np.arange(start, end))
    for found, expected in zip(slice_rows(rows, start, end), taken, strict=True):
        np.testing.assert_array_equal(found, expected)


def test_columns_go_by_popularity_and_equally_popular_ones_keep_their_order():
    found = popular_first(sp.csr_matrix([[1.0, 0, 2, 0, 0], [3, 4, 5, 0, 6], [0, 0, 7, 0, 0]]))
    assert found.toarray().tolist() == [[2, 1, 0, 0, 0], [5, 3, 4, 6, 0], [7, 0, 0, 0, 0]]


@pytest.mark.parametrize(
    ("n", "block", "expected"),
    [(0, 4, [(0, 0)]), (4, 4, [(0, 4)]), (5, 4, [(0, 2), (2, 5)]), (9, 4, [(0, 3), (3, 6), (6, 9)])],
)
def test_spans_are_as_even_as_possible(n, block, expected):
    assert spans(n, block) == expected
