"""Logged lists as arrays: a slot a row, with the probability that it was filled as it was."""

from dataclasses import dataclass, replace

import numpy as np

from models.arrays import Floats, Ints, Mask
from models.errors import ModelError

# A weight beyond e^350 has no square; logs of such lists cannot tell anyway.
LARGEST_LOG = 350.0


@dataclass(frozen=True)
class Slots:
    """Slots of logged lists, in any order: arrays of one length n.

    A list is a pair (``listener``, ``night``), a row one of its ``position``s (each at most once).
    ``rule`` numbers the rule that filled the slot, ``propensity`` in (0, 1] is the probability with
    which the logging rule filled it so, ``reward`` what came of it (1: liked, say; 0: nothing).

    Estimators of single slots want the propensity over all lists that could have been; those of
    sequences (SNIPS, RIPS) the one given the slots before (``models.offpolicy.exploration`` has both).
    """

    listener: Ints
    night: Ints
    position: Ints
    rule: Ints
    propensity: Floats
    reward: Floats

    def __post_init__(self) -> None:
        lengths = {len(values) for values in vars(self).values()}
        if len(lengths) != 1:
            raise ModelError(f"slots are arrays of one length, not of {sorted(lengths)}")
        if not ((self.propensity > 0) & (self.propensity <= 1)).all():
            raise ModelError("a propensity lies above 0, up to 1: what was shown had a chance of it")
        if not np.isfinite(self.reward).all():
            raise ModelError("a reward is a finite number: give 0 where nothing came of a slot")

    @property
    def order(self) -> Ints:
        """Rows by listener, night and position."""
        return np.lexsort((self.position, self.night, self.listener))

    def taken(self, rows: Ints) -> "Slots":
        """Return these rows, in their order."""
        return replace(self, **{name: values[rows] for name, values in vars(self).items()})

    def always(self, rule: int) -> Floats:
        """Return the target probability of filling every slot by one rule, where ``propensity`` is that
        of the choice of the rule: 1 where it did."""
        return np.where(self.rule == rule, 1.0, 0.0)


@dataclass(frozen=True)
class Lists:
    """What estimators see of ordered slots: ``first`` marks each list's first slot, ``of`` numbers the
    list, ``place`` the position (from 0) of each slot, ``listener`` the listener of each list."""

    first: Mask
    of: Ints
    place: Ints
    listener: Ints

    @classmethod
    def in_slots(cls, ordered: Slots) -> "Lists":
        """Find the lists. ModelError where one has a position twice."""
        first = np.ones(len(ordered.listener), bool)
        first[1:] = (np.diff(ordered.listener) != 0) | (np.diff(ordered.night) != 0)
        if (~first[1:] & (np.diff(ordered.position) == 0)).any():
            raise ModelError("a list has a position twice: give one row a slot")
        place = np.unique(ordered.position, return_inverse=True)[1].astype(np.int64)
        listener = np.unique(ordered.listener[first], return_inverse=True)[1].astype(np.int64)
        return cls(first, np.cumsum(first) - 1, place, listener)

    @property
    def last(self) -> Mask:
        """The last slot of each list."""
        return np.append(self.first[1:], True)

    @property
    def n(self) -> int:
        """How many lists."""
        return len(self.listener)

    def sums(self, values: Floats) -> Floats:
        """Return the sum over each list's slots."""
        return np.asarray(np.bincount(self.of, values, self.n), np.float64)

    def products(self, values: Floats) -> Floats:
        """Return the product over the slots of the list up to each slot, itself included."""
        # In logarithms, with zeros counted apart: nothing over- or underflows, and a zero stays one.
        none = values == 0
        logs = self._running(np.log(np.where(none, 1.0, values)))
        products = np.exp(np.minimum(logs, LARGEST_LOG))
        return np.where(self._running(none.astype(float)) > 0.5, 0.0, products)

    def _running(self, values: Floats) -> Floats:
        total = np.cumsum(values)
        before = (total - values)[self.first]
        return total - before[self.of]
