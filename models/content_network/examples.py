"""What the network learns from: plays of a block of time, with what was known before the block."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.arrays import Floats, Floats32, Ints
from models.content_network.arrays import ListenerArrays, TrackStats

# Row numbers of listener, track and counts, the label (1 like, 0 dislike) and its weight.
ROW = np.dtype(
    [("listener", "<i4"), ("track", "<i4"), ("counts", "<i4"), ("liked", "<f4"), ("weight", "<f4")]
)
RUN = 8192
RUNS_MIXED = 64
Rows = NDArray[np.void]


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
    liked: Floats32
    weight: Floats32

    def __len__(self) -> int:
        return len(self.liked)

    def take(self, rows: Ints | slice) -> "Block":
        """Return these plays."""
        return Block(
            self.listeners,
            self.stats,
            self.listener_of[rows],
            self.track_of[rows],
            self.liked[rows],
            self.weight[rows],
        )

    def rows(self, first_listener: int, first_count: int) -> Rows:
        """Return rows of a file in which the block's listeners and tracks begin at these numbers."""
        rows = np.empty(len(self), ROW)
        rows["listener"] = self.listener_of + first_listener
        rows["track"] = self.track_of
        rows["counts"] = self.track_of + first_count
        rows["liked"], rows["weight"] = self.liked, self.weight
        return rows


@dataclass(frozen=True)
class RowFile:
    """Rows in a file: read in runs, so that memory does not grow with their number."""

    path: Path
    n_rows: int

    def batches(self, size: int, rng: np.random.Generator | None) -> Iterator[Rows]:
        """Yield one epoch. With a generator rows come shuffled: runs in random order, and the rows of
        ``RUNS_MIXED`` runs at a time among each other."""
        runs = np.arange(-(-self.n_rows // RUN))
        if rng is not None:
            runs = rng.permutation(runs)
        left = np.empty(0, ROW)
        with self.path.open("rb") as file:
            for first in range(0, len(runs), RUNS_MIXED):
                pool = [
                    left,
                    *(self._run(file.fileno(), run) for run in runs[first : first + RUNS_MIXED]),
                ]
                rows = np.concatenate(pool)
                if rng is not None:
                    rows = rows[rng.permutation(len(rows))]
                whole = len(rows) - len(rows) % size
                yield from (rows[at : at + size] for at in range(0, whole, size))
                left = rows[whole:]
        if len(left):
            yield left

    def _run(self, file: int, run: int) -> Rows:
        return np.frombuffer(os.pread(file, RUN * ROW.itemsize, int(run) * RUN * ROW.itemsize), ROW)


@dataclass(frozen=True)
class Examples:
    """Blocks of time: the tuning and held-out plays are later than all the network is fitted to.

    ``listeners`` and ``stats`` are those of all blocks, one below the other, and ``rows`` points into
    them; ``plays_of_track`` counts the rows of each track. ``features`` is float64[n_tracks, 13].
    ``tuning`` is for early stopping and calibration, ``heldout`` for measuring alone.
    """

    features: Floats
    listeners: ListenerArrays
    stats: TrackStats
    rows: RowFile
    plays_of_track: Ints
    n_liked: int
    tuning: Block
    heldout: Block

    @property
    def n_fitting(self) -> int:
        """Return the number of plays to fit to."""
        return self.rows.n_rows

    def is_complete(self) -> bool:
        """Return whether there are likes and dislikes to fit to, and later plays to tune and measure."""
        return 0 < self.n_liked < self.n_fitting and len(self.tuning) > 0 and len(self.heldout) > 0


class ExamplesWriter:
    """Writes blocks as they come; only listeners and tracks stay in memory."""

    def __init__(self, path: Path, features: Floats, stats: list[TrackStats]) -> None:
        self.path, self.features, self.stats = path, features, stats
        self.listeners: list[ListenerArrays] = []
        self.plays_of_track = np.zeros(len(features), np.int64)
        self.n_listeners = self.n_rows = self.n_liked = 0
        path.write_bytes(b"")

    def add(self, block: Block, number: int) -> None:
        """Add plays of the block with this number; its stats are ``stats[number]``."""
        with self.path.open("ab") as file:
            block.rows(self.n_listeners, number * len(self.features)).tofile(file)
        self.listeners.append(block.listeners)
        self.plays_of_track += np.bincount(block.track_of, minlength=len(self.features))
        self.n_listeners += len(block.listeners)
        self.n_rows += len(block)
        self.n_liked += int(block.liked.sum())

    def close(self, tuning: Block, heldout: Block) -> Examples:
        """Return all that was added, with the plays to tune and to measure on."""
        return Examples(
            self.features,
            ListenerArrays.stack(self.listeners),
            TrackStats.stack(self.stats[:-1]),
            RowFile(self.path, self.n_rows),
            self.plays_of_track,
            self.n_liked,
            tuning,
            heldout,
        )
