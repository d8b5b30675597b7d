"""What a source's score of a track is beside the scores that other listeners have for it.

A popular track has high scores for everybody. How far above its own mean one listener's is says what
the score alone does not: whether it is they for whom the track is.
"""

from dataclasses import dataclass

import numpy as np

from models.arrays import Floats, Ints
from models.candidates.sources import Source
from models.peers.peer import blocks

BLOCK_LISTENERS = 128
# The mean of so many does not change much by more.
N_SAMPLE = 2048
# Scores are in single precision: beside their mean a smaller deviation is rounding.
ROUNDING = 1e-6


@dataclass(frozen=True)
class Standing:
    """Mean and standard deviation of each track's scores over listeners, no score counting as 0."""

    mean: Floats
    deviation: Floats

    @classmethod
    def of(cls, source: Source, n_listeners: int, n_tracks: int, n_sample: int = N_SAMPLE) -> "Standing":
        """Of a fitted source, over blocks of listeners at equal distances, some ``n_sample`` in all."""
        every = list(blocks(n_listeners, BLOCK_LISTENERS))
        step = -(-len(every) * BLOCK_LISTENERS // n_sample)
        total, squares, n = np.zeros(n_tracks), np.zeros(n_tracks), 0
        for first, last in every[:: max(step, 1)]:
            scores = source.scores(first, last).astype(np.float64)
            scores[~np.isfinite(scores)] = 0.0
            total += scores.sum(axis=0)
            squares += (scores * scores).sum(axis=0)
            n += last - first
        mean = total / max(n, 1)
        return cls(mean, np.sqrt(np.maximum(squares / max(n, 1) - mean * mean, 0.0)))

    def values(self, track: Ints, score: Floats) -> Floats:
        """Return (score - mean) / deviation of each pair, NaN being a score of 0; 0 where listeners do
        not differ."""
        above, deviation = np.nan_to_num(score) - self.mean[track], self.deviation[track]
        found = np.zeros(len(track))
        np.divide(above, deviation, out=found, where=deviation > ROUNDING * np.abs(self.mean[track]))
        return found
