import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from models.tastes.clusters import cluster


def clustered(groups, n_clusters):
    """Labels of each group of (x, y, weight) rows."""
    rows = np.array([row for group in groups for row in group], float)
    counts = np.array([len(group) for group in groups])
    labels = cluster(rows[:, :2], rows[:, 2], counts, np.array(n_clusters))
    return [list(part) for part in np.split(labels, np.cumsum(counts)[:-1])]


def test_two_kinds_of_music_are_told_apart_and_the_heaviest_seeds_the_first():
    group = [(0, 0, 1), (10, 10, 5), (0.1, 0, 1), (10, 9.9, 1)]
    assert clustered([group], [2]) == [[1, 0, 1, 0]]


def test_listeners_do_not_see_each_other():
    one, two = [(0, 0, 1), (9, 9, 2)], [(5, 5, 1), (5, 6, 1), (50, 50, 1)]
    assert clustered([one, two], [2, 2]) == [[1, 0], [0, 0, 1]]
    assert clustered([two], [2]) == [[0, 0, 1]]


def test_equal_tracks_share_one_cluster():
    assert clustered([[(1, 1, 1)] * 3], [3]) == [[0, 0, 0]]


def test_clusters_move_to_their_means_however_light_they_are():
    """4.5 is nearer to the seed 0 than to the seed 10; then to 7.75, the mean of 10 and 5.5, than to
    0.9, which is (0.4 x 0 + 0.1 x 4.5) / 0.5."""
    group = [(0, 0, 0.4), (10, 0, 0.1), (5.5, 0, 0.1), (4.5, 0, 0.1)]
    assert clustered([group], [2]) == [[0, 1, 1, 1]]


def test_one_cluster_holds_everything():
    assert clustered([[(0, 0, 1), (9, 9, 1)], [(1, 1, 1), (8, 8, 1)]], [1, 2]) == [[0, 0], [0, 1]]


@given(st.integers(0, 10_000))
def test_at_the_end_every_row_is_nearest_to_its_own_mean(seed):
    rng = np.random.default_rng(seed)
    points, weights = rng.normal(size=(12, 3)), rng.uniform(0.5, 2, 12)
    labels = cluster(points, weights, np.array([12]), np.array([3]))
    used = np.unique(labels)
    means = [np.average(points[labels == k], axis=0, weights=weights[labels == k]) for k in used]
    gaps = ((points[:, None] - np.array(means)) ** 2).sum(axis=2)
    assert np.array_equal(used[gaps.argmin(axis=1)], labels)
