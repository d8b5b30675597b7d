"""200 simulated nights of which the truth is known: three slots, four tracks, rewards by chance.

In one world what comes of a slot depends on its track alone; in the other also on the track before, as
in a sequence. The true value is the sum over all 64 lists.
"""

from functools import cache
from itertools import product

import numpy as np
import pytest

from models.offpolicy.estimators import DoublyRobust, Iips, Rips, Snips, difference, value
from models.offpolicy.slots import Slots

N_NIGHTS, N_LISTS, N_SLOTS, N_TRACKS = 200, 3000, 3, 4
LIKED = np.array([0.1, 0.2, 0.3, 0.5])
# What a track is liked less after another: the sequence world. Only track 3 is liked after itself.
AFTER = np.array([
    [0.3, 0.9, 0.8, 0.1], [1.0, 0.3, 0.6, 0.1], [0.7, 1.0, 0.3, 0.9], [1.0, 0.9, 0.9, 1.0],
])  # fmt: skip
LOGGING = np.array([0.4, 0.3, 0.2, 0.1])
TARGET = np.array([0.25, 0.3, 0.2, 0.25])
OTHER = np.array([0.35, 0.3, 0.2, 0.15])
CLOSE = np.array([0.26, 0.3, 0.2, 0.24])
NEVER_EXPLORED = np.array([1.0, 0.0, 0.0, 0.0])


def chance(tracks, in_sequence):
    """P(like) of each slot: [..., N_SLOTS]."""
    liked = LIKED[tracks]
    if in_sequence:
        liked[..., 1:] *= AFTER[tracks[..., :-1], tracks[..., 1:]]
    return liked


def truth(rule, in_sequence):
    tracks = np.array(list(product(range(N_TRACKS), repeat=N_SLOTS)))
    return float((rule[tracks].prod(axis=1) * chance(tracks, in_sequence).sum(axis=1)).sum())


@cache
def night(seed, in_sequence, explores=True):
    """Tracks int[N_LISTS, N_SLOTS], and their slots as logged."""
    rng = np.random.default_rng(seed)
    logging = LOGGING if explores else NEVER_EXPLORED
    tracks = rng.choice(N_TRACKS, (N_LISTS, N_SLOTS), p=logging)
    reward = rng.random(tracks.shape) < chance(tracks, in_sequence)
    place = np.arange(tracks.size)
    lists, zeros = place // N_SLOTS, np.zeros(tracks.size, int)
    slots = Slots(
        lists, zeros, place % N_SLOTS, zeros, logging[tracks].ravel(), reward.ravel().astype(float)
    )
    return tracks, slots


def doubly_robust(tracks, rule):
    """A model that is wrong by a third, everywhere."""
    model = LIKED * 0.67
    return DoublyRobust(model[tracks].ravel(), np.full(tracks.size, float(rule @ model)))


ESTIMATORS = {
    "SNIPS": lambda *_: Snips(),
    "IIPS": lambda *_: Iips(),
    "RIPS": lambda *_: Rips(),
    "doubly robust": doubly_robust,
}


def covered(name, in_sequence):
    """The share of nights whose interval holds the true value."""
    true, held = truth(TARGET, in_sequence), 0
    for seed in range(N_NIGHTS):
        tracks, slots = night(seed, in_sequence)
        found = value(slots, TARGET[tracks].ravel(), ESTIMATORS[name](tracks, TARGET))
        assert not found.cannot_tell
        held += found.low <= true <= found.high
    return held / N_NIGHTS


@pytest.mark.parametrize("name", ESTIMATORS)
def test_the_interval_holds_the_truth_where_slots_are_independent(name):
    assert covered(name, in_sequence=False) >= 0.9


@pytest.mark.parametrize("name", ["SNIPS", "RIPS"])
def test_it_does_in_a_sequence_for_those_that_know_of_sequences(name):
    assert covered(name, in_sequence=True) >= 0.9


def test_it_does_not_for_one_that_takes_slots_for_independent():
    assert covered("IIPS", in_sequence=True) < 0.5


@pytest.mark.parametrize(
    ("name", "in_sequence"),
    [("SNIPS", True), ("RIPS", True), ("IIPS", False), ("doubly robust", False)],
)
def test_the_sign_of_a_difference_beyond_two_errors_is_right(name, in_sequence):
    right, n = 0, 0
    for seed in range(N_NIGHTS):
        tracks, slots = night(seed, in_sequence)
        for rule, other in ((TARGET, OTHER), (CLOSE, TARGET)):
            found = difference(
                slots,
                *((one[tracks].ravel(), ESTIMATORS[name](tracks, one)) for one in (rule, other)),
            )
            if not found.cannot_tell and abs(found.value) > 2 * found.standard_error:
                n += 1
                right += np.sign(found.value) == np.sign(
                    truth(rule, in_sequence) - truth(other, in_sequence)
                )
    assert n > N_NIGHTS
    assert right >= 0.95 * n


def test_a_difference_is_surer_than_two_values():
    tracks, slots = night(1, True)
    rules = [rule[tracks].ravel() for rule in (TARGET, CLOSE)]
    paired = difference(slots, (rules[0], Rips()), (rules[1], Rips()))
    apart = np.hypot(*(value(slots, rule, Rips()).standard_error for rule in rules))
    assert paired.standard_error < apart / 5


@pytest.mark.parametrize("name", ESTIMATORS)
def test_without_exploration_it_cannot_tell(name):
    for seed in range(20):
        tracks, slots = night(seed, False, explores=False)
        found = value(slots, TARGET[tracks].ravel(), ESTIMATORS[name](tracks, TARGET))
        assert found.value is None
        assert "overlap 0." in found.cannot_tell
