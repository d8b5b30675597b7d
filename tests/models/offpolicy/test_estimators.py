"""Three lists by hand: ada's two of night 1 and 2 with two slots each, bob's with one."""

from dataclasses import replace

import numpy as np
import pytest

from models.errors import ModelError
from models.offpolicy import estimate as bounds
from models.offpolicy.estimators import DoublyRobust, Iips, Rips, Snips, difference, ratio_parts, value
from models.offpolicy.slots import Slots

#            ada, night 1   ada, night 2   bob
LISTENER = np.array([7, 7, 7, 7, 3])
NIGHT = np.array([1, 1, 2, 2, 1])
POSITION = np.array([1, 2, 1, 2, 1])
PROPENSITY = np.array([0.5, 0.25, 0.5, 0.5, 0.8])
REWARD = np.array([1.0, 0.0, 0.0, 1.0, 1.0])
TARGET = np.array([0.25, 0.5, 0.5, 1.0, 0.4])  # weights .5, 2 | 1, 2 | .5
SLOTS = Slots(LISTENER, NIGHT, POSITION, np.array([0, 1, 0, 0, 0]), PROPENSITY, REWARD)
MODEL = DoublyRobust(np.array([0.5, 0.5, 0.0, 0.5, 1.0]), np.array([0.4, 0.2, 0.0, 0.6, 0.8]))

# Parts of ada's first, ada's second and bob's list.
RATIO = (1 * 1 + 2 * 1 + 0.5 * 1) / (1 + 2 + 0.5)
SLOT_1, SLOT_2 = (0.5 * 1 + 1 * 0 + 0.5 * 1) / 2, (1 * 0 + 2 * 1) / 3
PARTS = {
    "SNIPS": (Snips(), [RATIO, RATIO, RATIO]),  # every list earns 1: nothing spreads
    "IIPS": (Iips(), [0.5, 2.0, 0.5]),
    "RIPS": (Rips(), [
        SLOT_1 + 0.5 * (1 - SLOT_1) * 3 / 2 + SLOT_2 + 1 * (0 - SLOT_2) * 2 / 3,
        SLOT_1 + 1 * (0 - SLOT_1) * 3 / 2 + SLOT_2 + 2 * (1 - SLOT_2) * 2 / 3,
        SLOT_1 + 0.5 * (1 - SLOT_1) * 3 / 2,
    ]),
    "doubly robust": (MODEL, [
        0.4 + 0.5 * (1 - 0.5) + 0.2 + 2 * (0 - 0.5), 0 + 1 * 0 + 0.6 + 2 * (1 - 0.5), 0.8 + 0.5 * 0,
    ]),
}  # fmt: skip
VALUE = {"SNIPS": 1.0, "IIPS": 1.0, "RIPS": SLOT_1 + SLOT_2 * 2 / 3, "doubly robust": 2.25 / 3}


@pytest.fixture
def bold(monkeypatch):
    """Three lists are enough to tell."""
    monkeypatch.setattr(bounds, "MIN_EFFECTIVE", 1.0)
    monkeypatch.setattr(bounds, "MIN_OVERLAP", 0.5)


@pytest.mark.parametrize("name", PARTS)
def test_values_and_errors_by_hand(bold, name):
    """The error goes by listener: ada's two lists together, bob's alone."""
    estimator, parts = PARTS[name]
    found = value(SLOTS, TARGET, estimator)
    assert found.value == pytest.approx(VALUE[name])
    spread = np.array(parts) - VALUE[name]
    error = np.sqrt((spread[:2].sum() ** 2 + spread[2] ** 2) * 2 / 1) / 3
    assert found.standard_error == pytest.approx(error, abs=1e-12)
    assert (found.low, found.high) == pytest.approx(
        (VALUE[name] - 1.959964 * error, VALUE[name] + 1.959964 * error)
    )
    assert found.n_lists == 3


@pytest.mark.parametrize(
    ("name", "effective", "overlap"),
    [
        ("SNIPS", 3.5**2 / (1 + 4 + 0.25), 1.0),
        # The first position: weights .5, 1, .5; the second: 2, 2.
        ("IIPS", 2.0, 2 / 3),
        # Of products at the second position: 1, 2.
        ("RIPS", 9 / 5, 2 / 3),
        ("doubly robust", 2.0, 2 / 3),
    ],
)
def test_what_the_logs_have_seen_is_that_of_the_weakest_position(name, effective, overlap):
    found = value(SLOTS, TARGET, PARTS[name][0])
    assert (found.effective, found.overlap) == pytest.approx((effective, overlap))
    assert found.value is found.low is found.high is found.standard_error is None
    assert found.cannot_tell.startswith("cannot tell: 2 effective lists, of 1,000 wanted")
    assert ("overlap 0.67, of 0.8 wanted" in found.cannot_tell) == (name != "SNIPS")


def test_a_logs_own_rule_has_the_mean_reward_whichever_way(bold):
    for name, (estimator, _) in PARTS.items():
        if name != "doubly robust":
            assert value(SLOTS, PROPENSITY, estimator).value == pytest.approx(1.0)
    unchanged = DoublyRobust(MODEL.shown, MODEL.shown)
    assert value(SLOTS, PROPENSITY, unchanged).value == pytest.approx(1.0)


