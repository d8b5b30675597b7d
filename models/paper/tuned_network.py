"""A network that beats the paper's: two layers of radial basis functions, which suit two thousand songs.

Both have a function at every training song, ``exp(-gamma |x - song|)``: one of the city-block distance,
one of the Euclidean. The network's answer is the mean of the two layers'. Broomhead and Lowe,
"Multivariable Functional Interpolation and Adaptive Networks" (1988).
"""

from typing import Literal

import keras
import numpy as np
from keras import layers, ops
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, PositiveFloat
from scipy.linalg import cholesky, solve_triangular
from sklearn.linear_model import LogisticRegression

from models.arrays import Floats, Floats32
from models.features import FEATURES
from models.paper.folds import Songs
from models.preprocessing.layers import CyclicKey, RadialBasis, Standardize

KEY, MODE, METER = (FEATURES.index(name) for name in ("key", "mode", "time_signature"))
NUMERIC = [index for index in range(len(FEATURES)) if index not in (KEY, MODE, METER)]
METERS = (3, 5)
LOG_OFFSETS = {
    "speechiness": 0.01,
    "acousticness": 0.01,
    "instrumentalness": 1e-5,
    "liveness": 0.01,
    "duration_ms": 0.0,
}
# Songs that are nearly the same leave the functions nearly dependent.
NUGGET = 1e-3


class Radial(BaseModel):
    """A layer: the order of its distance, how steep it is, and the C of its answer's penalty."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    order: Literal[1, 2]
    gamma: PositiveFloat
    cost: PositiveFloat


class TunedPreset(BaseModel):
    """How docs/paper.md says each was chosen. ``relevance`` multiplies the standardized features."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    radials: tuple[Radial, ...] = (
        Radial(order=1, gamma=0.35, cost=12.0),
        Radial(order=2, gamma=1.5, cost=10.0),
    )
    relevance: dict[str, float] = {
        "danceability": 0.35,
        "energy": 0.19,
        "loudness": 0.13,
        "speechiness": 0.45,
        "acousticness": 0.27,
        "instrumentalness": 0.24,
        "liveness": 0.14,
        "valence": 0.27,
        "tempo": 0.45,
        "duration_ms": 0.16,
    }
    key: float = 0.005
    mode: float = 0.11
    meters: tuple[float, float] = (1.06, 0.34)


def fit(preset: TunedPreset, train: Songs) -> keras.Model:
    """Fit the network on ``train``, of which it keeps every song as a center.

    Raw features float32[batch, 13] in, P(like) float32[batch, 1] out.
    """
    scaling = build_scaling(preset, train.features)
    x = np.asarray(scaling(train.features.astype(np.float32)))
    inputs = keras.Input((len(FEATURES),), name="features")
    scaled = scaling(inputs)
    answers = [fit_radial(radial, x, train.liked)(scaled) for radial in preset.radials]
    return keras.Model(
        inputs, ops.mean(layers.concatenate(answers), axis=1, keepdims=True), name="tuned"
    )


def fit_radial(radial: Radial, x: Floats32, liked: NDArray[np.integer]) -> keras.Model:
    """Fit the layer over songs ``x`` float32[n, n_inputs], and a sigmoid of its weighted functions.

    The weights minimize the binary cross-entropy and the penalty of kernel logistic regression. That
    has one minimum, found where the functions are orthogonal: with the kernel matrix K = L L', row i
    of L stands for song i, and weights w there are weights a of the functions by L' a = w.
    """
    functions = RadialBasis(len(x), radial.order, radial.gamma, name="functions")
    functions.build(x.shape)
    functions.set_weights([x])
    kernel = np.asarray(functions(x), float)
    lower = cholesky(kernel + NUGGET * np.eye(len(x)), lower=True)
    fitted = LogisticRegression(C=radial.cost, max_iter=1000).fit(lower, liked)
    weights = solve_triangular(lower, fitted.coef_.T, lower=True, trans="T")
    songs, total = keras.Input(x.shape[1:]), layers.Dense(1, "sigmoid")
    member = keras.Model(songs, total(functions(songs)), name=f"radial_{radial.order}")
    total.set_weights([weights, fitted.intercept_])
    return member


def build_scaling(preset: TunedPreset, train: Floats) -> keras.Model:
    """Build the map of raw features float32[batch, 13] to float32[batch, 17], fitted on ``train``.

    Ten numbers standardized, the skewed ones as logarithms; the key on its circles; mode and meter.
    """
    inputs = keras.Input((len(FEATURES),), name="features")
    names = [FEATURES[index] for index in NUMERIC]
    numeric = Standardize.fitted(train[:, NUMERIC], [LOG_OFFSETS.get(name) for name in names])
    key, mode, meter = (inputs[:, index : index + 1] for index in (KEY, MODE, METER))
    relevance = np.array([preset.relevance[name] for name in names], np.float32)
    parts = [numeric(ops.take(inputs, NUMERIC, axis=1)) * relevance, CyclicKey()(key) * preset.key]
    parts.append(preset.mode * (2 * mode - 1))
    for beats, weight in zip(METERS, preset.meters, strict=True):
        parts.append(weight * ops.cast(ops.equal(meter, beats), inputs.dtype))
    return keras.Model(inputs, layers.concatenate(parts), name="scaling")
