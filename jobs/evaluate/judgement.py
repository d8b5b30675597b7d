"""Every contender by every figure, in one pass over blocks of listeners.

Memory beside the split: the contenders, and for a block its lists, figures and draws.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_matrix

from jobs.domain.arrays import Floats, Ints, Mask
from jobs.evaluate.contenders import Contender
from jobs.evaluate.hidden_tastes import HiddenTastes
from jobs.lake.split import Split
from models.features import FEATURES
from models.peers.peer import blocks, listeners_a_block
from models.ranking.accuracy import average_precision, ndcg, recall
from models.ranking.breadth import Reach, artist_diversity, calibration_error, novelty
from models.ranking.intervals import Bootstrap, Intervals
from models.ranking.lists import Lists, hits, lengths
from models.ranking.slices import (
    HISTORY,
    by_history,
    mainstreamness,
    popularity_rank,
    regions,
    thirds,
)

DISCOVERY, KNOWN_ARTIST, NEW_ARTIST, RELISTEN = TASKS = (
    "discovery", "known artist", "new artist", "relisten",
)  # fmt: skip
ALL = "all"
MAIN = "NDCG@10"
TASTES = ("niche", "middle", "mainstream")
N_POPULARITY = 5
# Four sounds that listeners name; more would leave regions of few tracks.
SOUND = ("energy", "valence", "acousticness", "danceability")
N_SOUND = 2 ** len(SOUND)


@dataclass(frozen=True)
class Figure:
    """One figure of one contender: a mean over ``n_listeners`` with its 95 % interval, and the paired
    difference to the first contender. What is no mean of listeners has a value alone."""

    task: str
    slice: str
    contender: str
    metric: str
    n_listeners: int
    value: float
    low: float | None = None
    high: float | None = None
    difference: float | None = None
    difference_low: float | None = None
    difference_high: float | None = None


Key = tuple[str, str, str, str]


def judge(
    split: Split, contenders: Sequence[Contender], seed: int, tastes: HiddenTastes | None = None
) -> list[Figure]:
    """Return the figures of the contenders, in their order; the first is what others are held against.

    A task for which a contender has no track at all is left out of its figures.
    """
    judging = _Judging(split, tastes)
    reach = {contender.name: Reach.of(split.n_tracks) for contender in contenders}
    n_listed: dict[tuple[str, str], int] = {}
    bootstrap, keys = None, list[Key]()
    for first, last in blocks(split.n_listeners, listeners_a_block(split.n_tracks)):
        block = judging.block(first, last)
        columns: dict[Key, Floats] = {}
        for contender in contenders:
            lists = contender.lists(first, last, block.candidates)
            reach[contender.name].add(lists[DISCOVERY])
            for task in TASKS:
                place = (task, contender.name)
                n_listed[place] = n_listed.get(place, 0) + int(lengths(lists[task]).sum())
            columns |= judging.figures(block, contender.name, lists)
        keys = list(columns)
        values = _with_differences(columns, contenders[0].name)
        bootstrap = bootstrap or Bootstrap(split.n_listeners, values.shape[1], seed)
        bootstrap.add(values)
    figures = _figures(bootstrap.intervals(), keys, n_listed) if bootstrap else []
    return [*figures, *_reaches(reach)]


@dataclass(frozen=True)
class _Block:
    first: int
    candidates: dict[str, Mask]
    relevant: dict[str, csr_matrix]


class _Judging:
    """What blocks have in common."""

    def __init__(self, split: Split, tastes: HiddenTastes | None) -> None:
        self.split, self.tastes = split, tastes
        self.first_artist = split.credits.first
        self.artists = split.credits.matrix
        of_track = np.asarray(split.plays.sum(axis=0), float).ravel()
        of_artist = np.bincount(self.first_artist, of_track).astype(float)
        share = popularity_rank(of_artist)[self.first_artist]
        self.popularity_group = np.minimum((share * N_POPULARITY).astype(np.int64), N_POPULARITY - 1)
        self.sound = regions(split.features[:, [FEATURES.index(name) for name in SOUND]])
        self.n_players = np.asarray(split.plays.getnnz(axis=0), np.int64)
        self.slices = dict(_slices(split.plays))

    def block(self, first: int, last: int) -> _Block:
        """Candidates and what is relevant, by task."""
        heard = self.split.heard[first:last]
        by_known = ((heard @ self.artists) @ self.artists.T).toarray() > 0
        was_heard = heard.toarray() > 0
        candidates = {
            DISCOVERY: ~was_heard,
            KNOWN_ARTIST: ~was_heard & by_known,
            NEW_ARTIST: ~was_heard & ~by_known,
            RELISTEN: was_heard,
        }
        later = self.split.later[first:last].tocoo()
        relevant = {}
        for task, of_task in candidates.items():
            wanted = of_task[later.row, later.col]
            entries = (later.data[wanted], (later.row[wanted], later.col[wanted]))
            relevant[task] = csr_matrix(entries, shape=later.shape)
        return _Block(first, candidates, relevant)

    def figures(self, block: _Block, name: str, lists: dict[str, Lists]) -> dict[Key, Floats]:
        """Columns of one contender, of a block's listeners."""
        found: dict[Key, Floats] = {}
        for task in TASKS:
            n_relevant = block.relevant[task].getnnz(axis=1)
            hit = hits(lists[task], block.relevant[task])
            found[task, ALL, name, MAIN] = ndcg(hit, n_relevant, 10)
            found[task, ALL, name, "MAP@10"] = average_precision(hit, n_relevant, 10)
            found[task, ALL, name, "NDCG@30"] = ndcg(hit, n_relevant, 30)
            found[task, ALL, name, "recall@30"] = recall(hit, n_relevant, 30)
        for metric, values in self._of_lists(block, lists[DISCOVERY]):
            found[DISCOVERY, ALL, name, metric] = values
        rows = slice(block.first, block.first + len(lists[DISCOVERY]))
        main = found[DISCOVERY, ALL, name, MAIN]
        for of_slice, members in self.slices.items():
            found[DISCOVERY, of_slice, name, MAIN] = np.where(members[rows], main, np.nan)
        return found

    def _of_lists(self, block: _Block, lists: Lists) -> Iterator[tuple[str, Floats]]:
        plays = self.split.plays[block.first : block.first + len(lists)]
        yield "novelty", novelty(lists, self.n_players, self.split.n_listeners)
        yield "artist diversity", artist_diversity(lists, self.first_artist)
        yield "popularity error", calibration_error(lists, self.popularity_group, plays, N_POPULARITY)
        yield "sound error", calibration_error(lists, self.sound, plays, N_SOUND)
        if self.tastes:
            yield "true like rate", self.tastes.like_rates(block.first, lists)


