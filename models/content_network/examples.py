"""What the network learns from: plays of a block of time, with what was known before the block."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.content_network.arrays import Floats, ListenerArrays, TrackStats

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Block:
    """Plays of one block of time.

    ``listeners`` and ``stats`` are as known before the block; a row of ``stats`` is a track's.
    Play i is of listener row ``listener_of[i]`` and track ``track_of[i]``, and was ``liked`` (1 or 0)
    with ``weight``.
    """

    listeners: ListenerArrays
    stats: TrackStats
    listener_of: Ints
    track_of: Ints
    liked: NDArray[np.float32]
    weight: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.liked)

    def take(self, rows: Ints | slice) -> "Block":
        """These plays."""
        return Block(
            self.listeners,
            self.stats,
            self.listener_of[rows],
            self.track_of[rows],
            self.liked[rows],
            self.weight[rows],
        )


@dataclass(frozen=True)
class Examples:
    """Blocks in order of time: the last one is later than all the network was fitted to.

    ``features`` float64[n_tracks, 13]. ``tuning`` is for early stopping and calibration, ``heldout``
    for measuring alone.
    """

    features: Floats
    fitting: tuple[Block, ...]
    tuning: Block
    heldout: Block

    @property
    def n_fitting(self) -> int:
        """Plays to fit to."""
        return sum(len(block) for block in self.fitting)

    def is_complete(self) -> bool:
        """Whether there are likes and dislikes to fit to, and later plays to tune and measure on."""
        kinds = {float(kind) for block in self.fitting for kind in np.unique(block.liked)}
        return kinds == {0.0, 1.0} and len(self.tuning) > 0 and len(self.heldout) > 0
