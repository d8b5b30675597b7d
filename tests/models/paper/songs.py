"""Made-up songs of one listener, who likes them loud and fast."""

import numpy as np

from models.features import FEATURES
from models.paper.folds import Songs


def some_songs(n: int = 60, seed: int = 0) -> Songs:
    """Every fifth song repeats the one before under its title and artist; six songs to an artist."""
    generator = np.random.default_rng(seed)
    features = generator.uniform(0, 1, size=(n, len(FEATURES)))
    features[:, FEATURES.index("key")] = generator.integers(0, 12, size=n)
    features[:, FEATURES.index("mode")] = generator.integers(0, 2, size=n)
    features[:, FEATURES.index("loudness")] *= -60
    features[:, FEATURES.index("tempo")] *= 200
    features[:, FEATURES.index("duration_ms")] *= 400_000
    features[:, FEATURES.index("time_signature")] = 4
    score = features[:, FEATURES.index("energy")] + features[:, FEATURES.index("tempo")] / 200
    song = np.arange(n)
    song[4::5] -= 1
    return Songs(features, (score > 1).astype(int), song, song // 6)
