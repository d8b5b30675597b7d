"""Estimators of what another rule would have earned: a dataclass each, over one log.

r: reward, w = target / propensity: weight of a slot, k its position, i one of n lists. A list's value is
the sum of its slots' rewards. ``target`` is float64[n_slots] in [0, 1]: the probability with which the
judged rule fills the slot as it was filled.
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from models.arrays import Floats, Ints
from models.errors import ModelError
from models.offpolicy.estimate import Estimate, Support, estimate
from models.offpolicy.slots import Lists, Slots


@dataclass(frozen=True)
class Log:
    """Slots in order, with their lists; ``order``: the row of each as given."""

    slots: Slots
    lists: Lists
    order: Ints

    @classmethod
    def of(cls, slots: Slots) -> "Log":
        """Put slots in order. ModelError where there are none."""
        if not len(slots.listener):
            raise ModelError("nothing was logged: no estimate without a list")
        order = slots.order
        ordered = slots.taken(order)
        return cls(ordered, Lists.in_slots(ordered), order)

    def weights(self, target: Floats) -> Floats:
        """Return w of each slot, in order, of a target in the order given."""
        if len(target) != len(self.order) or not ((target >= 0) & (target <= 1)).all():
            raise ModelError(f"a target has a probability, 0 to 1, for each of {len(self.order)} slots")
        weights: Floats = target[self.order] / self.slots.propensity
        return weights


class Estimator(Protocol):
    """Something that has a value for each list, whose mean is the estimate."""

    def of_lists(self, log: Log, target: Floats) -> tuple[Floats, Support]:
        """Return float64[n_lists], and what the logs have seen of the rule."""


def value(slots: Slots, target: Floats, estimator: Estimator) -> Estimate:
    """Estimate what a rule earns a list."""
    log = Log.of(slots)
    values, support = estimator.of_lists(log, target)
    return estimate(values, log.lists.listener, support)


def difference(
    slots: Slots, first: tuple[Floats, Estimator], second: tuple[Floats, Estimator]
) -> Estimate:
    """Estimate what the first rule (target, estimator) earns more than the second, on the same lists.

    Paired: what both do alike cancels, so it is surer than two estimates (Jeunen and Ustimenko 2024,
    "Delta-OPE"). The logs must have seen enough of both.
    """
    log = Log.of(slots)
    (one, seen), (other, also_seen) = (how.of_lists(log, target) for target, how in (first, second))
    return estimate(one - other, log.lists.listener, seen.least(also_seen))


def ratio_parts(weights: Floats, rewards: Floats) -> Floats:
    """Return each one's part of sum(w r) / sum(w): their mean is the ratio, and they spread as it does
    (its influence function). All 0 where no weight is above 0."""
    total = weights.sum()
    if total == 0:
        return np.zeros(len(weights))
    ratio = float((weights * rewards).sum() / total)
    parts: Floats = ratio + weights * (rewards - ratio) * (len(weights) / total)
    return parts


@dataclass(frozen=True)
class Snips:
    """Self-normalized inverse propensity score: sum_i W_i R_i / sum_i W_i, W_i = prod_k w_ik,
    R_i = sum_k r_ik. Right whatever slots do to each other; weights grow with the length of lists.
    (Swaminathan and Joachims 2015.)"""

    def of_lists(self, log: Log, target: Floats) -> tuple[Floats, Support]:
        """Parts of the ratio."""
        whole = log.lists.products(log.weights(target))[log.lists.last]
        parts = ratio_parts(whole, log.lists.sums(log.slots.reward))
        return parts, Support.of_weights(whole, np.zeros(len(whole), np.int64))


@dataclass(frozen=True)
class Iips:
    """Independent inverse propensity score: 1/n sum_i sum_k w_ik r_ik. Right where what comes of a slot
    depends on it alone. (Li, Abbasi-Yadkori, Kveton et al. 2018, item-position model.)"""

    def of_lists(self, log: Log, target: Floats) -> tuple[Floats, Support]:
        """Weighted rewards."""
        weights = log.weights(target)
        return log.lists.sums(weights * log.slots.reward), Support.of_weights(weights, log.lists.place)


@dataclass(frozen=True)
class Rips:
    """Reward interaction inverse propensity score: sum_k n_k/n sum_i W_ik r_ik / sum_i W_ik, W_ik =
    prod_{j <= k} w_ij, over the n_k lists that have position k. Right where what comes of a slot depends
    on it and on those before, as tracks in a sequence. (McInerney, Brost, Chandar et al. 2020.)"""

    def of_lists(self, log: Log, target: Floats) -> tuple[Floats, Support]:
        """Parts of the ratios."""
        up_to, place = log.lists.products(log.weights(target)), log.lists.place
        parts = np.zeros(len(target))
        for k in range(int(place.max(initial=-1)) + 1):
            at = place == k
            parts[at] = ratio_parts(up_to[at], log.slots.reward[at])
        return log.lists.sums(parts), Support.of_weights(up_to, place)


@dataclass(frozen=True)
class DoublyRobust:
    """1/n sum_i sum_k q_ik(target) + w_ik (r_ik - q_ik(shown)): a model's word, corrected by what it got
    wrong. Right, slots being independent, if either the propensities or the model are; the better the
    model, the narrower. (Dudik, Langford and Li 2011.)

    ``shown`` is the reward that the model expects of each slot as it was filled, ``expected`` as the
    judged rule would fill it; both float64[n_slots] in the order of the slots given."""

    shown: Floats
    expected: Floats

    def of_lists(self, log: Log, target: Floats) -> tuple[Floats, Support]:
        """The model's word and its correction."""
        weights = log.weights(target)
        shown, expected = self.shown[log.order], self.expected[log.order]
        parts = expected + weights * (log.slots.reward - shown)
        return log.lists.sums(parts), Support.of_weights(weights, log.lists.place)
