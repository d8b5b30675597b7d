import numpy as np
from scipy.sparse import csr_matrix

from models.ranking.slices import HISTORY, by_history, by_quantile, mainstreamness, regions, thirds

NAN = np.nan


def test_slices_by_history_begin_where_their_names_say():
    plays = np.array([0, 1, 5, 6, 20, 21, 100, 101, 500, 501, 9_999])
    names = np.array(list(HISTORY))[by_history(plays)]
    assert names.tolist() == [
        "0", "1-5", "1-5", "6-20", "6-20", "21-100", "21-100", "101-500", "101-500", "501+", "501+",
    ]  # fmt: skip


def test_mainstreamness_is_the_mean_rank_of_plays_among_all_plays():
    """Tracks have 6, 2, 2 and 0 plays of 10: ranks 4/10 + 3/10, and twice 0 + 2/10."""
    plays = csr_matrix([[4.0, 0, 0, 0], [2.0, 2.0, 0, 0], [0, 0, 2.0, 0], [0, 0, 0, 0]])
    np.testing.assert_allclose(mainstreamness(plays), [0.7, 0.45, 0.2, NAN])
    assert np.isnan(mainstreamness(csr_matrix((2, 3)))).all()


def test_thirds_leave_equal_values_together_and_the_unknown_out():
    assert thirds(np.array([1, 2, 3, 4, 5, 6, NAN])).tolist() == [0, 0, 1, 1, 2, 2, -1]
    assert thirds(np.array([1.0, 1, 1, 1, 1, 9])).tolist() == [0, 0, 0, 0, 0, 2]
    assert thirds(np.array([NAN])).tolist() == [-1]


def test_parts_are_of_about_equal_size():
    parts = by_quantile(np.random.default_rng(2).random(1_000), 4)
    assert np.bincount(parts).tolist() == [250, 250, 250, 250]


def test_regions_are_halves_of_each_feature():
    features = np.array([[1.0, 10], [2, 40], [3, 20], [4, 30], [NAN, 5]])
    # Medians 2.5 and 20: the tie at 20 is of the lower half.
    assert regions(features).tolist() == [0, 2, 1, 3, -1]
