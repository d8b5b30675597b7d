"""The network of Maheshwari, "Music Recommendation on Spotify using Deep Learning", for one listener."""

from typing import Any

import keras
import numpy as np
from pydantic import BaseModel, ConfigDict, PositiveFloat, PositiveInt

from models.arrays import Floats
from models.features import FEATURES
from models.paper.folds import Songs
from models.preprocessing.layers import MinMax


class PaperPreset(BaseModel):
    """The paper names layers, optimizer and loss, but no sizes: these fit the songs about as closely."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    hidden: tuple[PositiveInt, ...] = (256, 256, 256)
    learning_rate: PositiveFloat = 1e-3
    batch_size: PositiveInt = 32
    epochs: PositiveInt = 100


def build(preset: PaperPreset, train: Floats) -> keras.Model:
    """Build the untrained network; bounds of the min-max scaling from ``train``, float[n, 13].

    Raw features float32[batch, 13] in, P(like) float32[batch, 1] out.
    """
    inputs = keras.Input((len(FEATURES),), name="features")
    hidden = MinMax.fitted(train, name="min_max")(inputs)
    for width in preset.hidden:
        hidden = keras.layers.Dense(width, activation="relu")(hidden)
    network = keras.Model(inputs, keras.layers.Dense(1, activation="sigmoid")(hidden), name="paper")
    network.compile(
        optimizer=keras.optimizers.Adam(preset.learning_rate),
        loss="binary_crossentropy",
        metrics=["accuracy"],
    )
    return network


def fit(
    preset: PaperPreset, train: Songs, seed: int, validation: Songs | None = None
) -> tuple[keras.Model, dict[str, list[float]]]:
    """Fit the network on ``train``; returns it and figures by epoch (``val_*``: validation songs)."""
    keras.utils.set_random_seed(seed)
    network = build(preset, train.features)
    history: Any = network.fit(
        train.features.astype(np.float32),
        train.liked[:, None],
        batch_size=preset.batch_size,
        epochs=preset.epochs,
        validation_data=validation
        and (validation.features.astype(np.float32), validation.liked[:, None]),
        verbose=0,
    )
    return network, history.history
