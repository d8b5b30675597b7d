import numpy as np
import pyarrow as pa
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from jobs.neighbors.coding import Coded, coded
from jobs.neighbors.incremental import Earlier, changed, is_cheaper, update
from jobs.neighbors.kernel import Neighbors, pearson_neighbors
from jobs.neighbors.pairs import Rule

COLUMNS = ("neighbor", "pearson", "n_common", "similarity", "rank", "band")


def night(ratings: dict[tuple[str, str], float]) -> Coded:
    users, tracks = zip(*ratings, strict=True)
    return coded(pa.table({"user_id": users, "track_id": tracks, "rating": list(ratings.values())}))


def full_run(matrix: Coded, rule: Rule) -> Neighbors:
    return pearson_neighbors(
        matrix.ratings,
        support="all" if rule.n_items else "co_rated",
        k=rule.k,
        k_dissimilar=rule.k_dissimilar,
        min_overlap=rule.min_overlap,
        shrinkage=rule.shrinkage,
    )


def stored(matrix: Coded, neighbors: Neighbors) -> pa.Table:
    """The rows that the run wrote, in no order."""
    rows = {name: pa.array(getattr(neighbors, name)) for name in COLUMNS[1:]}
    rows |= {
        "user_id": matrix.users.take(pa.array(neighbors.user)),
        "neighbor_id": matrix.users.take(pa.array(neighbors.neighbor)),
    }
    table = pa.table(rows)
    return table.take(np.random.default_rng(0).permutation(len(table)))


def assert_update_equals_full_run(before: dict, now: dict, rule: Rule) -> None:
    old, new = night(before), night(now)
    earlier = Earlier(old, stored(old, full_run(old, rule)))
    found = update(new, earlier, changed(new, old), rule)
    expected = full_run(new, rule)
    for name in ("user", *COLUMNS):
        np.testing.assert_array_equal(getattr(found, name), getattr(expected, name), err_msg=name)


def random_night(seed: int, n_users: int, n_tracks: int) -> dict[tuple[str, str], float]:
    rng = np.random.default_rng(seed)
    rated = rng.random((n_users, n_tracks)) < 0.6
    return {(f"u{u:02}", f"t{t:02}"): float(rng.integers(1, 6)) for u, t in np.argwhere(rated)}


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    n_users=st.integers(2, 16),
    n_tracks=st.integers(3, 9),
    movers=st.sets(st.integers(0, 18), max_size=5),
    gone=st.sets(st.integers(0, 18), max_size=2),
    rule=st.builds(
        Rule,
        n_items=st.just(0),
        k=st.integers(0, 5),
        k_dissimilar=st.integers(0, 3),
        min_overlap=st.integers(1, 3),
        shrinkage=st.sampled_from([0.0, 4.0]),
        n_head=st.just(0),
    ),
    over_all=st.booleans(),
)
def test_an_update_equals_a_full_run(seed, n_users, n_tracks, movers, gone, rule, over_all):
    before = random_night(seed, n_users, n_tracks)
    other = random_night(seed + 1, n_users + 3, n_tracks)
    now = {pair: r for pair, r in before.items() if int(pair[0][1:]) not in movers | gone}
    now |= {pair: r for pair, r in other.items() if int(pair[0][1:]) in movers - gone}
    if not before or not now:
        return
    tracks = len({track for _, track in before})
    if over_all and tracks == len({track for _, track in now}):
        rule = rule._replace(n_items=tracks)
    assert_update_equals_full_run(before, now, rule)


def test_a_lost_neighbor_is_followed_by_one_the_list_did_not_hold():
    # With k = 1 the list of a held b (r = 1) and hid c (r = 0.5); b turns around.
    before = {("a", "1"): 1, ("a", "2"): 2, ("a", "3"): 3, ("b", "1"): 1, ("b", "2"): 2, ("b", "3"): 3,
              ("c", "1"): 2, ("c", "2"): 4, ("c", "3"): 3}  # fmt: skip
    now = before | {("b", "1"): 3, ("b", "3"): 1}
    before, now = ({pair: float(r) for pair, r in rows.items()} for rows in (before, now))
    rule = Rule(0, 1, 0, 3, 0.0)
    assert_update_equals_full_run(before, now, rule)
    found = full_run(night(now), rule)
    assert (found.user[0], found.neighbor[0], found.pearson[0]) == (0, 2, 0.5)


def test_changed_are_those_with_other_ratings_or_none_before():
    before = night({("a", "x"): 1.0, ("b", "x"): 2.0, ("b", "y"): 1.0, ("c", "y"): 3.0, ("d", "x"): 1.0})
    now = night({("a", "x"): 1.0, ("b", "y"): 2.0, ("b", "x"): 1.0, ("c", "z"): 3.0, ("e", "x"): 1.0})
    assert changed(now, before).tolist() == [False, True, True, True]


@pytest.mark.parametrize(
    ("moved", "cheaper"), [([0], True), ([1], False), ([], True), ([0, 1, 2], False)]
)
def test_few_pair_operations_are_cheaper_than_all(moved, cheaper):
    # Listeners of the tracks: 1, 2, 3; squares 1 + 4 + 9 = 14. Listener 0 meets 3 ratings, 1 meets 5.
    ratings = sp.csr_matrix([[0, 0, 1.0], [0, 1, 1], [1, 1, 1]])
    mask = np.isin(np.arange(3), moved)
    assert is_cheaper(ratings, mask) is cheaper
