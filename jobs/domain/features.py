"""Audio features as arrays."""

import numpy as np
import pyarrow as pa

from expectations.audio_features import UNDETECTED
from jobs.domain.arrays import Floats
from models.features import FEATURES


def feature_matrix(rows: pa.Table) -> Floats:
    """Return float64[n, 13] of rows with the 13 features, NaN for one that was not detected."""
    values = np.stack([np.asarray(rows[name].cast(pa.float64())) for name in FEATURES], axis=1)
    for name, word in UNDETECTED.items():  # tables of before hold it as a number
        column = values[:, FEATURES.index(name)]
        column[column == word] = np.nan
    return values
