"""The members of the tuned network: two kernel machines as networks, trained by Adam on cross-entropy.

Both take scaled songs float32[batch, n_inputs] and answer P(like) float32[batch, 1]. Their penalties are
those of kernel logistic regression; ``cost`` is its C, as of a support vector machine.
"""

import keras
import numpy as np
from keras import layers
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, PositiveFloat, PositiveInt
from scipy.linalg import cholesky, solve_triangular
from scipy.spatial.distance import cdist

from models.preprocessing.layers import LaplaceKernel, RandomFourier

NUGGET = 1e-3
F32 = NDArray[np.float32]


class Training(BaseModel):
    """Adam, its rate falling to zero along a cosine."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    learning_rate: PositiveFloat
    epochs: PositiveInt
    batch_size: PositiveInt = 256

    def run(self, network: keras.Model, x: F32, liked: F32) -> None:
        """Train the network on songs by row and their labels float32[n, 1]."""
        n_steps = self.epochs * -(-len(x) // self.batch_size)
        rate = keras.optimizers.schedules.CosineDecay(self.learning_rate, n_steps)
        network.compile(optimizer=keras.optimizers.Adam(rate), loss="binary_crossentropy")
        network.fit(x, liked, batch_size=self.batch_size, epochs=self.epochs, verbose=0)


def fit_kernel(training: Training, gamma: float, cost: float, x: F32, liked: F32) -> keras.Model:
    """A radial basis function at each of the songs ``x``, weighted to tell the liked ones.

    The weights are learned where the functions are orthogonal: with the kernel matrix K = L L', row i of
    L stands for song i, and weights w there are weights a of the functions by L' a = w.
    """
    kernel = np.exp(-gamma * cdist(x, x, "cityblock"))
    lower = cholesky(kernel + NUGGET * np.eye(len(x)), lower=True)
    answer = _answer(1 / (2 * cost * len(x)))
    rows = keras.Input((len(x),))
    training.run(keras.Model(rows, answer(rows)), lower.astype(np.float32), liked)
    weights, bias = answer.get_weights()
    songs = keras.Input(x.shape[1:])
    centers, total = LaplaceKernel(len(x), gamma, name="centers"), layers.Dense(1, "sigmoid")
    member = keras.Model(songs, total(centers(songs)), name="kernel")
    centers.set_weights([x])
    total.set_weights([solve_triangular(lower, weights, lower=True, trans="T"), bias])
    return member


def fit_fourier(
    training: Training, units: int, sigma: float, cost: float, x: F32, liked: F32, seed: int
) -> keras.Model:
    """Random Fourier features whose frequencies go on learning with the answer's weights."""
    songs = keras.Input(x.shape[1:])
    waves = RandomFourier(units, sigma, seed, name="waves")
    answer = _answer(units / 2 / (2 * cost * len(x)))
    member = keras.Model(songs, answer(waves(songs)), name=f"fourier_{seed}")
    training.run(member, x, liked)
    return member


def _answer(penalty: float) -> layers.Dense:
    ridge = keras.regularizers.L2(penalty)
    return layers.Dense(1, "sigmoid", kernel_initializer="zeros", kernel_regularizer=ridge)
