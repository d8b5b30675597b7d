"""Fitting the network with Keras."""

import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from models.content_network.calibration import platt
from models.content_network.examples import Examples
from models.content_network.feeding import Tables
from models.content_network.inputs import F32, Scaling, fit_scaling
from models.content_network.network import LAYERS, build_network
from models.content_network.scoring import ContentScorer

if TYPE_CHECKING:
    import keras

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
    tuning_losses: list[float]

    def files(self) -> dict[str, bytes]:
        """All files of a version."""
        return {**self.scorer.to_files(), KERAS_FILE: self.keras_file}


def fit_network(examples: Examples, config: FitConfig, seed: int, start: bytes | None = None) -> Fitted:
    """Fit to the plays of ``examples.fitting``; the same examples and seed give the same weights.

    ``start`` is a Keras file to start from instead of random weights.
    """
    import keras

    make_deterministic(seed)
    scaling = scaling_of(examples)
    network = load_network(start) if start else build_network(config.n_hidden, config.n_factors)
    network.compile(
        optimizer=keras.optimizers.Adam(config.learning_rate),
        loss=keras.losses.BinaryCrossentropy(from_logits=True),
    )
    fitting = Tables.of(scaling, examples.features, examples.fitting)
    tuning = Tables.of(scaling, examples.features, (examples.tuning,))
    rows, tuning_rows = fitting.columns(examples.fitting), tuning.columns((examples.tuning,))
    history = network.fit(
        fitting.dataset(rows, config.batch_size, config.mask_share, seed),
        validation_data=tuning.dataset(tuning_rows, config.batch_size),
        epochs=config.epochs,
        steps_per_epoch=_steps(len(rows["liked"]), config.batch_size),
        validation_steps=_steps(len(tuning_rows["liked"]), config.batch_size),
        callbacks=[keras.callbacks.EarlyStopping(patience=config.patience, restore_best_weights=True)],
        verbose=0,
    ).history
    scorer = calibrate(ContentScorer(scaling, weights_of(network)), examples)
    return Fitted(scorer, to_bytes(network), history["loss"], history["val_loss"])


def make_deterministic(seed: int) -> None:
    """The same weights from the same seed, on CPU: seeded, ordered, a fixed number of threads."""
    import keras
    import tensorflow as tf

    keras.utils.set_random_seed(seed % 2**32)
    tf.config.experimental.enable_op_determinism()
    try:
        tf.config.threading.set_inter_op_parallelism_threads(THREADS)
        tf.config.threading.set_intra_op_parallelism_threads(THREADS)
    except RuntimeError:  # TensorFlow has started in this process: a second fit has the first one's
        return


def scaling_of(examples: Examples) -> Scaling:
    """Preprocessing fitted to the plays to fit to: tracks by the play, tastes by the listener."""
    played = np.concatenate([block.track_of for block in examples.fitting])
    tastes = np.concatenate([block.listeners.centroids for block in examples.fitting])
    liked = np.concatenate([block.liked for block in examples.fitting])
    return fit_scaling(
        examples.features[played], tastes.reshape(-1, tastes.shape[2]), 1 - float(liked.mean())
    )


def calibrate(scorer: ContentScorer, examples: Examples) -> ContentScorer:
    """The scorer calibrated on the tuning plays."""
    block = examples.tuning
    logits = scorer.pair_logits(
        block.listeners, examples.features, block.listener_of, block.track_of, block.stats
    )
    slope, intercept = platt(logits, block.liked)
    return replace(scorer, slope=slope, intercept=intercept)


def weights_of(network: "keras.Model") -> dict[str, F32]:
    """Kernels and biases by layer."""
    arrays = {}
    for name in LAYERS:
        arrays[f"{name}/kernel"], arrays[f"{name}/bias"] = network.get_layer(name).get_weights()
    return arrays


def to_bytes(network: "keras.Model") -> bytes:
    """Keras' own file of the network."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / KERAS_FILE
        network.save(path)
        return path.read_bytes()


def load_network(body: bytes) -> "keras.Model":
    """The network of a Keras file; safe mode refuses anything that would execute code."""
    import keras

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / KERAS_FILE
        path.write_bytes(body)
        return keras.saving.load_model(path, safe_mode=True)


def _steps(n: int, batch_size: int) -> int:
    return -(-n // batch_size)
