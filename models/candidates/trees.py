"""Boosted trees as plain arrays: written and read without pickle, scored without the library that grew
them."""

import io
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import numpy as np

from models.arrays import Floats, Floats32, Ints, Mask
from models.compiled import compiled
from models.errors import CorruptArtifactError

if TYPE_CHECKING:
    from sklearn.ensemble import HistGradientBoostingClassifier


@dataclass(frozen=True)
class Trees:
    """Trees end to end: tree i begins at node ``roots[i]``; children are node numbers.

    A pair goes left where its value of ``column`` is at most ``threshold``, or is NaN and
    ``missing_left``. A leaf (``is_leaf``) adds ``value`` to the log odds, which begin at ``baseline``.
    ``columns`` names what was learnt from, in order.
    """

    roots: Ints
    column: Ints
    threshold: Floats
    missing_left: Mask
    left: Ints
    right: Ints
    is_leaf: Mask
    value: Floats
    baseline: Floats
    columns: tuple[str, ...]

    @classmethod
    def of(cls, model: "HistGradientBoostingClassifier", columns: Sequence[str]) -> "Trees":
        """Copy a fitted binary classifier of scikit-learn's."""
        grown = [one.nodes for (one,) in model._predictors]
        sizes = [len(nodes) for nodes in grown]
        nodes = np.concatenate(grown)
        roots = np.cumsum([0, *sizes[:-1]])
        shift = np.repeat(roots, sizes)
        return cls(
            roots=roots.astype(np.int64),
            column=nodes["feature_idx"].astype(np.int64),
            threshold=nodes["num_threshold"].astype(np.float64),
            missing_left=nodes["missing_go_to_left"].astype(bool),
            left=nodes["left"].astype(np.int64) + shift,
            right=nodes["right"].astype(np.int64) + shift,
            is_leaf=nodes["is_leaf"].astype(bool),
            value=nodes["value"].astype(np.float64),
            baseline=np.asarray(model._baseline_prediction, np.float64).ravel(),
            columns=tuple(columns),
        )

    def probabilities(self, values: Floats32) -> Floats:
        """Return the chance of each row of float32[n, n_columns]: float64[n]."""
        log_odds = _log_odds(
            np.asarray(values, np.float64), self.roots, self.column, self.threshold, self.missing_left,
            self.left, self.right, self.is_leaf, self.value,
        )  # fmt: skip
        chance: Floats = 1 / (1 + np.exp(-(log_odds + self.baseline[0])))
        return chance

    def to_bytes(self) -> bytes:
        """Write as numpy's npz."""
        body = io.BytesIO()
        parts = {part.name: np.asarray(getattr(self, part.name)) for part in fields(self)}
        np.savez_compressed(body, allow_pickle=False, **parts)
        return body.getvalue()

    @classmethod
    def from_bytes(cls, body: bytes) -> "Trees":
        """Read what ``to_bytes`` wrote; CorruptArtifactError if it is anything else."""
        try:
            with np.load(io.BytesIO(body), allow_pickle=False) as parts:
                found = {part.name: parts[part.name] for part in fields(cls)}
                return cls(**found | {"columns": tuple(found["columns"].tolist())})
        except (OSError, KeyError, ValueError, EOFError, zipfile.BadZipFile) as error:
            raise CorruptArtifactError(f"this is no file of trees: {error}") from None


@compiled
def _log_odds(
    values: Floats, roots: Ints, column: Ints, threshold: Floats, missing_left: Mask, left: Ints,
    right: Ints, is_leaf: Mask, value: Floats,
) -> Floats:  # fmt: skip
    total = np.zeros(len(values))
    for row in range(len(values)):
        for root in roots:
            node = root
            while not is_leaf[node]:
                at = values[row, column[node]]
                goes_left = missing_left[node] if np.isnan(at) else at <= threshold[node]
                node = left[node] if goes_left else right[node]
            total[row] += value[node]
    return total
