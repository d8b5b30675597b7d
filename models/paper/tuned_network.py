"""A network that beats the paper's: layers of kernel machines, which suit two thousand songs.

One member has a radial basis function at each training song; the others have random Fourier features and
learn their frequencies. The network's answer is the mean of theirs.
"""

import keras
import numpy as np
from keras import layers, ops
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, NonNegativeInt, PositiveFloat, PositiveInt

from models.features import FEATURES
from models.paper.folds import Songs
from models.paper.members import Training, fit_fourier, fit_kernel
from models.preprocessing.layers import CyclicKey, Standardize

KEY, MODE, METER = (FEATURES.index(name) for name in ("key", "mode", "time_signature"))
NUMERIC = [index for index in range(len(FEATURES)) if index not in (KEY, MODE, METER)]
LOG_OFFSETS = {
    "speechiness": 0.01,
    "acousticness": 0.01,
    "instrumentalness": 1e-5,
    "liveness": 0.01,
    "duration_ms": 0.0,
}


class TunedPreset(BaseModel):
    """How docs/paper.md says each was chosen."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    key_weight: PositiveFloat = 0.1
    category_weight: PositiveFloat = 0.25
    cost: PositiveFloat = 2.0
    gamma: PositiveFloat = 0.2
    kernel: Training = Training(learning_rate=0.05, epochs=60)
    n_fourier: NonNegativeInt = 3
    units: PositiveInt = 2048
    sigma: PositiveFloat = 0.55
    fourier: Training = Training(learning_rate=1e-3, epochs=30)


def fit(preset: TunedPreset, train: Songs, seed: int) -> keras.Model:
    """The network fitted on ``train``.

    Raw features float32[batch, 13] in, P(like) float32[batch, 1] out.
    """
    keras.utils.set_random_seed(seed)
    scaling = build_scaling(preset, train.features)
    x = np.asarray(scaling(train.features.astype(np.float32)))
    liked = train.liked[:, None].astype(np.float32)
    members = [fit_kernel(preset.kernel, preset.gamma, preset.cost, x, liked)]
    for number in range(preset.n_fourier):
        drawn = seed + number
        members.append(
            fit_fourier(preset.fourier, preset.units, preset.sigma, preset.cost, x, liked, drawn)
        )
    inputs = keras.Input((len(FEATURES),), name="features")
    scaled = scaling(inputs)
    answers = layers.concatenate([member(scaled) for member in members])
    return keras.Model(inputs, ops.mean(answers, axis=1, keepdims=True), name="tuned")


def build_scaling(preset: TunedPreset, train: NDArray[np.float64]) -> keras.Model:
    """Raw features float32[batch, 13] to float32[batch, 17] on one scale, fitted on ``train``.

    Ten numbers standardized, the skewed ones as logarithms; the key on its circles; mode and meter.
    """
    inputs = keras.Input((len(FEATURES),), name="features")
    offsets = [LOG_OFFSETS.get(FEATURES[index]) for index in NUMERIC]
    numeric = Standardize.fitted(train[:, NUMERIC], offsets, name="standardize")
    key, mode, meter = (inputs[:, index : index + 1] for index in (KEY, MODE, METER))
    beats = [ops.cast(ops.equal(meter, beats), inputs.dtype) for beats in (3, 5)]
    scaled = layers.concatenate(
        [
            numeric(ops.take(inputs, NUMERIC, axis=1)),
            preset.key_weight * CyclicKey(name="key")(key),
            preset.category_weight * layers.concatenate([2 * mode - 1, *beats]),
        ]
    )
    return keras.Model(inputs, scaled, name="scaling")
