import numpy as np

from models.candidates.reach import claims


def test_a_claim_is_one_over_the_place_among_the_listeners_of_the_track():
    # Track 4: listener 1 comes before listeners 0 and 2, who are alike; track 7 has listener 2 alone.
    listener, track = np.array([0, 1, 2, 2]), np.array([4, 4, 4, 7])
    found = claims(listener, track, np.array([0.2, 0.5, 0.2, 0.1]))
    assert found.tolist() == [1 / 2, 1, 1 / 3, 1]


def test_claims_do_not_depend_on_the_order_of_pairs():
    rng = np.random.default_rng(3)
    listener, track = (part.ravel() for part in np.divmod(rng.permutation(60), 6))
    scores = rng.integers(0, 4, 60) / 4
    order = np.lexsort((track, listener))
    sorted_ones = claims(listener[order], track[order], scores[order])
    assert (claims(listener, track, scores)[order] == sorted_ones).all()
    # Six tracks of ten listeners each.
    assert sorted(sorted_ones) == sorted([1 / place for place in range(1, 11)] * 6)


def test_of_no_pairs_there_are_no_claims():
    none = np.empty(0, int)
    assert len(claims(none, none, np.empty(0))) == 0
