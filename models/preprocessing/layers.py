"""Numbers of a song as vectors: Keras layers whose fitted state travels in the .keras file.

State fitted on training rows (bounds, bin edges) is part of a layer's configuration, as plain lists:
readable in the file, and loading it runs no code (``safe_mode=True``). Inputs: float[batch, n_features].
Embeddings after Gorishniy, Rubachev and Babenko, "On Embeddings for Numerical Features in Tabular Deep
Learning" (2022).
"""

from collections.abc import Sequence
from typing import Any, Self

import keras
import numpy as np
from keras import ops
from numpy.typing import ArrayLike

registered = keras.saving.register_keras_serializable("nocturne")


@registered
class MinMax(keras.layers.Layer):
    """``(x - low) / (high - low)`` per feature; a feature without a range becomes ``x - low``."""

    def __init__(self, low: Sequence[float], high: Sequence[float], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.low, self.high = list(low), list(high)

    @classmethod
    def fitted(cls, rows: ArrayLike, **kwargs: Any) -> Self:
        """Bounds of the training rows, float[n, n_features]."""
        rows = np.asarray(rows, float)
        return cls(rows.min(axis=0).tolist(), rows.max(axis=0).tolist(), **kwargs)

    def call(self, inputs: Any) -> Any:
        """float[batch, n_features], in 0..1 on the rows it was fitted on."""
        low, high = np.array(self.low), np.array(self.high)
        span = np.where(high > low, high - low, 1.0)
        return (inputs - ops.cast(low, inputs.dtype)) / ops.cast(span, inputs.dtype)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "low": self.low, "high": self.high}


@registered
class Periodic(keras.layers.Layer):
    """``[cos(2 pi c x), sin(2 pi c x)]`` with learned frequencies c, drawn from N(0, sigma_feature).

    Gives float[batch, n_features, 2 n_frequencies]. ``sigma``: one for all features, or one for each;
    inputs should be on a common scale.
    """

    def __init__(
        self, n_frequencies: int, sigma: float | Sequence[float] = 1.0, seed: int = 0, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.n_frequencies, self.sigma, self.seed = n_frequencies, sigma, seed

    def build(self, input_shape: tuple[Any, ...]) -> None:
        shape = (input_shape[-1], self.n_frequencies)
        sigma = np.broadcast_to(self.sigma, shape[:1])
        drawn = np.random.default_rng(self.seed).normal(size=shape) * sigma[:, None]
        self.frequencies = self.add_weight(name="frequencies", shape=shape)
        self.frequencies.assign(drawn)

    def call(self, inputs: Any) -> Any:
        """float[batch, n_features, 2 n_frequencies]: cosines, then sines."""
        angles = 2 * np.pi * inputs[..., None] * ops.cast(self.frequencies, inputs.dtype)
        return ops.concatenate([ops.cos(angles), ops.sin(angles)], axis=-1)

    def get_config(self) -> dict[str, Any]:
        sigma = self.sigma if isinstance(self.sigma, int | float) else list(self.sigma)
        own = {"n_frequencies": self.n_frequencies, "sigma": sigma, "seed": self.seed}
        return {**super().get_config(), **own}


@registered
class PiecewiseLinear(keras.layers.Layer):
    """How much of each bin lies below x: 1 for the bins passed, a share for its own, 0 for the rest.

    ``edges``: per feature, strictly increasing, 2 or more. Values beyond the outer edges are clipped.
    Gives float[batch, n_features, n_bins], n_bins that of the feature with most; the spare ones are 0.
    """

    def __init__(self, edges: Sequence[Sequence[float]], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.edges = [list(one) for one in edges]

    @classmethod
    def fitted(cls, rows: ArrayLike, n_bins: int, **kwargs: Any) -> Self:
        """Edges at the quantiles of the training rows, ties merged; a constant feature has one bin."""
        quantiles = np.quantile(np.asarray(rows, float), np.linspace(0, 1, n_bins + 1), axis=0)
        edges = [np.unique(column).tolist() for column in quantiles.T]
        return cls([one if len(one) > 1 else [one[0], one[0] + 1] for one in edges], **kwargs)

    def call(self, inputs: Any) -> Any:
        """float[batch, n_features, n_bins], each in 0..1."""
        n_bins = max(len(one) for one in self.edges) - 1
        low, width = np.full((2, len(self.edges), n_bins), np.inf)
        for row, one in enumerate(self.edges):
            low[row, : len(one) - 1], width[row, : len(one) - 1] = one[:-1], np.diff(one)
        width[np.isinf(low)], low[np.isinf(low)] = 1.0, np.finfo(np.float32).max
        shares = (inputs[..., None] - ops.cast(low, inputs.dtype)) / ops.cast(width, inputs.dtype)
        return ops.clip(shares, 0, 1)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "edges": self.edges}


@registered
class CyclicKey(keras.layers.Layer):
    """A pitch class on two circles: semitones and fifths, where B is next to C and G next to C.

    float[batch, 1] in 0..11 to float[batch, 4]; a key below 0 (none detected) is the center, all zeros.
    """

    def call(self, inputs: Any) -> Any:
        """``[cos a, sin a, cos 7a, sin 7a]`` with ``a = 2 pi key / 12``."""
        angles = inputs * ops.cast(np.array([1.0, 7.0]) * 2 * np.pi / 12, inputs.dtype)
        known = ops.cast(inputs >= 0, inputs.dtype)
        turns = [ops.cos(angles[:, :1]), ops.sin(angles[:, :1])]
        fifths = [ops.cos(angles[:, 1:]), ops.sin(angles[:, 1:])]
        return known * ops.concatenate([*turns, *fifths], axis=-1)


@registered
class PerFeatureDense(keras.layers.Layer):
    """A dense layer of its own for each feature: float[batch, n_features, n] to [..., units]."""

    def __init__(self, units: int, activation: str | None = None, seed: int = 0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.units, self.activation, self.seed = units, keras.activations.get(activation), seed

    def build(self, input_shape: tuple[Any, ...]) -> None:
        n_features, width = input_shape[-2:]
        uniform = keras.initializers.RandomUniform(-(width**-0.5), width**-0.5, self.seed)
        self.kernel = self.add_weight(
            name="kernel", shape=(n_features, width, self.units), initializer=uniform
        )
        self.bias = self.add_weight(name="bias", shape=(n_features, self.units), initializer="zeros")

    def call(self, inputs: Any) -> Any:
        """float[batch, n_features, units]."""
        return self.activation(ops.einsum("bfn,fnu->bfu", inputs, self.kernel) + self.bias)

    def get_config(self) -> dict[str, Any]:
        own = {"units": self.units, "activation": keras.activations.serialize(self.activation)}
        return {**super().get_config(), **own, "seed": self.seed}
