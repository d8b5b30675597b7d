"""Uniform exploration of one slot in so many, with the exact probability of every slot as it came out.

Without it logs tell about nothing but the rule that made them.
"""

from dataclasses import dataclass

import numpy as np

from models.arrays import Floats, Ints, Mask
from models.errors import ModelError


@dataclass(frozen=True)
class Explored:
    """A list as shown, by position: tracks, which are ``explored``, and with which probability each slot
    was filled so: over all that could have been (``propensity``), and ``given_before`` the slots before
    it, whose product is the probability of the list."""

    tracks: Ints
    explored: Mask
    propensity: Floats
    given_before: Floats


def explore(rng: np.random.Generator, picks: Ints, others: Ints, every: int = 30) -> Explored:
    """Put one of the ``others``, drawn uniformly, into one slot of each ``every``, drawn uniformly.

    ``picks``: the tracks of a rule, best first; ``others``: eligible tracks that are not among them,
    each once, in an order that is always the same. A last block of fewer slots is explored as rarely as
    any slot, so its draw may fall beyond the list. ModelError if ``others`` has one of the picks.
    """
    if np.isin(others, picks).any() or len(np.unique(others)) != len(others):
        raise ModelError("explored tracks are drawn from others than the list's, each named once")
    n, n_others = len(picks), len(others)
    tracks, explored, given_before = picks.copy(), np.zeros(n, bool), np.ones(n)
    n_blocks = -(-n // every)
    drawn = others[rng.choice(n_others, min(n_blocks, n_others), replace=False)] if n_others else others
    for number, start in enumerate(range(0, n, every)):
        slot = int(rng.integers(every))
        if number >= n_others:
            break
        size = min(every, n - start)
        left = every - np.arange(size)  # slots that the block's draw may still fall on, from each on
        kept = np.arange(size) < slot
        given_before[start : start + size][kept] = (1 - 1 / left)[kept]
        if slot < size:
            tracks[start + slot], explored[start + slot] = drawn[number], True
            given_before[start + slot] = 1 / (left[slot] * (n_others - explored[:start].sum()))
    return Explored(tracks, explored, _propensity(explored, n_others, every), given_before)


def _propensity(explored: Mask, n_others: int, every: int) -> Floats:
    # By symmetry each of the others is as likely as any in each slot that can be explored.
    block = np.arange(len(explored)) // every
    return np.where(
        block >= n_others, 1.0, np.where(explored, 1 / (every * max(n_others, 1)), 1 - 1 / every)
    )
