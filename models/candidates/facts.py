"""What sources and the ranker know of listeners and tracks at one moment."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.sparse import csr_matrix

from models.arrays import Floats, Ints, Mask
from models.ranking.lists import Credits


@dataclass(frozen=True)
class Facts:
    """Listeners x tracks, all known at one moment, nothing from after it.

    ``heard`` counts listens however long ago, ``plays`` and ``skips`` those of the lookback, ``decayed``
    weighs plays by their age; float32. ``age_days`` is for how many days a track has been in the
    catalog, NaN for one that is not in it yet, which is never a candidate.
    """

    plays: csr_matrix
    decayed: csr_matrix
    skips: csr_matrix
    heard: csr_matrix
    credits: Credits
    age_days: Floats

    @property
    def n_listeners(self) -> int:
        """Rows."""
        return int(self.plays.shape[0])

    @property
    def n_tracks(self) -> int:
        """Columns."""
        return int(self.plays.shape[1])

    @cached_property
    def in_catalog(self) -> Mask:
        """Which tracks can be recommended: bool[n_tracks]."""
        return np.asarray(~np.isnan(self.age_days))

    @cached_property
    def artists(self) -> csr_matrix:
        """Ones, tracks x artists, guests included."""
        return self.credits.matrix

    @cached_property
    def artist_of(self) -> Ints:
        """First artist of each track; ``n_artists`` for a track without any."""
        return np.minimum(self.credits.first, self.n_artists)

    @property
    def n_artists(self) -> int:
        """Columns of ``artists``."""
        return self.credits.n_artists

    @cached_property
    def listeners_of_track(self) -> Floats:
        """How many listeners play each track."""
        return np.asarray(self.plays.getnnz(axis=0), float)
