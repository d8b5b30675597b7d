"""Numbers of a song as vectors: Keras layers whose fitted state travels in the .keras file.

State fitted on training rows (bounds, bin edges) is part of a layer's configuration, as plain lists:
readable in the file, and loading it runs no code (``safe_mode=True``). Inputs: float[batch, n_features].
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
        """Fit the bounds of the training rows, float[n, n_features]."""
        rows = np.asarray(rows, float)
        return cls(rows.min(axis=0).tolist(), rows.max(axis=0).tolist(), **kwargs)

    def call(self, inputs: Any) -> Any:
        """Return float[batch, n_features], in 0..1 on the rows it was fitted on."""
        low, high = np.array(self.low), np.array(self.high)
        span = np.where(high > low, high - low, 1.0)
        return (inputs - ops.cast(low, inputs.dtype)) / ops.cast(span, inputs.dtype)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "low": self.low, "high": self.high}


@registered
class Standardize(keras.layers.Layer):
    """``(x - mean) / deviation`` per feature, clipped to -4..4, or the same of ``log(x + offset)``.

    ``offsets``: per feature, None for no logarithm. A feature without a deviation becomes 0.
    """

    def __init__(
        self,
        offsets: Sequence[float | None],
        mean: Sequence[float],
        deviation: Sequence[float],
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.offsets, self.mean, self.deviation = list(offsets), list(mean), list(deviation)

    @classmethod
    def fitted(cls, rows: ArrayLike, offsets: Sequence[float | None], **kwargs: Any) -> Self:
        """Fit means and deviations of the training rows, float[n, n_features]."""
        columns = zip(np.asarray(rows, float).T, offsets, strict=True)
        level = np.array([x if offset is None else np.log(x + offset) for x, offset in columns])
        return cls(offsets, level.mean(axis=1).tolist(), level.std(axis=1).tolist(), **kwargs)

    def call(self, inputs: Any) -> Any:
        """Return float[batch, n_features], in -4..4."""
        mean, deviation = np.array(self.mean), np.array(self.deviation)
        logged = np.array([offset is not None for offset in self.offsets])
        shift = np.array([offset or 0.0 for offset in self.offsets])
        logs = ops.log(ops.maximum(inputs + ops.cast(shift, inputs.dtype), keras.config.epsilon()))
        level = ops.where(logged, logs, inputs) - ops.cast(mean, inputs.dtype)
        scale = np.divide(1, deviation, out=np.zeros_like(deviation), where=deviation > 0)
        return ops.clip(level * ops.cast(scale, inputs.dtype), -4, 4)

    def get_config(self) -> dict[str, Any]:
        own = {"offsets": self.offsets, "mean": self.mean, "deviation": self.deviation}
        return {**super().get_config(), **own}


@registered
class CyclicKey(keras.layers.Layer):
    """A pitch class on two circles: semitones and fifths, where B is next to C and G next to C.

    float[batch, 1] in 0..11 to float[batch, 4]; a key below 0 (none detected) is the center, all zeros.
    """

    def call(self, inputs: Any) -> Any:
        """Return ``[cos a, sin a, cos 7a, sin 7a]`` with ``a = 2 pi key / 12``."""
        angles = inputs * ops.cast(np.array([1.0, 7.0]) * 2 * np.pi / 12, inputs.dtype)
        known = ops.cast(inputs >= 0, inputs.dtype)
        turns = [ops.cos(angles[:, :1]), ops.sin(angles[:, :1])]
        fifths = [ops.cos(angles[:, 1:]), ops.sin(angles[:, 1:])]
        return known * ops.concatenate([*turns, *fifths], axis=-1)


@registered
class RadialBasis(keras.layers.Layer):
    """``exp(-gamma |x - center|)``: how near an input is to each of the centers, in 0..1.

    ``order`` 1 is the city-block distance, 2 the Euclidean; float[batch, n] to float[batch, units].
    """

    def __init__(self, units: int, order: int, gamma: float, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.units, self.order, self.gamma = units, order, gamma

    def build(self, input_shape: tuple[Any, ...]) -> None:
        self.centers = self.add_weight(name="centers", shape=(self.units, input_shape[-1]))

    def call(self, inputs: Any) -> Any:
        """Return float[batch, units]."""
        distances = ops.norm(inputs[:, None, :] - self.centers, ord=self.order, axis=-1)
        return ops.exp(-self.gamma * distances)

    def get_config(self) -> dict[str, Any]:
        own = {"units": self.units, "order": self.order, "gamma": self.gamma}
        return {**super().get_config(), **own}
