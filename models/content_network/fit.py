"""Fitting the network with Keras."""

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from models.arrays import Floats32
from models.content_network.calibration import platt
from models.content_network.examples import Examples, Rows
from models.content_network.feeding import Tables, masked
from models.content_network.inputs import Scaling, fit_scaling
from models.content_network.network import LAYERS, build_network
from models.content_network.scoring import ContentScorer

if TYPE_CHECKING:
    import keras
    import tensorflow as tf

KERAS_FILE = "network.keras"
THREADS = 2


@dataclass(frozen=True)
class FitConfig:
    """How the network is fitted. ``mask_share``: of listeners, of tracks' features and of their counts
    hidden in training, each on its own, so that the network knows what to say of new ones."""

    epochs: int = 8
    batch_size: int = 4096
    learning_rate: float = 3e-3
    patience: int = 2
    mask_share: float = 0.1
    n_hidden: int = 64
    n_factors: int = 32


@dataclass(frozen=True)
class Fitted:
    """A fitted network: as arrays, and as Keras' own file."""

    scorer: ContentScorer
    keras_file: bytes
    losses: list[float]

    def files(self) -> dict[str, bytes]:
        """Return all files of a version."""
        return {**self.scorer.to_files(), KERAS_FILE: self.keras_file}


def fit_network(examples: Examples, config: FitConfig, seed: int, start: bytes | None = None) -> Fitted:
    """Fit to ``examples.rows``; the same examples and seed give the same weights on CPU.

    ``start`` is a Keras file to start from instead of random weights.
    """
    import keras

    prepare_tensorflow(seed)
    scaling = scaling_of(examples)
    network = compiled(config, start)
    history = network.fit(
        fitting_batches(examples, scaling, config, seed),
        validation_data=tuning_batches(examples, scaling, config),
        epochs=config.epochs,
        callbacks=[keras.callbacks.EarlyStopping(patience=config.patience, restore_best_weights=True)],
        shuffle=False,
        verbose=0,
    ).history
    scorer = calibrate(ContentScorer(scaling, weights_of(network)), examples)
    return Fitted(scorer, to_bytes(network), history["loss"])


def compiled(config: FitConfig, start: bytes | None = None) -> "keras.Model":
    """Return a network to fit, from the Keras file ``start`` if given."""
    import keras

    network = load_network(start) if start else build_network(config.n_hidden, config.n_factors)
    network.compile(
        optimizer=keras.optimizers.Adam(config.learning_rate),
        loss=keras.losses.BinaryCrossentropy(from_logits=True),
    )
    return network


def fitting_batches(
    examples: Examples, scaling: Scaling, config: FitConfig, seed: int
) -> "tf.data.Dataset":
    """Return the plays to fit to, shuffled and masked anew each epoch."""
    tables = Tables.of(scaling, examples.features, examples.listeners, examples.stats)
    unknown, rng, size = tables.unknown(), np.random.default_rng(seed), config.batch_size

    def batches() -> Iterator[Rows]:
        for rows in examples.rows.batches(size, rng):
            yield masked(rows, unknown, config.mask_share, rng)

    return tables.dataset(batches, -(-examples.n_fitting // size))


def tuning_batches(examples: Examples, scaling: Scaling, config: FitConfig) -> "tf.data.Dataset":
    """Return the tuning plays in their order, nothing masked."""
    block, size = examples.tuning, config.batch_size
    tables, rows = Tables.of(scaling, examples.features, block.listeners, block.stats), block.rows(0, 0)

    def batches() -> Iterator[Rows]:
        return (rows[at : at + size] for at in range(0, len(rows), size))

    return tables.dataset(batches, -(-len(rows) // size))


def prepare_tensorflow(seed: int) -> None:
    """Set mixed precision on a GPU, and on CPU what makes one seed give the same weights.

    That is: seeded, ordered operations on a fixed number of threads.
    """
    import keras
    import tensorflow as tf

    if tf.config.list_physical_devices("GPU"):
        keras.mixed_precision.set_global_policy("mixed_float16")
    keras.utils.set_random_seed(seed % 2**32)
    tf.config.experimental.enable_op_determinism()
    try:
        tf.config.threading.set_inter_op_parallelism_threads(THREADS)
        tf.config.threading.set_intra_op_parallelism_threads(THREADS)
    except RuntimeError:  # TensorFlow has started in this process: a second fit has the first one's
        return


def scaling_of(examples: Examples) -> Scaling:
    """Fit the scaling to the plays to fit to: tracks by the play, tastes by the listener."""
    centroids = examples.listeners.centroids
    return fit_scaling(
        examples.features,
        examples.plays_of_track,
        centroids.reshape(-1, centroids.shape[2]),
        1 - examples.n_liked / examples.n_fitting,
    )


def calibrate(scorer: ContentScorer, examples: Examples) -> ContentScorer:
    """Calibrate the scorer on the tuning plays."""
    block = examples.tuning
    logits = scorer.pair_logits(
        block.listeners, examples.features, block.listener_of, block.track_of, block.stats
    )
    slope, intercept = platt(logits, block.liked)
    return replace(scorer, slope=slope, intercept=intercept)


def weights_of(network: "keras.Model") -> dict[str, Floats32]:
    """Return kernels and biases by layer."""
    arrays = {}
    for name in LAYERS:
        arrays[f"{name}/kernel"], arrays[f"{name}/bias"] = network.get_layer(name).get_weights()
    return arrays


def to_bytes(network: "keras.Model") -> bytes:
    """Return Keras' own file of the network."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / KERAS_FILE
        network.save(path)
        return path.read_bytes()


def load_network(body: bytes) -> "keras.Model":
    """Load the network of a Keras file; safe mode refuses anything that would execute code."""
    import keras

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / KERAS_FILE
        path.write_bytes(body)
        return keras.saving.load_model(path, safe_mode=True)
