"""One listener's playlist: candidates of each strategy, blended, with reasons and a funnel."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from itertools import chain, islice
from typing import Any

import numpy as np
import pyarrow as pa

from jobs.domain.arrays import Floats, Mask
from jobs.domain.correlation import Support
from jobs.lake.catalog import TABLES, Column
from jobs.lake.schemas import arrow_type
from jobs.recommend.blend import (
    EXPLOIT,
    EXPLORE,
    NEIGHBORS,
    NEW_ARTISTS,
    POPULAR,
    RETURNING,
    Blend,
    Pick,
    best,
    blend,
    draw_slots,
    generator,
    shuffled,
)
from jobs.recommend.candidates import (
    Candidates,
    Model,
    Scores,
    content_scores,
    explained,
    predict,
)
from jobs.recommend.explore_share import ExploreShares
from jobs.recommend.listeners import Listener, RatingMatrix, listeners_of
from jobs.recommend.listening_order import listening_order
from jobs.recommend.reasons import Audience, ReasonBuilder, sentence
from jobs.recommend.tracks import Tracks

BLOCK_LISTENERS = 64


@dataclass(frozen=True)
class PlaylistRules:
    """What a playlist of the night must be like."""

    night: date
    seed: int
    n_tracks: int
    artist_cap: int
    new_artist_share: float
    explore: ExploreShares
    n_candidates: int
    like_weight: float
    reach_weight: float
    support: Support


@dataclass(frozen=True)
class Eligible:
    """Which tracks of the catalog one listener may get, bool[n_tracks] each.

    ``allowed`` are unheard and neither disliked nor blocked; ``rested`` are allowed and on no list of
    the last nights; ``new_artist`` are by artists of whom the listener has heard nothing.
    """

    unheard: Mask
    allowed: Mask
    rested: Mask
    new_artist: Mask


@dataclass(frozen=True)
class PlaylistBuilder:
    """Makes playlists by one set of rules; it goes to every worker, once."""

    tracks: Tracks
    matrix: RatingMatrix
    model: Model | None
    rules: PlaylistRules

    @cached_property
    def audience(self) -> Audience:
        """Who plays each track."""
        return Audience.of(self.matrix, len(self.tracks))

    @cached_property
    def of_artists(self) -> Audience:
        """Who plays each artist."""
        return Audience.of_artists(self.matrix, self.tracks)

    def batches(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Turn Arrow batches of listeners' facts into batches of playlists (``PLAYLIST``)."""
        for batch in batches:
            listeners = listeners_of(batch, self.tracks, self.matrix)
            while block := list(islice(listeners, BLOCK_LISTENERS)):
                yield pa.RecordBatch.from_pylist(list(self.playlists(block)), PLAYLIST)

    def playlists(self, listeners: list[Listener]) -> Iterator[dict[str, Any]]:
        """Make one row a listener: user_id, tracks and funnel."""
        scores = content_scores(listeners, self.tracks, self.model, self.matrix.of_tracks)
        for listener, content in zip(listeners, scores, strict=True):
            yield self.playlist(listener, content)

    def playlist(self, listener: Listener, content: Scores) -> dict[str, Any]:
        """Make the playlist of one listener, given the score of each track by its content."""
        eligible = self._eligible(listener)
        rng = generator(self.rules.seed, self.rules.night, listener.user_id)
        candidates = self._candidates(listener, eligible, content, rng)
        rules, own = self.rules, (listener.user_id, listener.n_rated, listener.tries)
        explore = rules.explore.share(*own, rules.seed, rules.night)
        shares = {NEW_ARTISTS: rules.new_artist_share, EXPLORE: explore}
        slots = draw_slots(rules.n_tracks, shares, rng)
        queues = {strategy: found.positions for strategy, found in candidates.items()}
        blended = blend(queues, slots, self.tracks, rules.artist_cap)
        return {
            "user_id": listener.user_id,
            "tracks": self._entries(listener, eligible, blended.picks, candidates),
            "funnel": self._funnel(eligible, blended),
        }

    def _eligible(self, listener: Listener) -> Eligible:
        """Tell which tracks the listener may get."""
        tracks = self.tracks
        unheard = ~tracks.versions_of(listener.heard)
        allowed = unheard & ~tracks.versions_of(listener.blocked)
        allowed &= ~tracks.by_any_of(tracks.artist_numbers(listener.blocked_artists))
        rested = allowed & ~tracks.versions_of(listener.offered)
        return Eligible(
            unheard, allowed, rested, ~tracks.by_any_of(tracks.artists_of_all(listener.heard))
        )

    def _candidates(
        self, listener: Listener, eligible: Eligible, content: Scores, rng: np.random.Generator
    ) -> dict[str, Candidates]:
        rested, new_artist = eligible.rested, eligible.rested & eligible.new_artist
        likely = self._worth(listener, content, rested, self.rules.reach_weight)
        likely_new = self._worth(listener, content, new_artist)
        by_neighbors = predict(listener, len(self.tracks), self.rules.support)
        by_neighbors[~rested] = np.nan
        explore = np.where(new_artist, content, np.nan)
        popular = (position for position in self.audience.by_size if rested[position])
        n = self.rules.n_candidates
        return {
            EXPLOIT: Candidates(best(likely, n).tolist(), likely),
            NEIGHBORS: Candidates(best(by_neighbors, n).tolist(), by_neighbors),
            NEW_ARTISTS: Candidates(best(likely_new, n).tolist(), likely_new),
            EXPLORE: Candidates(shuffled(best(explore, n), explore, rng).tolist(), explore),
            POPULAR: Candidates(popular, self.audience.sizes),
            RETURNING: self._returning(listener, content, eligible.allowed & ~rested),
        }

    def _worth(
        self, listener: Listener, content: Scores, among: Mask, reach_weight: float = 0.0
    ) -> Floats:
        """Worth of each candidate ``among`` these tracks: its chance to be played, raised by
        ``reach_weight`` times the listener's claim, in units of the mean of the ``n_tracks`` likeliest,
        plus ``like_weight`` times its chance to be liked then: float64[n_tracks], NaN for what is no
        candidate.

        A sum, so that what is surely liked makes up for some chances, and what is hardly ever liked is
        no bar to what will surely be played. The units are the listener's own: a quiet one's list is
        not made by liking alone. Of a track without features counts the liking of the middle candidate.
        """
        worth = np.full(len(self.tracks), np.nan)
        wanted = among[listener.candidates]
        positions, chances = listener.candidates[wanted], listener.chances[wanted]
        if not len(positions):
            return worth
        unit = np.sort(chances)[-self.rules.n_tracks :].mean()
        raised = chances + reach_weight * listener.claims[wanted]
        worth[positions] = raised / unit if unit > 0 else 0.0
        if self.model is not None:
            liked = content[positions].astype(float)
            known = liked[~np.isnan(liked)]
            liked[np.isnan(liked)] = np.median(known) if len(known) else 0.0
            worth[positions] += self.rules.like_weight * liked
        return worth

    def _returning(self, listener: Listener, content: Scores, resting: Mask) -> Candidates:
        """What rests, to fill a list that would be short: likely ones first, then popular ones."""
        worth = self._worth(listener, content, resting)
        ranked = best(worth, self.rules.n_candidates).tolist()
        others = (position for position in self.audience.by_size if resting[position])
        return Candidates(chain(ranked, others), np.where(np.isnan(worth), 0.0, worth))

    def _entries(
        self,
        listener: Listener,
        eligible: Eligible,
        picks: tuple[Pick, ...],
        candidates: dict[str, Candidates],
    ) -> list[dict[str, Any]]:
        by_content = [pick.position for pick in picks if pick.strategy == EXPLORE]
        why = explained(listener, by_content, self.tracks, self.model)
        scores = {strategy: found.scores for strategy, found in candidates.items()}
        reasons = ReasonBuilder(
            listener, self.tracks, self.audience, self.of_artists, eligible.unheard, scores, why
        )
        entries = []
        positions = [pick.position for pick in picks]
        order = listening_order(positions, eligible.new_artist[positions], self.tracks)
        for rank, (pick, place) in enumerate(zip(picks, np.argsort(order), strict=True), start=1):
            kind, evidence = reasons.reason(pick)
            explored = pick.strategy == EXPLORE and self.model is not None
            entries.append(
                {
                    "rank": rank,
                    "track_id": self.tracks.ids[pick.position],
                    "title": self.tracks.titles[pick.position],
                    "artist": self.tracks.artists[pick.position],
                    "score": reasons.score(pick),
                    "strategy": pick.strategy,
                    "reason_kind": kind,
                    "reason": sentence(kind, evidence),
                    "evidence": json.dumps(evidence, ensure_ascii=False, sort_keys=True),
                    "model_version": self.model.version if explored and self.model else None,
                    "play_order": int(place) + 1,
                }
            )
        return entries

    def _funnel(self, eligible: Eligible, blended: Blend) -> list[dict[str, Any]]:
        returning = sum(pick.strategy == RETURNING for pick in blended.picks)
        n_rested = int(eligible.rested.sum()) + returning
        n_left = {
            "heard": int(eligible.unheard.sum()),
            "blocked": int(eligible.allowed.sum()),
            "rested": n_rested,
            "version": n_rested - blended.n_versions,
            "artist_cap": n_rested - blended.n_versions - blended.n_capped,
            "length": len(blended.picks),
        }
        before = [len(self.tracks), *list(n_left.values())[:-1]]
        return [
            {"step": step, "filter": name, "n_before": n_before, "n_after": n_after}
            for step, (n_before, (name, n_after)) in enumerate(
                zip(before, n_left.items(), strict=True), start=1
            )
        ]


def _rows(name: str) -> tuple[Column, ...]:
    """Columns of a table's rows in a list: all but those that are the same in every row of the list."""
    return TABLES[name].columns_without("as_of", "user_id")


def _arrow_list(name: str) -> pa.DataType:
    return pa.list_(
        pa.struct([pa.field(column.name, arrow_type(column.type)) for column in _rows(name)])
    )


def _spark_list(name: str) -> str:
    fields = ", ".join(f"{column.name} {column.type}" for column in _rows(name))
    return f"array<struct<{fields}>>"


# A batch of playlists, for Arrow and for Spark: the rows of both tables, as lists, by listener.
_LISTS = {"tracks": "playlists", "funnel": "playlist_funnel"}
PLAYLIST = pa.schema(
    {"user_id": pa.string()} | {name: _arrow_list(table) for name, table in _LISTS.items()}
)
PLAYLIST_DDL = ", ".join(
    ["user_id string", *(f"{name} {_spark_list(table)}" for name, table in _LISTS.items())]
)
