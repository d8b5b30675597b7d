"""Peers over artists instead of tracks: they know what to say of an artist whom a listener does not
play, and of tracks that few play."""

from collections.abc import Callable, Mapping

import numpy as np
from scipy.sparse import csr_matrix

from models.arrays import Floats32, Ints
from models.candidates.facts import Facts
from models.peers.ials import Ials
from models.peers.item_cosine import ItemCosine
from models.peers.peer import Peer
from models.peers.user_neighbors import UserNeighbors


class ArtistPeer:
    """A peer fitted on ``weights`` of plays by artist, guests included."""

    def __init__(
        self, peer: Peer, weights: Callable[[csr_matrix], csr_matrix] = csr_matrix.log1p
    ) -> None:
        self.peer, self.weights = peer, weights

    def fit(self, facts: Facts) -> None:
        """Fit the peer on the artists that anybody plays."""
        plays = csr_matrix(facts.plays @ facts.artists)
        self._n_artists = facts.n_artists
        self._played: Ints = np.flatnonzero(plays.getnnz(axis=0))
        weights = csr_matrix(self.weights(plays)[:, self._played], dtype=np.float32)
        weights.sort_indices()
        self.peer.fit(weights)

    def scores(self, first: int, last: int) -> Floats32:
        """Return the score of each artist for listeners ``first`` to ``last`` - 1, [n, n_artists + 1]; 0
        where nothing speaks for one, as in the last column, of tracks that name none."""
        found = np.zeros((last - first, self._n_artists + 1), np.float32)
        scores = self.peer.scores(first, last)
        found[:, self._played] = np.where(np.isfinite(scores), scores, 0.0)
        return found


# What the ranker is told of a track's first artist, beside the source similar_artists.
ARTIST_PEERS: Mapping[str, Callable[[], Peer]] = {
    "artist_cosine": ItemCosine,
    "artist_neighbors": UserNeighbors,
    "artist_factors": Ials,
}
