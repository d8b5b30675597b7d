"""What every peer must do, and what each scores by the words of its paper."""

import numpy as np
import pytest
from scipy.sparse import csr_matrix
from sklearn.linear_model import Ridge
from sklearn.metrics.pairwise import cosine_similarity

from models.errors import ModelError
from models.peers import ease
from models.peers.ease import Ease
from models.peers.ials import Ials
from models.peers.item_cosine import ItemCosine
from models.peers.peer import blocks, listeners_a_block, lists_of
from models.peers.popularity import Popularity
from models.peers.user_neighbors import UserNeighbors
from models.ranking.lists import Credits

PEERS = {
    "popularity": Popularity,
    "item cosine": lambda: ItemCosine(k=4),
    "user cosine": lambda: UserNeighbors(k=3),
    "user pearson": lambda: UserNeighbors(k=3, centered=True),
    "ease": lambda: Ease(2.0),
    "ials": lambda: Ials(factors=4),
}


def some_weights(seed: int, n_listeners: int = 12, n_tracks: int = 9) -> csr_matrix:
    """Every listener but the last plays something; the last track is played by nobody."""
    rng = np.random.default_rng(seed)
    weights = np.log1p(rng.poisson(0.8, size=(n_listeners, n_tracks)))
    weights[:, 0] += 0.5
    weights[-1], weights[:, -1] = 0, 0
    return csr_matrix(weights.astype(np.float32))


WEIGHTS = some_weights(1)
DENSE = WEIGHTS.toarray().astype(float)


def fitted(make, weights=WEIGHTS):
    peer = make()
    peer.fit(weights)
    return peer


@pytest.fixture(params=PEERS)
def make(request):
    return PEERS[request.param]


def test_all_listeners_and_tracks_are_scored_in_float32(make):
    scores = fitted(make).scores(0, 12)
    assert scores.shape == (12, 9)
    assert scores.dtype == np.float32
    assert not np.isnan(scores).any()


def test_blocks_score_as_the_whole_does(make):
    peer = fitted(make)
    parts = [peer.scores(first, last) for first, last in blocks(12, 5)]
    assert [len(part) for part in parts] == [5, 5, 2]
    np.testing.assert_allclose(np.concatenate(parts), peer.scores(0, 12), rtol=1e-5)


def test_a_second_fit_forgets_the_first(make):
    peer = fitted(make, some_weights(2, 15, 7))
    peer.fit(WEIGHTS)
    assert np.array_equal(peer.scores(0, 12), fitted(make).scores(0, 12))


def test_scores_may_be_written_over(make):
    peer = fitted(make)
    before = peer.scores(0, 12)
    peer.scores(0, 12)[:] = 7
    assert np.array_equal(peer.scores(0, 12), before)


def test_the_weights_are_left_as_they_were(make):
    weights = some_weights(1)
    fitted(make, weights).scores(0, 12)
    assert np.array_equal(weights.toarray(), WEIGHTS.toarray())


def test_nothing_is_printed(make, capfd):
    fitted(make).scores(0, 12)
    assert capfd.readouterr() == ("", "")


def test_popularity_adds_up_weights_and_leaves_out_what_nobody_plays():
    expected = DENSE.sum(axis=0)
    scores = fitted(Popularity).scores(3, 5)
    np.testing.assert_allclose(scores[:, :-1], [expected[:-1]] * 2, rtol=1e-6)
    assert scores[:, -1].tolist() == [-np.inf] * 2


def test_item_cosine_sums_the_cosines_to_what_is_played():
    similarity = cosine_similarity(DENSE.T)
    for row in similarity:
        row[np.argsort(-row, kind="stable")[4:]] = 0
    expected = DENSE @ similarity
    scores = fitted(PEERS["item cosine"]).scores(0, 12)
    np.testing.assert_allclose(scores, np.where(expected > 0, expected, -np.inf), rtol=1e-5)


def test_item_cosine_is_of_directions_however_small_the_weights():
    """Two tracks of one listener alone point the same way: all cosines are 1, each scores 0.25 + 0.5."""
    peer = fitted(ItemCosine, csr_matrix(np.array([[0.25, 0.5]], np.float32)))
    assert peer.scores(0, 1).tolist() == [[0.75, 0.75]]


def test_item_cosine_does_not_depend_on_the_blocks_of_tracks(monkeypatch):
    whole = fitted(PEERS["item cosine"]).scores(0, 12)
    monkeypatch.setattr("models.peers.item_cosine.BLOCK_TRACKS", 2)
    assert np.array_equal(fitted(PEERS["item cosine"]).scores(0, 12), whole)


def test_of_equally_near_tracks_those_of_the_smaller_numbers_are_kept():
    """Three tracks always played together: one keeps the first two of them, itself or not."""
    peer = fitted(lambda: ItemCosine(k=2), csr_matrix(np.ones((2, 3), np.float32)))
    assert np.isfinite(peer.scores(0, 1)).tolist() == [[True, True, False]]


