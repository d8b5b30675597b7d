"""The blend: slots drawn for the strategies, filled best first under the artist cap."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from jobs.domain.arrays import Ints
from jobs.domain.lists import EXPLOIT, STRATEGIES
from jobs.recommend.tracks import Tracks
from models.exploration.odds import arrivals
from models.seeds import generator_of


@dataclass(frozen=True)
class Pick:
    """A chosen track."""

    position: int
    strategy: str


@dataclass(frozen=True)
class Blend:
    """The picks in the order of the list, and how many candidates were turned away on the way.

    ``n_versions`` were other versions of picked songs, ``n_capped`` fell to the artist cap.
    """

    picks: tuple[Pick, ...]
    n_versions: int
    n_capped: int


def generator(seed: int, night: date, user_id: str) -> np.random.Generator:
    """Return the listener's own randomness of the night: the same whenever and wherever it is drawn."""
    return generator_of(seed, night, user_id)


def draw_slots(n: int, shares: Mapping[str, float], rng: np.random.Generator) -> list[str]:
    """Return a strategy for each of ``n`` slots: exploit, then the others in the order of ``shares``.

    On average each of those has exactly its share of the list.
    """
    others = [name for name, share in shares.items() for _ in range(int(n * share + rng.random()))][:n]
    return [EXPLOIT] * (n - len(others)) + others


def blend(
    candidates: Mapping[str, Iterable[int]], slots: Sequence[str], tracks: Tracks, artist_cap: int
) -> Blend:
    """Fill each slot with the best candidate left of its strategy, or of the next that has one.

    ``candidates`` are positions by strategy, best first; a slot may be of another strategy than
    ``STRATEGIES``, which stands in for none. A track counts for each of its artists, and no
    artist has more than ``artist_cap`` tracks.
    """
    queues = {strategy: iter(candidates.get(strategy, ())) for strategy in {*STRATEGIES, *slots}}
    eligible = EligibilityFilter(tracks, artist_cap)
    picks = []
    for wanted in slots:
        for strategy in (wanted, *STRATEGIES):
            position = eligible.first(queues[strategy])
            if position is not None:
                picks.append(Pick(position, strategy))
                break
    return Blend(tuple(picks), len(eligible.versions), len(eligible.capped))


def best_of(
    positions: Iterable[int], strategy: str, n: int, tracks: Tracks, artist_cap: int
) -> tuple[Pick, ...]:
    """Return the first ``n`` of the positions that are eligible: each song once, and no artist more than
    ``artist_cap`` times."""
    eligible, queue = EligibilityFilter(tracks, artist_cap), iter(positions)
    found = (eligible.first(queue) for _ in range(n))
    return tuple(Pick(position, strategy) for position in found if position is not None)


class EligibilityFilter:
    """Lets a song through once, and not beyond its artists' cap."""

    def __init__(self, tracks: Tracks, artist_cap: int) -> None:
        self.tracks, self.artist_cap = tracks, artist_cap
        self.taken: set[int] = set()
        self.songs: set[int] = set()
        self.versions: set[int] = set()
        self.capped: set[int] = set()
        self.n_of_artist: Counter[int] = Counter()

    def first(self, queue: Iterator[int]) -> int | None:
        """Take the first of the queue that is eligible; None if there is none left."""
        return next((position for position in queue if self._admit(position)), None)

    def _admit(self, position: int) -> bool:
        if position in self.taken or position in self.versions or position in self.capped:
            return False
        song, artists = int(self.tracks.song[position]), set(self.tracks.artists_of(position).tolist())
        if song in self.songs:
            self.versions.add(position)
        elif any(self.n_of_artist[artist] >= self.artist_cap for artist in artists):
            self.capped.add(position)
        else:
            self.taken.add(position)
            self.songs.add(song)
            self.n_of_artist.update(artists)
            return True
        return False


def shuffled(positions: Ints, scores: NDArray[np.floating], rng: np.random.Generator) -> Ints:
    """Return the positions in a random order, by the odds of their scores, which are probabilities.

    So an explorer is not sent down the same path every night, nor everybody to the same few outliers.
    """
    return positions[np.argsort(arrivals(scores[positions], rng), kind="stable")]


def best(scores: NDArray[np.floating], n: int) -> Ints:
    """Return positions of the ``n`` greatest scores, greatest first, ties by position, without NaN."""
    scored = np.flatnonzero(~np.isnan(scores))
    if len(scored) > n:
        least = np.partition(scores[scored], len(scored) - n)[len(scored) - n]
        scored = scored[scores[scored] >= least]
    return scored[np.lexsort((scored, -scores[scored]))][:n]
