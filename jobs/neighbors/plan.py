"""How the pairs of listeners are divided into tasks, and what they will cost, before they start."""

from dataclasses import dataclass
from itertools import combinations_with_replacement, pairwise

import numpy as np
import scipy.sparse as sp

# A pair operation (two listeners, one item both rated) takes about a nanosecond; a task should be
# worth more than the second that its start and its lists cost.
WORTH_A_TASK = 500_000_000
BYTES_A_RATING = 64
BYTES_A_LISTENER = 64


@dataclass(frozen=True)
class Size:
    """What the ratings of a night are: ``pair_operations`` is the sum over tracks of listeners^2."""

    n_listeners: int
    n_tracks: int
    n_ratings: int
    pair_operations: int


def measured(ratings: sp.csr_matrix) -> Size:
    """The size of a matrix."""
    listeners = np.bincount(ratings.indices).astype(np.int64)
    n_listeners, n_tracks = ratings.shape
    return Size(n_listeners, n_tracks, ratings.nnz, int(listeners @ listeners))


@dataclass(frozen=True)
class Plan:
    """Spans of listeners, half-open; a task is a pair of spans, each pair once."""

    spans: tuple[tuple[int, int], ...]

    @property
    def tasks(self) -> list[tuple[int, int]]:
        """Pairs of places in ``spans``, i <= j."""
        return list(combinations_with_replacement(range(len(self.spans)), 2))


def make_plan(size: Size, *, k_both: int, n_cores: int, task_memory_mb: int) -> Plan:
    """Enough blocks for the cores, small enough for a task's memory, and no more."""
    a_listener = BYTES_A_LISTENER + 48 * k_both
    a_task = 2 * (size.n_ratings * BYTES_A_RATING + size.n_listeners * a_listener)
    for_memory = -(-a_task // (task_memory_mb * 2**20))
    wanted = min(3 * n_cores, size.pair_operations // 2 // WORTH_A_TASK)
    for_cores = next(n for n in range(1, wanted + 2) if n * (n + 1) // 2 >= wanted)
    n_blocks = max(1, min(size.n_listeners, max(for_memory, for_cores)))
    edges = [size.n_listeners * i // n_blocks for i in range(n_blocks + 1)]
    return Plan(tuple(pairwise(edges)))