@pytest.mark.parametrize("centered", [False, True])
def test_user_neighbors_sum_what_the_nearest_play(centered):
    with np.errstate(invalid="ignore", divide="ignore"):
        similarity = np.nan_to_num(np.corrcoef(DENSE)) if centered else cosine_similarity(DENSE)
    np.fill_diagonal(similarity, 0)
    similarity = np.maximum(similarity, 0)
    for row in similarity:
        row[np.argsort(-row, kind="stable")[3:]] = 0
    expected = similarity @ DENSE
    scores = fitted(lambda: UserNeighbors(k=3, centered=centered)).scores(0, 12)
    np.testing.assert_allclose(scores, np.where(expected > 0, expected, -np.inf), rtol=1e-5)


@pytest.mark.parametrize("shape", [(12, 9), (6, 9)])
def test_ease_is_a_ridge_regression_of_each_track_on_the_others(shape):
    """Both ways of solving it, by tracks and by listeners."""
    weights = some_weights(4, *shape)
    dense = weights.toarray().astype(float)
    expected = np.zeros(shape)
    for track in range(shape[1]):
        others = np.delete(dense, track, axis=1)
        expected[:, track] = Ridge(2.0, fit_intercept=False).fit(others, dense[:, track]).predict(others)
    scores = fitted(lambda: Ease(2.0), weights).scores(0, shape[0])
    np.testing.assert_allclose(scores, expected, atol=1e-5)


def test_ease_refuses_what_it_cannot_solve(monkeypatch):
    monkeypatch.setattr(ease, "MOST", 8)
    with pytest.raises(
        ModelError, match="exact up to 8 listeners or tracks, and this night has 12 and 9"
    ):
        Ease(2.0).fit(WEIGHTS)


def test_ials_finds_two_tastes():
    """Two groups of listeners and of tracks; the last of each group has not heard all of theirs."""
    plays = np.kron(np.eye(2), np.ones((6, 5))).astype(np.float32)
    plays[5, 4] = plays[11, 9] = 0
    scores = fitted(lambda: Ials(factors=2, regularization=0.1), csr_matrix(plays)).scores(0, 12)
    assert scores[5, 4] > scores[5, 5:].max()
    assert scores[11, 9] > scores[11, :5].max()


def test_lists_are_of_candidates_alone():
    scores = np.array([[3.0, 2, 1, 0], [0, 1, 2, 3]], np.float32)
    candidates = np.array([[False, True, True, True], [True, True, True, False]])
    credits = Credits(np.arange(5), np.array([0, 1, 1, 2]))
    lists = lists_of(scores, candidates, credits, 3, artist_cap=1)
    assert lists.tolist() == [[1, 3, -1], [2, 0, -1]]
    assert scores[0, 0] == 3


def test_blocks_are_smaller_where_the_catalog_is_larger():
    assert [listeners_a_block(n) for n in (0, 1_000, 100_000, 10**9)] == [512, 512, 167, 1]


def test_ease_does_not_depend_on_the_blocks_of_listeners(monkeypatch):
    weights = some_weights(4, 6, 9)
    whole = fitted(lambda: Ease(2.0), weights).scores(0, 6)
    monkeypatch.setattr(ease, "listeners_a_block", lambda n_tracks: 2)
    np.testing.assert_allclose(fitted(lambda: Ease(2.0), weights).scores(0, 6), whole, atol=1e-6)


def test_ease_needs_one_side_to_be_small_and_not_both(monkeypatch):
    monkeypatch.setattr(ease, "MOST", 6)
    for shape in ((6, 9), (12, 6)):
        assert fitted(lambda: Ease(2.0), some_weights(4, *shape)).scores(0, 1).shape == (1, shape[1])
    with pytest.raises(ModelError, match="7 and 9: leave it out"):
        fitted(lambda: Ease(2.0), some_weights(4, 7, 9))


def test_the_track_that_adds_most_to_a_score_is_the_listeners_heaviest_near_it():
    # Tracks 0 to 2 are all played by listener 0; 3 by listener 1 alone, with 0; 4 by nobody.
    weights = np.array([[1, 1, 2, 0, 0], [1, 0, 0, 1, 0], [0, 3, 0, 0, 0]], np.float32)
    peer = fitted(lambda: ItemCosine(k=5), csr_matrix(weights))
    # Cosines: of 0 and 1 1 / (sqrt(2) sqrt(10)) = .22, of 0 and 2 .71, of 1 and 2 .32, of 0 and 3 .71.
    listener = np.array([0, 0, 0, 0, 1, 1, 2, 2])
    track = np.array([0, 1, 3, 4, 2, 3, 0, 3])
    # To 0 listener 0 brings 0 (1), 1 (.22) and 2 (2 * .71); to 1 itself (1), 2 (2 * .32); to 3 0.
    # To 2 listener 1 brings 0 (.71); to 3 itself (1) more than 0 (.71). Listener 2 has 1 alone.
    expected = [2, 1, 0, -1, 0, 3, 1, -1]
    assert peer.strongest(listener, track).tolist() == expected


def test_of_tracks_that_add_the_same_the_first_is_the_strongest():
    peer = fitted(ItemCosine, csr_matrix(np.ones((2, 3), np.float32)))
    assert peer.strongest(np.array([0, 1]), np.array([2, 1])).tolist() == [0, 0]
    nothing = fitted(ItemCosine, csr_matrix(np.array([[0, 0], [1, 1]], np.float32)))
    assert nothing.strongest(np.array([0, 1]), np.array([1, 1])).tolist() == [-1, 0]
