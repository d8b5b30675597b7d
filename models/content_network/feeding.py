"""From examples to batches: the rows of listeners and tracks stay in tables, batches are row numbers."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from models.content_network.arrays import Floats, ListenerArrays, TrackStats
from models.content_network.examples import Block
from models.content_network.inputs import F32, Scaling, listener_inputs, track_inputs

if TYPE_CHECKING:
    import tensorflow as tf

Columns = dict[str, NDArray[Any]]
N_COUNTS = 3


@dataclass(frozen=True)
class Tables:
    """Inputs of all listeners and tracks, by block; the last row of each table is "not known"."""

    tastes: F32
    log_shares: F32
    profile: F32
    track: F32
    counts: F32

    @classmethod
    def of(cls, scaling: Scaling, features: Floats, blocks: tuple[Block, ...]) -> "Tables":
        """Of the features of all tracks, and of what is known of listeners and tracks in each block."""
        listeners = listener_inputs(scaling, _stack([block.listeners for block in blocks]))
        known = TrackStats.unknown(len(features))
        tracks = track_inputs(
            scaling, np.vstack([features, features[:1] * np.nan]), _stack_stats([known])
        )
        stats = _stack_stats([block.stats for block in blocks])
        nothing = np.broadcast_to(np.nan, (len(stats.n_plays), features.shape[1]))
        counts = track_inputs(scaling, nothing, stats)
        return cls(
            listeners.tastes,
            listeners.log_shares,
            listeners.profile,
            tracks[:, :-N_COUNTS],
            counts[:, -N_COUNTS:],
        )

    def columns(self, blocks: tuple[Block, ...]) -> Columns:
        """Row numbers, labels and weights of all plays of all blocks."""
        listener_at = np.cumsum([0, *(len(block.listeners) for block in blocks)])
        stats_at = np.cumsum([0, *(len(block.stats.n_plays) for block in blocks)])
        at = list(zip(blocks, listener_at, stats_at, strict=False))
        join = np.concatenate
        return {
            "listener": join([b.listener_of + first for b, first, _ in at]).astype(np.int32),
            "track": join([b.track_of for b in blocks]).astype(np.int32),
            "counts": join([b.track_of + first for b, _, first in at]).astype(np.int32),
            "liked": join([b.liked for b in blocks]),
            "weight": join([b.weight for b in blocks]),
        }

    def dataset(
        self, columns: Columns, batch_size: int, mask_share: float = 0.0, seed: int | None = None
    ) -> "tf.data.Dataset":
        """Batches of (inputs, liked, weight), without end; shuffled anew each epoch with a seed."""
        import tensorflow as tf

        unknown = {"listener": len(self.tastes), "track": len(self.track), "counts": len(self.counts)}
        unknown = {name: size - 1 for name, size in unknown.items()}

        def batches() -> Iterator[Columns]:
            rng = np.random.default_rng(seed)
            n = len(columns["liked"])
            while True:
                order = np.arange(n) if seed is None else rng.permutation(n)
                for first in range(0, n, batch_size):
                    batch = {k: v[order[first : first + batch_size]] for k, v in columns.items()}
                    yield masked(batch, unknown, mask_share, rng) if mask_share else batch

        signature = {k: tf.TensorSpec((None,), v.dtype) for k, v in columns.items()}
        rows = tf.data.Dataset.from_generator(batches, output_signature=signature)
        return rows.map(self._gather).prefetch(4)

    def _gather(self, rows: dict[str, Any]) -> tuple[dict[str, Any], Any, Any]:
        import tensorflow as tf

        listener = rows["listener"]
        track = [tf.gather(self.track, rows["track"]), tf.gather(self.counts, rows["counts"])]
        inputs = {
            "track": tf.concat(track, axis=1),
            "tastes": tf.gather(self.tastes, listener),
            "log_shares": tf.gather(self.log_shares, listener),
            "profile": tf.gather(self.profile, listener),
        }
        return inputs, rows["liked"], rows["weight"]


def masked(batch: Columns, unknown: dict[str, int], share: float, rng: np.random.Generator) -> Columns:
    """The batch with a share of its listeners, tracks and counts hidden, each drawn on its own."""
    hidden = {
        name: np.where(rng.random(len(batch[name])) < share, row, batch[name]).astype(np.int32)
        for name, row in unknown.items()
    }
    return {**batch, **hidden}


def _stack(listeners: list[ListenerArrays]) -> ListenerArrays:
    """One below the other, and a listener of whom nothing is known."""
    nobody = np.full((1, *listeners[0].centroids.shape[1:]), np.nan)
    return ListenerArrays(
        np.concatenate([*(one.centroids for one in listeners), nobody]),
        np.concatenate([*(one.weights for one in listeners), nobody[:, :, 0]]),
        np.concatenate([*(one.n_plays for one in listeners), [np.nan]]),
        np.concatenate([*(one.n_skips for one in listeners), [np.nan]]),
    )


def _stack_stats(stats: list[TrackStats]) -> TrackStats:
    """One below the other, and a track of which nothing is known."""
    return TrackStats(
        np.concatenate([*(one.n_plays for one in stats), [np.nan]]),
        np.concatenate([*(one.n_skips for one in stats), [np.nan]]),
    )
