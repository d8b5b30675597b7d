import numpy as np
from scipy.sparse import csr_matrix

from models.ranking.lists import PADDING, Credits, best_lists, hits, kept, lengths

INF = np.inf
# Tracks 0 to 5: two by artist 0, one by 0 and 1, two by 1, one by nobody.
CREDITS = Credits(np.array([0, 1, 2, 4, 5, 6, 6]), np.array([0, 0, 0, 1, 1, 1]))


def test_the_best_come_first_and_equal_ones_by_number():
    scores = np.array([[1.0, 3.0, 3.0, 2.0, 3.0, -INF], [-INF] * 6])
    lists = best_lists(scores, CREDITS, 4, artist_cap=9)
    assert lists.tolist() == [[1, 2, 4, 3], [PADDING] * 4]
    assert lists.dtype == np.int32


def test_a_list_is_short_where_candidates_end():
    assert best_lists(np.array([[0.0, -INF, -2.0, -INF, -INF, -INF]]), CREDITS, 4, 9).tolist() == [
        [0, 2, PADDING, PADDING]
    ]


def test_a_collaboration_counts_for_each_of_its_artists():
    scores = np.array([[5.0, 4.0, 6.0, 3.0, 2.0, 1.0]])
    assert best_lists(scores, CREDITS, 4, artist_cap=1).tolist() == [[2, 5, PADDING, PADDING]]
    assert best_lists(scores, CREDITS, 4, artist_cap=2).tolist() == [[2, 0, 3, 5]]


def test_the_cap_looks_beyond_the_foremost():
    """One artist has all of the best tracks; the list goes on with the others."""
    n = 40
    credits = Credits(np.arange(n + 1), np.where(np.arange(n) < 35, 0, np.arange(n)))
    lists = best_lists(-np.arange(n, dtype=float)[None, :], credits, 5, artist_cap=2)
    assert lists.tolist() == [[0, 1, 35, 36, 37]]


def test_ties_at_the_edge_of_the_foremost_go_by_number():
    n = 40
    credits = Credits(np.arange(n + 1), np.arange(n))
    scores = np.zeros((1, n))
    scores[0, 39] = 1.0
    assert best_lists(scores, credits, 3, artist_cap=1).tolist() == [[39, 0, 1]]


def test_hits_are_what_is_relevant_to_the_listener_of_the_row():
    relevant = csr_matrix(([1.0, 1.0, 1.0], ([0, 0, 2], [3, 1, 0])), shape=(3, 4))
    lists = np.array([[1, 2, 3], [3, 1, PADDING], [0, PADDING, PADDING]], np.int32)
    assert hits(lists, relevant).tolist() == [
        [True, False, True],
        [False, False, False],
        [True, False, False],
    ]
    assert not hits(lists, csr_matrix((3, 4))).any()


def test_a_padded_rank_is_no_hit_of_the_last_track_of_the_row_before():
    relevant = csr_matrix(([1.0], ([0], [3])), shape=(2, 4))
    assert not hits(np.array([[0], [PADDING]], np.int32), relevant).any()


def test_hits_do_not_need_sorted_columns():
    relevant = csr_matrix((np.ones(3), np.array([2, 0, 1]), np.array([0, 2, 3])), shape=(2, 3))
    assert hits(np.array([[0, 2], [0, 1]], np.int32), relevant).tolist() == [[True, True], [False, True]]


def test_kept_entries_move_up():
    lists = np.array([[4, 7, 2, PADDING], [1, 3, 5, 6]], np.int32)
    wanted = np.array([[False, True, True, True], [True, False, False, True]])
    moved = kept(lists, wanted)
    assert moved.tolist() == [[7, 2, PADDING, PADDING], [1, 6, PADDING, PADDING]]
    assert lengths(moved).tolist() == [2, 2]


def test_the_first_artist_of_a_track_without_any_is_its_own():
    assert CREDITS.first.tolist() == [0, 0, 0, 1, 1, 7]
    assert CREDITS.matrix.toarray().tolist() == [[1, 0], [1, 0], [1, 1], [0, 1], [0, 1], [0, 0]]


def test_credits_of_some_tracks_in_another_order():
    some = CREDITS.of_tracks(np.array([5, 2, 4, 0]))
    assert some.ptr.tolist() == [0, 0, 2, 3, 4]
    assert some.of.tolist() == [0, 1, 1, 0]
