"""Splits that keep what belongs together on one side."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import StratifiedGroupKFold

from models.arrays import Floats

Rows = NDArray[np.integer]


@dataclass(frozen=True)
class Songs:
    """One listener's songs, by row.

    ``features`` float64[n, 13]; ``liked`` int64[n], 0 or 1; ``song`` int64[n], the same for the same
    title and artist, which may come more than once and even under both labels; ``artist`` int64[n].
    """

    features: Floats
    liked: Rows
    song: Rows
    artist: Rows

    def __len__(self) -> int:
        return len(self.liked)

    def take(self, rows: Rows) -> "Songs":
        """Return these rows."""
        return Songs(self.features[rows], self.liked[rows], self.song[rows], self.artist[rows])


@dataclass(frozen=True)
class Fold:
    """Rows to fit on and rows to measure on."""

    train: Rows
    test: Rows


def repeated_folds(liked: Rows, groups: Rows, n_folds: int, n_repeats: int, seed: int) -> list[Fold]:
    """Return stratified folds that never split a group, ``n_repeats`` times, each from its own seed."""
    return [
        Fold(train, test)
        for repeat in range(n_repeats)
        for train, test in StratifiedGroupKFold(n_folds, shuffle=True, random_state=seed + repeat).split(
            np.zeros_like(liked), liked, groups
        )
    ]


def single_split(liked: Rows, groups: Rows, seed: int) -> Fold:
    """Hold out one fifth, as the paper does, but without splitting a group."""
    return repeated_folds(liked, groups, n_folds=5, n_repeats=1, seed=seed)[0]