def _slices(plays: csr_matrix) -> Iterator[tuple[str, Mask]]:
    """Listeners by what they had played, and how common it was."""
    n_plays: Ints = np.asarray(plays.sum(axis=1)).ravel().astype(np.int64)
    of_history, of_taste = by_history(n_plays), thirds(mainstreamness(plays))
    for number, name in enumerate(HISTORY):
        yield f"{name} plays", of_history == number
    for number, name in enumerate(TASTES):
        yield name, of_taste == number


def _with_differences(columns: dict[Key, Floats], base: str) -> Floats:
    """The columns, then each one's difference to that of the contender ``base``."""
    differences = [
        values - columns[task, of_slice, base, metric]
        for (task, of_slice, _, metric), values in columns.items()
    ]
    return np.stack([*columns.values(), *differences], axis=1)


def _figures(
    found: Intervals, keys: Sequence[Key], n_listed: Mapping[tuple[str, str], int]
) -> list[Figure]:
    base, n = keys[0][2], len(keys)
    bounds = np.stack([found.value, found.low, found.high]).T.tolist()
    figures = []
    for key, n_listeners, own, less in zip(keys, found.n.tolist(), bounds, bounds[n:], strict=False):
        task, _, contender, _ = key
        if n_listed[task, contender] and n_listeners:
            compared = contender != base and n_listed[task, base]
            figures.append(Figure(*key, n_listeners, *own, *(less if compared else ())))
    return figures


def _reaches(reach: dict[str, Reach]) -> list[Figure]:
    return [
        Figure(DISCOVERY, ALL, name, metric, of_lists.n_listeners, value)
        for name, of_lists in reach.items()
        for metric, value in (
            ("coverage", of_lists.coverage), ("personalization", of_lists.personalization),
        )
        if of_lists.n_listeners > 1
    ]  # fmt: skip
