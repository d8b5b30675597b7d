"""Candidate sources: each scores tracks for listeners by one thought of its own.

A source is fitted on ``Facts`` and gives float32[n, n_tracks], minus infinity where nothing speaks for a
track. What is heard or not in the catalog is left out by who asks. A new source is a class and a line in
``SOURCES``.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from scipy.sparse import csr_matrix

from models.arrays import Floats32, Ints
from models.candidates.artists import ArtistPeer
from models.candidates.facts import Facts
from models.peers.ease import Ease
from models.peers.ials import Ials
from models.peers.item_cosine import ItemCosine
from models.peers.peer import Peer, only_positive
from models.peers.popularity import Popularity
from models.peers.user_neighbors import UserNeighbors

SIMILAR_TRACKS = "similar_tracks"
OWN_ARTISTS = "own_artists"
# How many times as many as other sources one proposes: by artists they play, listeners play tracks that
# stand far down any other order.
MORE_OF = {OWN_ARTISTS: 6}
NEW_DAYS = 14
# Of two tracks by one artist, the one that more listeners play comes first, but an artist played more
# often comes before both.
POPULARITY_WEIGHT = 0.3
# Added to each track's listeners, so that a track without any is not impossible.
PRIOR_LISTENERS = 0.3


class Source(Protocol):
    """Something that proposes tracks."""

    def fit(self, facts: Facts) -> None:
        """Learn; ModelError where these facts are more than it can take."""

    def scores(self, first: int, last: int) -> Floats32:
        """Score all tracks for listeners ``first`` to ``last`` - 1: a new [n, n_tracks]."""


@dataclass
class OfPeer:
    """A peer, fitted on the tracks that anybody plays."""

    peer: Peer
    weights: Callable[[Facts], csr_matrix]

    def fit(self, facts: Facts) -> None:
        """Fit the peer."""
        self._n_tracks = facts.n_tracks
        self._tracks: Ints = np.flatnonzero(facts.listeners_of_track)
        weights = csr_matrix(self.weights(facts)[:, self._tracks], dtype=np.float32)
        weights.sort_indices()
        self.peer.fit(weights)

    def scores(self, first: int, last: int) -> Floats32:
        """Return the peer's scores."""
        found = np.full((last - first, self._n_tracks), -np.inf, np.float32)
        found[:, self._tracks] = self.peer.scores(first, last)
        return found


class SimilarTracks(OfPeer):
    """Tracks that the listeners of a listener's tracks play, those played of late first."""

    def __init__(self) -> None:
        self._cosine = ItemCosine()
        super().__init__(self._cosine, lambda facts: _logs(facts.decayed))

    def because(self, listener: Ints, track: Ints) -> Ints:
        """Return for each pair the played track that speaks most for it, -1 where none does."""
        place = np.searchsorted(self._tracks, track)
        known = self._tracks[np.minimum(place, len(self._tracks) - 1)] == track
        found = np.full(len(track), -1)
        strongest = self._cosine.strongest(listener[known], place[known])
        found[known] = np.where(strongest >= 0, self._tracks[strongest], -1)
        return found


class OfArtists:
    """What a listener's decayed plays say for other tracks of the same artists, guests included."""

    def fit(self, facts: Facts) -> None:
        """Add up plays by artist."""
        self._of_artist = csr_matrix(facts.decayed @ facts.artists)
        self._by_artist = csr_matrix(facts.artists.T)

    def plays(self, first: int, last: int) -> Floats32:
        """Return the plays of each track's artists by listeners ``first`` to ``last`` - 1."""
        found: Floats32 = (self._of_artist[first:last] @ self._by_artist).toarray()
        return found


class OwnArtists(OfArtists):
    """Tracks by the artists a listener plays: those they play most, then what most listeners play."""

    def fit(self, facts: Facts) -> None:
        """Add up plays by artist, and listeners by track."""
        super().fit(facts)
        self._popularity = POPULARITY_WEIGHT * np.log1p(facts.listeners_of_track).astype(np.float32)

    def scores(self, first: int, last: int) -> Floats32:
        """log1p of decayed plays of the track's artists + .3 log1p of the track's listeners."""
        plays = self.plays(first, last)
        found: Floats32 = np.log1p(plays, dtype=np.float32) + self._popularity
        found[plays <= 0] = -np.inf
        return found


class NewReleases(OfArtists):
    """Tracks by the artists a listener plays that came into the catalog in the last 14 days."""

    def fit(self, facts: Facts) -> None:
        """Add up plays by artist, and find what is new."""
        super().fit(facts)
        # A catalog that is itself younger has no old tracks to tell new ones from.
        self._new = np.asarray(facts.age_days < min(NEW_DAYS, np.nanmax(facts.age_days, initial=0.0)))

    def scores(self, first: int, last: int) -> Floats32:
        """Return the decayed plays of the track's artists."""
        found = self.plays(first, last)
        found[:, ~self._new] = 0.0
        return only_positive(found)


class SimilarArtists:
    """Tracks by artists whom the same listeners play: EASE over artists, times the root of the track's
    share of its artist's listeners."""

    def fit(self, facts: Facts) -> None:
        """Solve for the artists that anybody plays."""
        self._artists = ArtistPeer(Ease(100.0), csr_matrix.sign)
        self._artists.fit(facts)
        self._artist_of, listeners = facts.artist_of, facts.listeners_of_track
        of_artist = np.bincount(self._artist_of, listeners, facts.n_artists + 1)[self._artist_of]
        share = (listeners + PRIOR_LISTENERS) / np.maximum(of_artist, 1)
        self._root_of_share = np.sqrt(share).astype(np.float32)

    def scores(self, first: int, last: int) -> Floats32:
        """Return the artist's score times the root of the track's share."""
        of_artist = self._artists.scores(first, last)
        return only_positive(of_artist[:, self._artist_of] * self._root_of_share)


def _logs(matrix: csr_matrix) -> csr_matrix:
    return csr_matrix(matrix.log1p())


SOURCES: Mapping[str, Callable[[], Source]] = {
    OWN_ARTISTS: OwnArtists,
    "item_model": lambda: OfPeer(Ease(50.0), lambda facts: csr_matrix(facts.plays.sign())),
    SIMILAR_TRACKS: SimilarTracks,
    "similar_listeners": lambda: OfPeer(UserNeighbors(centered=True), lambda facts: _logs(facts.plays)),
    "latent_factors": lambda: OfPeer(Ials(), lambda facts: _logs(facts.plays)),
    "similar_artists": SimilarArtists,
    "new_releases": NewReleases,
    "popular": lambda: OfPeer(Popularity(), lambda facts: facts.decayed),
}  # fmt: skip
