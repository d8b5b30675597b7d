from dataclasses import replace
from itertools import pairwise, permutations

import numpy as np
import pytest

from jobs.recommend.listening_order import OPENING, listening_order, steps
from models.features import FEATURES
from tests.recommend.town import catalog, ints

ENERGY, TEMPO, KEY, MODE = (FEATURES.index(name) for name in ("energy", "tempo", "key", "mode"))


def tracks_of(*energy, artists=None, **features):
    """Tracks that differ in energy (and in features given) alone, each by an artist of its own."""
    n = len(energy)
    artists = artists if artists is not None else range(n)
    values = np.full((n, len(FEATURES)), 0.5)
    values[:, ENERGY] = energy
    for name, of_track in features.items():
        values[:, FEATURES.index(name)] = of_track
    ids = tuple(f"t{number}" for number in range(n))
    return replace(
        catalog(), ids=ids, titles=ids, artists=ids, features=values, song=np.arange(n),
        artist_ids=tuple(f"a{number}" for number in range(n)), artist_ptr=np.arange(n + 1),
        artist_of=ints(*artists),
    )  # fmt: skip


def order_of(tracks, new=()):
    new_artist = np.isin(np.arange(len(tracks)), new)
    return listening_order(range(len(tracks)), new_artist, tracks).tolist()


def test_it_opens_with_the_surest_and_goes_on_in_short_steps():
    assert order_of(tracks_of(0.0, 0.0, 0.5, 0.9, 0.6, 0.8, 0.7)) == [0, 1, 2, 4, 6, 5, 3]


def test_a_stretch_is_reversed_where_that_is_shorter_than_the_nearest_next():
    # From .5 the nearest next is .55, then .4, .2, .9, of energy 1.1 in all; by .4, .2, .55, .9 it is 1.
    tracks = tracks_of(0.5, 0.5, 0.5, 0.55, 0.4, 0.2, 0.9)
    found = order_of(tracks)
    cost = steps(np.arange(7), tracks)

    def length(order):
        return sum(cost[one, other] for one, other in pairwise(order))

    shortest = min(length([0, 1, 2, *rest]) for rest in permutations(range(3, 7)))
    assert length(found) == pytest.approx(shortest)
    assert length(found) < length([0, 1, 2, 3, 4, 5, 6])


def test_no_artist_comes_twice_in_a_row_from_the_first_track_on():
    tracks = tracks_of(*[0.5] * 6, artists=[0, 0, 1, 1, 2, 2])
    order = order_of(tracks)
    artists = tracks.artist_of[order]
    assert order[0] == 0 and (artists[1:] != artists[:-1]).all()
    together = tracks_of(*[0.5] * 3, artists=[0, 0, 0])
    assert order_of(together) == [0, 1, 2]


def test_a_collaboration_is_by_each_of_its_artists():
    # 0 and 1 by ann, 4 by ann and cid, 2 and 3 by bob.
    order = listening_order(ints(0, 4, 2), np.zeros(3, bool), catalog())
    assert order.tolist() == [0, 2, 1]


@pytest.mark.parametrize("seed", range(20))
def test_unheard_artists_are_kept_apart(seed):
    """Nine of thirty, wherever they lie."""
    order = order_of(tracks_of(*np.random.default_rng(seed).random(30)), new=range(21, 30))
    is_new = np.array(order) >= 21
    assert not (is_new[1:] & is_new[:-1]).any()


@pytest.mark.parametrize("seed", range(20))
def test_no_reversed_stretch_and_no_moved_track_makes_it_shorter(seed):
    tracks = tracks_of(*np.random.default_rng(seed).random(9), tempo=np.arange(9) * 7 % 5)
    found, cost = order_of(tracks), steps(np.arange(9), tracks)

    def length(order):
        return sum(cost[one, other] for one, other in pairwise(order))

    others = [
        [*found[:i], *found[i : j + 1][::-1], *found[j + 1 :]] for i in range(3, 9) for j in range(i, 9)
    ]
    for place in range(3, 9):
        left = [track for track in found if track != found[place]]
        others += [[*left[:to], found[place], *left[to:]] for to in range(3, 9)]
    assert min(map(length, others)) >= length(found) - 1e-9


def test_a_step_is_in_deviations_of_energy_and_tempo_and_fifths_of_keys():
    tracks = tracks_of(0.0, 2.0, tempo=[100, 140], key=[0, 7], mode=[1, 1])
    # Each feature is a deviation of 1 from its mean; C to G is one fifth of six, which are worth 2.
    assert steps(ints(0, 1), tracks)[0, 1] == pytest.approx(2 + 2 + 2 / 6)


@pytest.mark.parametrize(
    ("keys", "modes", "apart"),
    [
        ((0, 6), (1, 1), 2.0),  # C and F sharp
        ((0, 9), (1, 0), 0.0),  # C and its relative, A minor
        ((11, 5), (1, 1), 2.0),
        ((0, 5), (1, 1), 2 / 6),  # C and F
        ((2, 11), (1, 0), 0.0),  # D and B minor
        ((0, np.nan), (1, 1), 1.0),
    ],
)
def test_keys_are_as_far_apart_as_on_the_circle_of_fifths(keys, modes, apart):
    tracks = tracks_of(0.5, 0.5, key=keys, mode=modes)
    found = steps(ints(0, 1), tracks)
    assert found[0, 1] == found[1, 0] == pytest.approx(apart)


def test_what_has_no_features_is_in_the_middle():
    tracks = tracks_of(0.0, 1.0, 2.0, 1.0)
    tracks.features[3] = np.nan
    found = steps(ints(0, 1, 3), tracks)
    assert found[1, 2] == pytest.approx(1.0) and found[0, 2] == pytest.approx(found[0, 1] + 1.0)


@pytest.mark.parametrize("n", range(OPENING + 2))
def test_short_lists_keep_every_track(n):
    assert sorted(order_of(tracks_of(*np.linspace(0, 1, n)))) == list(range(n))
