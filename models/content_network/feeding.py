"""From examples to batches: what is known of listeners and tracks stays in tables, and a batch is row
numbers until TensorFlow gathers them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from models.arrays import Floats, Floats32
from models.content_network.arrays import ListenerArrays, TrackStats
from models.content_network.examples import ROW, Rows
from models.content_network.inputs import Scaling, listener_inputs, track_inputs

if TYPE_CHECKING:
    import tensorflow as tf

N_COUNTS = 3
Batches = Callable[[], Iterator[Rows]]


@dataclass(frozen=True)
class Tables:
    """Inputs of all listeners and tracks; the last row of each table is "not known"."""

    tastes: Floats32
    log_shares: Floats32
    profile: Floats32
    track: Floats32
    counts: Floats32

    @classmethod
    def of(
        cls, scaling: Scaling, features: Floats, listeners: ListenerArrays, stats: TrackStats
    ) -> "Tables":
        """Compute the tables from all tracks' features and all blocks' listeners and stats, stacked."""
        nobody = ListenerArrays.unknown(1, listeners.weights.shape[1])
        inputs = listener_inputs(scaling, ListenerArrays.stack([listeners, nobody]))
        vectors = np.vstack([features, np.full((1, features.shape[1]), np.nan)])
        tracks = track_inputs(scaling, vectors, TrackStats.unknown(len(vectors)))
        known = TrackStats.stack([stats, TrackStats.unknown(1)])
        nothing = np.broadcast_to(np.nan, (len(known.n_plays), features.shape[1]))
        counts = track_inputs(scaling, nothing, known)
        return cls(
            inputs.tastes,
            inputs.log_shares,
            inputs.profile,
            tracks[:, :-N_COUNTS],
            counts[:, -N_COUNTS:],
        )

    def unknown(self) -> dict[str, int]:
        """Return the number of each table's row that says "not known"."""
        sizes = {"listener": self.tastes, "track": self.track, "counts": self.counts}
        return {name: len(table) - 1 for name, table in sizes.items()}

    def dataset(self, batches: Batches, n_batches: int) -> "tf.data.Dataset":
        """Yield (inputs, liked, weight) of each batch, gathered while the one before is fitted to.

        ``batches`` is called anew for each epoch.
        """
        import tensorflow as tf

        tables = {field.name: tf.constant(getattr(self, field.name)) for field in fields(self)}
        columns = {name: tf.TensorSpec((None,), ROW[name]) for name in ROW.names or ()}

        def gather(rows: dict[str, Any]) -> tuple[dict[str, Any], Any, Any]:
            parts = [tf.gather(tables[name], rows[name]) for name in ("track", "counts")]
            listener = rows["listener"]
            names = ("tastes", "log_shares", "profile")
            inputs = {name: tf.gather(tables[name], listener) for name in names}
            return {**inputs, "track": tf.concat(parts, axis=1)}, rows["liked"], rows["weight"]

        def arrays() -> Iterator[dict[str, NDArray[Any]]]:
            for rows in batches():
                yield {name: np.ascontiguousarray(rows[name]) for name in columns}

        rows = tf.data.Dataset.from_generator(arrays, output_signature=columns)
        sized = rows.apply(tf.data.experimental.assert_cardinality(n_batches))
        return sized.map(gather).prefetch(4)


def masked(rows: Rows, unknown: dict[str, int], share: float, rng: np.random.Generator) -> Rows:
    """Return a copy with a share of listeners, of tracks and of counts hidden, each drawn on its own."""
    rows = rows.copy()
    for name, row in unknown.items():
        rows[name][rng.random(len(rows)) < share] = row
    return rows
