"""Which listens count as plays of a track, for the judge."""

import numpy as np
from numpy.typing import NDArray

from jobs.domain.arrays import Mask

PLAY_MS = 30_000


def is_play(ms_played: NDArray[np.number], skipped: Mask, duration_ms: NDArray[np.number]) -> Mask:
    """Whether listens are plays: 30 s or half of the track heard, and not said to be skipped.

    ``duration_ms`` is NaN where the track's length is not known.
    """
    enough = np.fmin(PLAY_MS, duration_ms / 2)
    return np.asarray((ms_played >= enough) & ~skipped)
