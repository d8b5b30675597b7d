"""What is judged: the published lists, each strategy's tracks of them alone, and the peers."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from scipy.sparse import csr_matrix

from jobs.domain.arrays import Ints, Mask
from jobs.lake.split import Split
from models.peers.ease import Ease
from models.peers.ials import Ials
from models.peers.item_cosine import ItemCosine
from models.peers.peer import Peer, lists_of
from models.peers.popularity import Popularity
from models.peers.user_neighbors import UserNeighbors
from models.ranking.lists import PADDING, Credits, Lists, kept

PUBLISHED, FLOOR = "published", "popularity"


class Contender(Protocol):
    """Something that has lists."""

    @property
    def name(self) -> str:
        """What its rows are called."""

    def lists(self, first: int, last: int, candidates: Mapping[str, Mask]) -> dict[str, Lists]:
        """Lists of listeners ``first`` to ``last`` - 1 for each task, of its candidates alone:
        bool[n_listeners, n_tracks]."""


@dataclass(frozen=True)
class Listed:
    """Lists that were made before; a task gets what is left of them, in their order."""

    name: str
    made: Lists

    def lists(self, first: int, last: int, candidates: Mapping[str, Mask]) -> dict[str, Lists]:
        """Return what is left."""
        made = self.made[first:last]
        row = np.arange(len(made))[:, None]
        return {task: kept(made, of_task[row, made]) for task, of_task in candidates.items()}


@dataclass(frozen=True)
class Fitted:
    """A peer fitted on what anybody played: ``tracks``, whose artists are ``credits``."""

    name: str
    peer: Peer
    tracks: Ints
    credits: Credits
    n_ranks: int
    artist_cap: int

    def lists(self, first: int, last: int, candidates: Mapping[str, Mask]) -> dict[str, Lists]:
        """Its best for each task."""
        scores = self.peer.scores(first, last)
        return {
            task: self._best(scores, of_task[:, self.tracks]) for task, of_task in candidates.items()
        }

    def _best(self, scores: np.ndarray, candidates: Mask) -> Lists:
        lists = lists_of(scores, candidates, self.credits, self.n_ranks, self.artist_cap)
        return np.where(lists == PADDING, np.int32(PADDING), self.tracks[lists].astype(np.int32))


@dataclass(frozen=True)
class PeerSpec:
    """How a peer is made and what it is fitted on; the ``nightly`` ones are quick enough for a night."""

    make: Callable[[], Peer]
    weights: Callable[[Split], csr_matrix]
    nightly: bool = False


def _logs(matrix: csr_matrix) -> csr_matrix:
    return csr_matrix(matrix.log1p())


def _ones(split: Split) -> csr_matrix:
    return csr_matrix(split.plays.sign())


PEERS: Mapping[str, PeerSpec] = {
    FLOOR: PeerSpec(Popularity, _ones, nightly=True),
    "decayed popularity": PeerSpec(Popularity, lambda split: split.decayed, nightly=True),
    "item cosine": PeerSpec(ItemCosine, lambda split: _logs(split.plays), nightly=True),
    "decayed item cosine": PeerSpec(ItemCosine, lambda split: _logs(split.decayed)),
    "user cosine": PeerSpec(UserNeighbors, lambda split: _logs(split.plays)),
    "user Pearson": PeerSpec(lambda: UserNeighbors(centered=True), lambda split: _logs(split.plays)),
    "EASE 50": PeerSpec(lambda: Ease(50.0), _ones),
    "EASE 200": PeerSpec(lambda: Ease(200.0), _ones),
    "iALS": PeerSpec(Ials, lambda split: _logs(split.plays)),
}


def made_lists(split: Split) -> list[Listed]:
    """Return the published lists and each strategy of them; nothing if the night has none."""
    if not split.lists.size:
        return []
    alone = [
        Listed(name, kept(split.lists, split.strategies == number))
        for number, name in enumerate(split.strategy_names)
    ]
    return [Listed(PUBLISHED, split.lists), *alone]


def fitted_peer(split: Split, name: str, n_ranks: int, artist_cap: int) -> Fitted:
    """Return the peer of that name, fitted on what the night knew. ModelError where it cannot be."""
    spec = PEERS[name]
    tracks = np.flatnonzero(split.plays.getnnz(axis=0))
    peer = spec.make()
    weights = csr_matrix(spec.weights(split)[:, tracks], dtype=np.float32)
    weights.sort_indices()
    peer.fit(weights)
    return Fitted(name, peer, tracks, split.credits.of_tracks(tracks), n_ranks, artist_cap)
