import numpy as np
import pytest

from models.exploration.shares import (
    EXPLOITED,
    EXPLORED,
    HALF_LIFE,
    Posterior,
    Prior,
    Tries,
    explore_shares,
    posterior,
    uniforms_of,
)

PRIOR = Prior(liked=1.0, tried=4.0, strength=10.0)


def tries(*pairs):
    liked, tried = zip(*pairs, strict=True)
    return Tries(np.array(liked, float), np.array(tried, float))


def test_who_has_heard_nothing_has_the_prior():
    found = posterior(tries((0, 0)), np.array([0]), PRIOR)
    assert (found.liked.tolist(), found.not_liked.tolist()) == ([2.5], [7.5])  # 10 * 1/4, 10 * 3/4


def test_the_segment_comes_first_then_the_listener():
    # Segment 0: listeners 0 and 2; segment 1: listener 1 alone, who liked nothing of 6.
    found = posterior(tries((3, 4), (0, 6), (5, 16)), np.array([0, 1, 0]), PRIOR)
    # Listener 0: the other has 5 of 16, so (1 + 5) / (4 + 16) = .3: Beta(3 + 3, 7 + 1).
    # Listener 1: no other, 1/4: Beta(2.5 + 0, 7.5 + 6).
    # Listener 2: the other has 3 of 4, so (1 + 3) / (4 + 4) = .5: Beta(5 + 5, 5 + 11).
    np.testing.assert_allclose(found.liked, [6, 2.5, 10])
    np.testing.assert_allclose(found.not_liked, [8, 13.5, 16])


def test_a_night_s_own_tracks_count_whole_and_those_of_a_half_life_ago_half():
    found = tries((8, 16))
    for _ in range(int(HALF_LIFE)):
        found = found.after_night(np.array([0.0]), np.array([0.0]))
    np.testing.assert_allclose([found.liked[0], found.tried[0]], [4, 8])
    found = tries((0, 0)).after_night(np.array([2.0]), np.array([3.0]))
    assert (found.liked[0], found.tried[0]) == (2, 3)
    assert Tries.none(2).tried.tolist() == [0, 0]


def test_a_track_counts_half_after_thirty_nights():
    assert HALF_LIFE == 30


def test_before_any_was_heard_one_explored_track_in_four_is_liked_and_of_others_every_second():
    for prior, liked, not_liked in ((EXPLORED, 2.5, 7.5), (EXPLOITED, 5, 5)):
        found = posterior(Tries.none(1), np.array([0]), prior)
        assert (found.liked.tolist(), found.not_liked.tolist()) == ([liked], [not_liked])
    # Of 8 others in the segment 5 are liked: (1 + 5) / (4 + 8), and (2 + 5) / (4 + 8).
    for prior, liked in ((EXPLORED, 10 * 6 / 12), (EXPLOITED, 10 * 7 / 12)):
        assert posterior(tries((0, 0), (5, 8)), np.array([0, 0]), prior).liked[0] == pytest.approx(liked)


def test_draws_are_quantiles_of_the_beta():
    # Beta(1, 1): u; Beta(2, 1): sqrt(u); Beta(1, 2): 1 - sqrt(1 - u).
    found = Posterior(np.array([1.0, 2.0, 1.0]), np.array([1.0, 1.0, 2.0]))
    uniforms = np.array([[0.36, 0.84]] * 3)
    np.testing.assert_allclose(
        found.draws(uniforms), [[0.36, 0.84], [0.6, np.sqrt(0.84)], [0.2, 0.6]], atol=1e-12
    )


def test_the_share_is_that_of_the_draws_which_exploring_wins_between_floor_and_ceiling():
    flat = Posterior(np.ones(3), np.ones(3))  # draws are the uniforms themselves
    uniforms = np.array([
        [[0.9, 0.8, 0.7, 0.6], [0.1, 0.2, 0.3, 0.4]],  # wins all
        [[0.1, 0.2, 0.3, 0.6], [0.9, 0.8, 0.7, 0.4]],  # one of four
        [[0.5, 0.5, 0.5, 0.5], [0.5, 0.5, 0.5, 0.5]],  # draws that are equal are not won
    ])  # fmt: skip
    shares = explore_shares(flat, flat, uniforms, floor=0.1, ceiling=0.5)
    np.testing.assert_allclose(shares, [0.5, 0.2, 0.1])


def test_who_likes_what_is_explored_gets_more_of_it_and_others_the_floor():
    explored = Posterior(np.array([90.0, 10.0]), np.array([10.0, 90.0]))
    exploited = Posterior(np.array([50.0, 50.0]), np.array([50.0, 50.0]))
    uniforms = uniforms_of(7, 0, ["ann", "bob"], 30)
    shares = explore_shares(explored, exploited, uniforms, floor=0.05, ceiling=0.5)
    np.testing.assert_allclose(shares, [0.5, 0.05])


def test_a_listener_s_uniforms_depend_on_seed_night_and_listener_alone():
    both = uniforms_of(7, 3, ["ann", "bob"], 4)
    assert both.shape == (2, 2, 4)
    np.testing.assert_array_equal(both[1], uniforms_of(7, 3, ["bob"], 4)[0])
    others = [uniforms_of(8, 3, ["bob"], 4), uniforms_of(7, 4, ["bob"], 4), both[:1]]
    assert all((other[0] != both[1]).all() for other in others)
    assert len(np.unique(both)) == both.size


@pytest.mark.parametrize("seed", [1, 2])
def test_uniforms_are_uniform(seed):
    drawn = uniforms_of(seed, 0, [f"listener-{i}" for i in range(500)], 30).ravel()
    counts, _ = np.histogram(drawn, bins=10, range=(0, 1))
    # 30,000 draws: 3,000 a bin, standard deviation 52.
    assert abs(counts - 3000).max() < 5 * 52
