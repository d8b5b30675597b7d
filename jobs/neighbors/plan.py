"""How the pairs of listeners are divided into tasks, and what they will cost, before they start."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations_with_replacement, pairwise

import numpy as np
from numpy.typing import NDArray

from jobs.neighbors.kernel import head_size

# A pair operation (two listeners, one item that both rated) takes about a nanosecond, and half of
# them are done by symmetry. A task should be worth more than the second that its start and its
# lists cost.
WORTH_A_TASK = 1_000_000_000
# Memory of a task: ratings by listener and by track, accumulators and the lists of two blocks.
BYTES_A_RATING = 2 * 48
BYTES_A_LISTENER = 2 * 160
BYTES_AN_ENTRY = 2 * 24


@dataclass(frozen=True)
class NightSize:
    """How much the ratings of a night are.

    ``pair_operations`` is the sum over tracks of listeners^2; ``generating`` the same without the
    ``n_head`` most popular tracks, which exceed the budget.
    """

    n_listeners: int
    n_tracks: int
    n_ratings: int
    pair_operations: int
    generating: int
    n_head: int


def night_size(n_listeners: int, listeners: NDArray[np.integer], pair_budget: int) -> NightSize:
    """Measure a night by each track's number of listeners, in any order."""
    listeners = -np.sort(-listeners)
    squares = listeners.astype(np.float64) ** 2
    n_head = head_size(listeners, pair_budget)
    return NightSize(
        n_listeners=n_listeners,
        n_tracks=len(listeners),
        n_ratings=int(listeners.sum()),
        pair_operations=int(squares.sum()),
        generating=int(squares[n_head:].sum()),
        n_head=n_head,
    )


@dataclass(frozen=True)
class Plan:
    """Spans of listeners, half-open; a task is a pair of spans, each pair once."""

    spans: tuple[tuple[int, int], ...]

    @property
    def tasks(self) -> list[tuple[int, int]]:
        """Pair the places in ``spans``, i <= j."""
        return list(combinations_with_replacement(range(len(self.spans)), 2))


def make_plan(
    size: NightSize,
    n_ratings: Sequence[int] | NDArray[np.integer],
    *,
    list_length: int,
    n_cores: int,
    task_memory_mb: int,
    n_blocks: int | None = None,
) -> Plan:
    """Divide listeners into enough blocks for the cores, small enough for a task's memory, and no more.

    ``n_ratings`` of each listener: blocks hold even shares of memory, so that a listener with very
    many ratings shares a block with few others.
    """
    a_listener = BYTES_A_LISTENER + BYTES_AN_ENTRY * list_length
    memory = np.cumsum(np.asarray(n_ratings, np.int64) * BYTES_A_RATING + a_listener)
    total = int(memory[-1]) if len(memory) else 0
    if n_blocks is None:
        n_blocks = max(_for_cores(size, n_cores), -(-total // (task_memory_mb * 2**20)))
    shares = np.arange(1, n_blocks) * total / n_blocks
    edges = np.searchsorted(memory, shares, side="right").tolist()
    return Plan(tuple(span for span in pairwise([0, *edges, size.n_listeners]) if span[0] < span[1]))


def _for_cores(size: NightSize, n_cores: int) -> int:
    wanted = min(3 * n_cores, size.generating // WORTH_A_TASK)
    n = 1
    while n * (n + 1) // 2 < wanted:
        n += 1
    return n
