"""Random orders in which what is likelier tends to come first."""

import numpy as np
from numpy.typing import NDArray

from models.arrays import Floats


def arrivals(chances: NDArray[np.floating], rng: np.random.Generator) -> Floats:
    """Draw when each arrives: in their order each place goes to one of those left by its odds.

    ``chances`` are probabilities, of any shape (Efraimidis and Spirakis 2006, with odds for weights).
    """
    p = np.clip(chances.astype(float), 1e-3, 1 - 1e-3)
    return np.asarray(rng.exponential(size=p.shape) * (1 - p) / p)
