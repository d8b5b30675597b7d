"""Randomness that belongs to somebody: to a listener and a night, not to an order."""

import hashlib

import numpy as np


def generator_of(*parts: object) -> np.random.Generator:
    """Return the generator of these parts, such as seed, night and listener: the same whenever and
    wherever it is asked for."""
    digest = hashlib.sha256("|".join(map(str, parts)).encode()).digest()
    return np.random.default_rng(int.from_bytes(digest[:16]))
