"""The order in which a list is listened to, apart from its rank.

It opens with the surest tracks; from there each goes over smoothly into the next, no artist comes twice
in a row and two unheard artists only where nothing else is left. It is a short path from the opening
through all other tracks: nearest neighbor, then 2-opt (Croes 1958) and moves of one track (Or 1976)
until none makes it shorter.
"""

from collections.abc import Sequence

import numpy as np

from jobs.domain.arrays import Floats, Ints, Mask
from jobs.recommend.tracks import Tracks
from models.features import FEATURES

OPENING = 3
ENERGY, TEMPO, KEY, MODE = (FEATURES.index(name) for name in ("energy", "tempo", "key", "mode"))
# The farthest keys are as far apart as two standard deviations of tempo; an unknown one is half as far.
FIFTHS = 12
FARTHEST_KEYS, UNKNOWN_KEY = 2.0, 1.0
# Farther than any two tracks are: such a step is taken only where there is no other.
BOTH_NEW, SAME_ARTIST = 100.0, 10_000.0
LEAST_GAIN = 1e-9


def listening_order(positions: Sequence[int], new_artist: Mask, tracks: Tracks) -> Ints:
    """Return the places in the list (from 0) in the order of listening, ties by rank.

    ``positions`` are the list's tracks by rank; ``new_artist``, bool of each, tells which are by artists
    the listener has not heard.
    """
    listed = np.array(positions, np.int64)
    cost = steps(listed, tracks) + BOTH_NEW * (new_artist[:, None] & new_artist)
    cost += SAME_ARTIST * _share_an_artist(listed, tracks)
    order: list[int] = []
    left = np.ones(len(listed), bool)
    while left.any():
        places = np.flatnonzero(left)
        step = cost[order[-1], places] if order else np.zeros(len(places))
        order.append(int(places[(step >= SAME_ARTIST if len(order) < OPENING else step).argmin()]))
        left[order[-1]] = False
    return _shortened(np.array(order, np.int64), cost)


def steps(positions: Ints, tracks: Tracks) -> Floats:
    """Return how far each track is from each other: float64[n, n].

    Standard deviations of energy and of tempo, and of keys the share of the way around the circle of
    fifths, a minor key in the place of its relative major.
    """
    z = np.nan_to_num(tracks.z[positions])
    far = np.abs(z[:, None, [ENERGY, TEMPO]] - z[None, :, [ENERGY, TEMPO]]).sum(axis=2)
    key, mode = tracks.features[positions][:, [KEY, MODE]].T
    # Seven semitones are a fifth, three up from a minor key its relative major.
    fifth = np.where(mode == 0, key + 3, key) * 7 % FIFTHS
    apart = np.abs(fifth[:, None] - fifth)
    apart = np.minimum(apart, FIFTHS - apart) * (FARTHEST_KEYS / (FIFTHS / 2))
    return np.asarray(far + np.where(np.isnan(apart), UNKNOWN_KEY, apart))


def _share_an_artist(positions: Ints, tracks: Tracks) -> Mask:
    sets = [set(tracks.artists_of(int(position)).tolist()) for position in positions]
    return np.array([[not one.isdisjoint(other) for other in sets] for one in sets], bool)


def _shortened(order: Ints, cost: Floats) -> Ints:
    """Reverse a stretch after the opening, or move one track, while that makes the path shorter: of all
    such changes always the one that gains most."""
    n = len(order)
    while n > OPENING:
        # The last track has no next one: a step to nowhere costs nothing.
        along = np.zeros((n, n + 1))
        along[:, :n] = cost[np.ix_(order, order)]
        reversals, moves = _gain_of_reversing(along), _gain_of_moving(along)
        gains = moves if moves.max() > reversals.max() else reversals
        one, other = np.unravel_index(gains.argmax(), gains.shape)
        if gains[one, other] < LEAST_GAIN:
            break
        if gains is reversals:
            order[one : other + 1] = order[one : other + 1][::-1]
        else:
            moved, left = order[one], np.delete(order, one)
            order = np.insert(left, other if other > one else other + 1, moved)
    return order


def _gain_of_reversing(along: Floats) -> Floats:
    """Return what is gained if the stretch from place i to place j is reversed: [n, n]."""
    n = len(along)
    before, last = np.arange(n)[:, None] - 1, np.arange(n)
    gain = along[before, last[:, None]] + along[last, last + 1]
    gain -= along[before, last] + along[last[:, None], last + 1]
    free = (last[:, None] >= OPENING) & (last[:, None] < last)
    return np.where(free, gain, -np.inf)


def _gain_of_moving(along: Floats) -> Floats:
    """Return what is gained if the track at place i comes after that at place j: [n, n]."""
    n = len(along)
    place = np.arange(n)
    taken = along[place - 1, place] + along[place, place + 1] - along[place - 1, place + 1]
    put = along[place, place[:, None]] + along[place[:, None], place + 1] - along[place, place + 1]
    free = (place[:, None] >= OPENING) & (place >= OPENING - 1)
    free &= (place != place[:, None]) & (place != place[:, None] - 1)
    return np.where(free, taken[:, None] - put, -np.inf)
