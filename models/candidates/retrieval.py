"""The candidates of listeners: the best of every source, each with all that is known of the pair."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_matrix

from models.arrays import Floats, Floats32, Ints, Mask
from models.candidates.artists import ARTIST_PEERS, ArtistPeer
from models.candidates.facts import Facts
from models.candidates.sources import MORE_OF, SIMILAR_TRACKS, SOURCES, SimilarTracks, Source
from models.candidates.standing import Standing
from models.compiled import compiled
from models.errors import ModelError

log = logging.getLogger("nocturne")

RANK, STANDING = "_rank", "_standing"
# Sources whose score also stands beside what other listeners have for the track.
COMPARED = (
    "item_model", SIMILAR_TRACKS, "similar_listeners", "latent_factors", "similar_artists",
)  # fmt: skip
# Beside each source's score and rank.
OF_ARTIST = (
    "artist_decayed",
    "artist_plays",
    "artist_share",
    "artist_heard",
    "artist_left",
    "artist_skips",
)
OF_TRACK = ("track_listeners", "track_decayed", "track_skip_rate", "track_age", "artist_listeners",
            "share_of_artist", "place_in_artist", "artist_size")  # fmt: skip
OF_LISTENER = ("n_plays", "skip_rate", "n_tracks", "n_artists", "mainstream")
# Plays and skips of nobody in particular, so that three skips of three are no rate of 1.
PRIOR_SKIPS, PRIOR_LISTENS = 2.0, 8.0


@dataclass(frozen=True)
class CandidateRows:
    """Pairs of listener and track, sorted; ``values`` is float32[n, n_columns] of ``columns``, NaN where
    a source has no score for the pair."""

    listener: Ints
    track: Ints
    values: Floats32
    columns: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.listener)

    def column(self, name: str) -> Floats32:
        """Return one column."""
        return np.asarray(self.values[:, self.columns.index(name)])

    @property
    def ranks(self) -> Floats32:
        """Return each source's rank of each pair, [n, n_sources], from 0; NaN for none."""
        places = [i for i, name in enumerate(self.columns) if name.endswith(RANK)]
        return np.asarray(self.values[:, places])

    @property
    def best_source(self) -> Ints:
        """Return the number of the source that ranks the pair best, of equals the first."""
        ranks = self.ranks
        return np.asarray(np.where(np.isnan(ranks), np.inf, ranks).argmin(axis=1))

    def where(self, wanted: Mask) -> "CandidateRows":
        """Return the wanted pairs."""
        return self.at(np.flatnonzero(wanted))

    def at(self, places: Ints) -> "CandidateRows":
        """Return the pairs at these places, in this order."""
        return CandidateRows(
            self.listener[places], self.track[places], self.values[places], self.columns
        )

    @classmethod
    def joined(cls, parts: Sequence["CandidateRows"]) -> "CandidateRows":
        """Join blocks of listeners, in their order."""
        return cls(
            np.concatenate([part.listener for part in parts]),
            np.concatenate([part.track for part in parts]),
            np.concatenate([part.values for part in parts]),
            parts[0].columns,
        )


class Retrieval:
    """Sources fitted on the facts of one moment; each proposes its ``n_a_source`` best, some more.

    A source that cannot take so many listeners and tracks is left out, with a warning.
    """

    def __init__(self, facts: Facts, n_a_source: int, names: Sequence[str] = tuple(SOURCES)) -> None:
        self.facts, self.n_a_source = facts, n_a_source
        self.sources: dict[str, Source] = {}
        for name in names:
            source = SOURCES[name]()
            try:
                source.fit(facts)
            except ModelError as error:
                log.warning("no candidates by %s: %s", name, error)
                continue
            self.sources[name] = source
        self._standings = {
            name: Standing.of(source, facts.n_listeners, facts.n_tracks)
            for name, source in self.sources.items()
            if name in COMPARED
        }
        self._known = _Known(facts)

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the values of a pair."""
        ranks = tuple(name + RANK for name in self.sources)
        standings = tuple(name + STANDING for name in self._standings)
        return (*self.sources, *ranks, *standings, *OF_ARTIST, *ARTIST_PEERS, *OF_TRACK, *OF_LISTENER)

    def rows(self, first: int, last: int) -> CandidateRows:
        """Return candidates of listeners ``first`` to ``last`` - 1: unheard tracks of the catalog."""
        facts = self.facts
        barred = facts.heard[first:last].toarray() > 0
        barred |= ~facts.in_catalog
        scores = {name: source.scores(first, last) for name, source in self.sources.items()}
        proposed = np.zeros(barred.shape, bool)
        for name, found in scores.items():
            found[barred] = -np.inf
            _propose(proposed, found, self.n_a_source * MORE_OF.get(name, 1))
        row, track = np.nonzero(proposed)
        of_pair = [found[row, track] for found in scores.values()]
        ranks = [_ranks(row, track, score) for score in of_pair]
        values = [np.where(np.isfinite(score), score, np.nan) for score in of_pair]
        by_name = dict(zip(self.sources, values, strict=True))
        standings = [of.values(track, by_name[name]) for name, of in self._standings.items()]
        known = self._known.values(first, row, track)
        stacked = np.stack([*values, *ranks, *standings, *known], axis=1).astype(np.float32)
        return CandidateRows(row + first, track, stacked, self.columns)

    def because(self, rows: CandidateRows) -> Ints:
        """Return for each pair the played track that speaks most for it, -1 where none does; all by the
        source ``similar_tracks``."""
        source = self.sources.get(SIMILAR_TRACKS)
        if not isinstance(source, SimilarTracks):
            return np.full(len(rows), -1)
        return source.because(rows.listener, rows.track)


@compiled
def _propose(proposed: Mask, scores: Floats32, n: int) -> None:
    """Mark each row's ``n`` best finite scores; of equals at the end, those that come first."""
    for row in range(len(scores)):
        there = np.flatnonzero(np.isfinite(scores[row]))
        found = scores[row][there]
        if len(found) <= n:
            proposed[row][there] = True
            continue
        bar = np.partition(found, len(found) - n)[len(found) - n]
        left = n - (found > bar).sum()
        for place in range(len(found)):
            if found[place] > bar:
                proposed[row, there[place]] = True
            elif found[place] == bar and left > 0:
                proposed[row, there[place]] = True
                left -= 1