@pytest.mark.parametrize("name", PARTS)
def test_the_order_of_slots_changes_nothing(bold, name):
    order = np.array([4, 3, 0, 2, 1])
    estimator = PARTS[name][0]
    if name == "doubly robust":
        estimator = DoublyRobust(MODEL.shown[order], MODEL.expected[order])
    shuffled = value(SLOTS.taken(order), TARGET[order], estimator)
    assert vars(shuffled) == pytest.approx(vars(value(SLOTS, TARGET, PARTS[name][0])))


def test_a_difference_is_paired(bold):
    """Of a rule to itself it is 0, surely; of two rules it is that of their values, list by list."""
    same = difference(SLOTS, (TARGET, Iips()), (TARGET, Iips()))
    assert (same.value, same.standard_error) == (0.0, 0.0)
    other = difference(SLOTS, (TARGET, Iips()), (PROPENSITY, Iips()))
    assert other.value == pytest.approx(1.0 - 1.0)
    spread = np.array([0.5 - 1, 2.0 - 1, 0.5 - 1])
    assert other.standard_error == pytest.approx(np.sqrt((0.5**2 + 0.5**2) * 2) / 3)
    assert spread.sum() == 0


def test_a_difference_needs_enough_of_both(bold):
    never = np.zeros(5)
    assert "overlap 0.00" in difference(SLOTS, (TARGET, Snips()), (never, Snips())).cannot_tell
    assert "overlap 0.00" in difference(SLOTS, (never, Snips()), (TARGET, Snips())).cannot_tell


@pytest.mark.parametrize("estimator", [Snips(), Iips(), Rips()])
def test_of_a_rule_that_does_nothing_that_was_seen_nothing_is_told(bold, estimator):
    found = value(SLOTS, np.zeros(5), estimator)
    assert found.cannot_tell == (
        "cannot tell: 0 effective lists, of 1 wanted; overlap 0.00, of 0.5 wanted"
    )


def test_a_ratio_has_parts_by_weight_and_none_without():
    """The ratio is 0.25 / 1; the parts are 0.25 + 0.25 x 0.75 x 2 and 0.25 - 0.75 x 0.25 x 2."""
    rewards = np.array([1.0, 0.0])
    assert ratio_parts(np.array([0.25, 0.75]), rewards).tolist() == [0.625, -0.125]
    assert ratio_parts(np.zeros(2), rewards).tolist() == [0, 0]


def test_always_one_rule_is_a_target_of_ones_and_zeros():
    assert SLOTS.always(0).tolist() == [1, 0, 1, 1, 1]


def two_lists_of(n):
    """Two nights of one listener, ``n`` slots each, all liked and filled so by a chance of .3."""
    return Slots(
        np.zeros(2 * n, int), np.repeat([1, 2], n), np.tile(np.arange(n), 2), np.zeros(2 * n, int),
        np.full(2 * n, 0.3), np.ones(2 * n),
    )  # fmt: skip


def test_long_lists_neither_overflow_nor_forget_a_zero(bold):
    """300 slots of weight 3, then of 1/3; and one slot that the rule never fills so."""
    n = 600
    here = two_lists_of(n)
    target = np.tile(np.where(np.arange(n) < n // 2, 0.9, 0.1), 2)
    target[n + 5] = 0.0
    found = value(here, target, Snips())
    assert found.value == pytest.approx(n)
    assert found.effective == pytest.approx(1.0)


def test_a_weight_that_is_too_large_to_square_is_cut(bold):
    """700 slots of weight 3 each, e^769 in all, on the first of two nights; on the second one of 0."""
    n = 700
    here = two_lists_of(n)
    target = np.full(2 * n, 0.9)
    target[n + 5] = 0.0
    with np.errstate(all="raise", under="ignore"):
        found = value(here, target, Snips())
    assert (found.value, found.effective) == (pytest.approx(n), pytest.approx(1.0))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"propensity": np.array([0.5, 0.0, 0.5, 0.5, 0.8])}, "a propensity lies above 0, up to 1"),
        ({"propensity": np.array([0.5, np.nan, 0.5, 0.5, 0.8])}, "a propensity lies above 0"),
        ({"propensity": np.array([0.5, 1.1, 0.5, 0.5, 0.8])}, "a propensity lies above 0"),
        ({"reward": np.array([0, np.nan, 0, 0, 0])}, "a reward is a finite number"),
        ({"reward": np.zeros(4)}, r"arrays of one length, not of \[4, 5\]"),
    ],
)
def test_wrong_logs_are_refused(changes, message):
    with pytest.raises(ModelError, match=message):
        replace(SLOTS, **changes)


def test_wrong_targets_and_empty_logs_are_refused():
    for target in (TARGET[:4], TARGET + 1, TARGET * np.nan):
        with pytest.raises(ModelError, match="0 to 1, for each of 5 slots"):
            value(SLOTS, target, Snips())
    with pytest.raises(ModelError, match="a list has a position twice"):
        value(replace(SLOTS, position=np.array([1, 1, 1, 2, 1])), TARGET, Snips())
    nothing = SLOTS.taken(np.zeros(0, int))
    with pytest.raises(ModelError, match="nothing was logged"):
        value(nothing, np.zeros(0), Snips())