def _ranks(row: Ints, track: Ints, score: Floats32) -> Floats:
    """Return the place of each pair among its listener's by this score, from 0, ties by track; NaN for
    none."""
    order = np.lexsort((track, -score, row))
    starts = np.searchsorted(row, row)
    place = np.empty(len(row))
    place[order] = np.arange(len(row))
    return np.where(np.isfinite(score), place - starts, np.nan)


class _Known:
    """What is known of a pair beside the sources, in the order of ``OF_ARTIST``, ``ARTIST_PEERS``,
    ``OF_TRACK`` and ``OF_LISTENER``."""

    def __init__(self, facts: Facts) -> None:
        plays, skips = facts.plays, facts.skips
        # A column more for tracks that name no artist: nothing is known of theirs.
        by_artist = csr_matrix((np.ones(facts.n_tracks, np.float32),
                                (np.arange(facts.n_tracks), facts.artist_of)),
                               shape=(facts.n_tracks, facts.n_artists + 1))  # fmt: skip
        self.artist_of = facts.artist_of
        self.decayed, self.plays = csr_matrix(facts.decayed @ by_artist), csr_matrix(plays @ by_artist)
        self.skips = csr_matrix(skips @ by_artist)
        self.heard = csr_matrix(facts.heard.sign() @ by_artist)
        self.peers = [ArtistPeer(make()) for make in ARTIST_PEERS.values()]
        for peer in self.peers:
            peer.fit(facts)
        self.of_track = self._of_track(facts, by_artist)
        self.of_listener = self._of_listener(plays, skips, facts.listeners_of_track)

    def values(self, first: int, row: Ints, track: Ints) -> list[Floats]:
        """Return a column for each name."""
        artist, last = self.artist_of[track], first + int(row.max(initial=-1)) + 1
        by_peers = (peer.scores(first, last)[row, artist] for peer in self.peers)

        def of_pair(matrix: csr_matrix) -> Floats:
            return np.asarray(matrix[first:last].toarray()[row, artist], float)

        plays, heard = of_pair(self.plays), of_pair(self.heard)
        size = self.of_track["artist_size"][track]
        total = np.maximum(self.of_listener["n_plays"][first + row], 1)
        return [
            np.log1p(of_pair(self.decayed)), np.log1p(plays), plays / total, heard,
            1 - heard / size, of_pair(self.skips), *by_peers,
            *(self.of_track[name][track] for name in OF_TRACK),
            *(self.of_listener[name][first + row] for name in OF_LISTENER),
        ]  # fmt: skip

    def _of_track(self, facts: Facts, by_artist: csr_matrix) -> dict[str, Floats]:
        listeners, artist = facts.listeners_of_track, facts.artist_of
        played = np.asarray(facts.plays.sum(axis=0), float).ravel()
        skipped = np.asarray(facts.skips.sum(axis=0), float).ravel()
        of_artist = np.asarray(by_artist.T @ listeners).ravel()
        size = np.bincount(artist).astype(float)
        order = np.lexsort((np.arange(len(artist)), -listeners, artist))
        place = np.empty(len(artist))
        place[order] = np.arange(len(artist)) - np.searchsorted(artist[order], artist[order])
        return {
            "track_listeners": np.log1p(listeners),
            "track_decayed": np.log1p(np.asarray(facts.decayed.sum(axis=0), float).ravel()),
            "track_skip_rate": (skipped + PRIOR_SKIPS) / (played + skipped + PRIOR_LISTENS),
            "track_age": facts.age_days,
            "artist_listeners": np.log1p(of_artist)[artist],
            "share_of_artist": listeners / np.maximum(of_artist, 1)[artist],
            "place_in_artist": place,
            "artist_size": size[artist],
        }

    def _of_listener(self, plays: csr_matrix, skips: csr_matrix, listeners: Floats) -> dict[str, Floats]:
        n_plays = np.asarray(plays.sum(axis=1), float).ravel()
        n_skips = np.asarray(skips.sum(axis=1), float).ravel()
        common = np.asarray(plays @ np.log1p(listeners), float).ravel()
        return {
            "n_plays": n_plays,
            "skip_rate": (n_skips + PRIOR_SKIPS) / (n_plays + n_skips + PRIOR_LISTENS),
            "n_tracks": plays.getnnz(axis=1).astype(float),
            "n_artists": self.plays.getnnz(axis=1).astype(float),
            "mainstream": common / np.maximum(n_plays, 1),
        }
