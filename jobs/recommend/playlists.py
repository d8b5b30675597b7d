"""One listener's playlists: candidates of each strategy, blended, with reasons and a funnel."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from itertools import chain, islice
from typing import Any

import numpy as np
import pyarrow as pa

from jobs.domain.arrays import Floats, Mask
from jobs.domain.correlation import Support
from jobs.domain.lists import (
    DISCOVER,
    EXPLOIT,
    EXPLORE,
    NEIGHBORS,
    NEW_ARTISTS,
    NEW_RELEASES,
    POPULAR,
    REDISCOVER,
    RETURNING,
)
from jobs.lake.catalog import TABLES, Column
from jobs.lake.schemas import arrow_type
from jobs.recommend.blend import (
    Blend,
    Pick,
    best,
    best_of,
    blend,
    draw_slots,
    generator,
    shuffled,
)
from jobs.recommend.candidates import (
    COMPARED,
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
from jobs.recommend.new_releases import is_new, release_scores
from jobs.recommend.reasons import Audience, ReasonBuilder, sentence
from jobs.recommend.rediscover import order_of_due, order_of_known, order_of_liked
from jobs.recommend.tracks import Tracks
from models.exploration.regions import welcome, with_odds_times

BLOCK_LISTENERS = 64
# Strategies whose tracks are chosen by the content network.
BY_CONTENT = (EXPLORE, NEW_RELEASES)


@dataclass(frozen=True)
class PlaylistRules:
    """What the playlists of the night must be like; ``lists`` are made beside discover."""

    night: date
    seed: int
    lists: frozenset[str]
    n_tracks: int
    artist_cap: int
    new_artist_share: float
    explore: ExploreShares
    n_candidates: int
    like_weight: float
    reach_weight: float
    release_days: int
    support: Support


@dataclass(frozen=True)
class Eligible:
    """Which tracks of the catalog one listener may get, bool[n_tracks] each.

    ``welcome`` are neither disliked nor blocked; ``allowed`` are unheard and welcome; ``rested`` are
    allowed and on no list of the last nights; ``new_artist`` are by artists of whom the listener has
    heard nothing.
    """

    unheard: Mask
    welcome: Mask
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

    @cached_property
    def new(self) -> Mask:
        """Which tracks are new releases."""
        return is_new(self.tracks, self.rules.night, self.rules.release_days)

    def playlists(self, listeners: list[Listener]) -> Iterator[dict[str, Any]]:
        """Make one row a listener: user_id, tracks of all lists and the funnel of discover."""
        scores = content_scores(listeners, self.tracks, self.model, self.matrix.of_tracks)
        for listener, content in zip(listeners, scores, strict=True):
            yield self.playlist(listener, content)

    def playlist(self, listener: Listener, content: Scores) -> dict[str, Any]:
        """Make the playlists of one listener, given the score of each track by its content."""
        eligible = self._eligible(listener)
        rng = generator(self.rules.seed, self.rules.night, listener.user_id)
        candidates = self._candidates(listener, eligible, content, rng)
        rules, n_tracks = self.rules, listener.dials.list_length or self.rules.n_tracks
        queues = {strategy: found.positions for strategy, found in candidates.items()}
        known = order_of_known(listener, eligible.welcome).tolist() if listener.dials.known_share else []
        slots = self._slots(listener, n_tracks, rng)
        blended = blend(queues | {REDISCOVER: known}, slots, self.tracks, rules.artist_cap)
        lists = {DISCOVER: blended.picks}
        for name in (REDISCOVER, NEW_RELEASES):
            if name in rules.lists:
                lists[name] = best_of(queues[name], name, n_tracks, self.tracks, rules.artist_cap)
        return {
            "user_id": listener.user_id,
            "tracks": self._entries(listener, eligible, lists, candidates),
            "funnel": self._funnel(eligible, blended),
        }

    def _slots(self, listener: Listener, n_tracks: int, rng: np.random.Generator) -> list[str]:
        """Draw the strategies of the slots by the listener's share and dials, known tracks last."""
        rules, dials = self.rules, listener.dials
        own = (listener.user_id, listener.n_rated, listener.tries)
        explore, new = rules.explore.share(*own, rules.seed, rules.night), rules.new_artist_share
        if dials.adventurousness is not None:
            # Half way is as without the dial, for artists; to explore it is what has been learnt.
            low, high = rules.explore.floor, rules.explore.ceiling
            explore = low + dials.adventurousness * (high - low)
            new *= 2 * dials.adventurousness
        n_known = int(n_tracks * dials.known_share)
        slots = draw_slots(n_tracks - n_known, {NEW_ARTISTS: new, EXPLORE: explore}, rng)
        return slots + [REDISCOVER] * n_known

    def _eligible(self, listener: Listener) -> Eligible:
        """Tell which tracks the listener may get."""
        tracks = self.tracks
        unheard = ~tracks.versions_of(listener.heard)
        welcome = ~tracks.versions_of(listener.blocked)
        welcome &= ~tracks.by_any_of(tracks.artist_numbers(listener.blocked_artists))
        if not listener.dials.explicit:
            welcome &= ~tracks.explicit
        allowed = unheard & welcome
        rested = allowed & ~tracks.versions_of(listener.offered)
        new_artist = ~tracks.by_any_of(tracks.artists_of_all(listener.heard))
        return Eligible(unheard, welcome, allowed, rested, new_artist)

    def _candidates(
        self, listener: Listener, eligible: Eligible, content: Scores, rng: np.random.Generator
    ) -> dict[str, Candidates]:
        rested, new_artist = eligible.rested, eligible.rested & eligible.new_artist
        likely = self._worth(listener, content, rested, self.rules.reach_weight)
        likely_new = self._worth(listener, content, new_artist)
        by_neighbors = predict(listener, len(self.tracks), self.rules.support)
        by_neighbors[~rested] = np.nan
        explore = np.where(new_artist, self._by_region(listener, content), np.nan)
        popular = (position for position in self.audience.by_size if rested[position])
        n = self.rules.n_candidates
        released = release_scores(listener, self.tracks, content, eligible.allowed & self.new)
        return {
            EXPLOIT: Candidates(best(likely, n).tolist(), likely),
            NEIGHBORS: Candidates(best(by_neighbors, n).tolist(), by_neighbors),
            NEW_ARTISTS: Candidates(best(likely_new, n).tolist(), likely_new),
            EXPLORE: Candidates(shuffled(best(explore, n), explore, rng).tolist(), explore),
            POPULAR: Candidates(popular, self.audience.sizes),
            RETURNING: self._returning(listener, content, eligible.allowed & ~rested),
            REDISCOVER: self._rediscover(listener, eligible),
            NEW_RELEASES: Candidates(best(released, n).tolist(), released),
        }

    def _by_region(self, listener: Listener, content: Scores) -> Floats:
        """The chance of each track to be liked by its sound: float64[n_tracks], the greater the more
        welcome was what they explored there."""
        chances = content.astype(float)
        heard = self.tracks.described[listener.explored]
        if not heard.any():
            return chances
        z = self.tracks.z[:, COMPARED]
        factor = welcome(
            z, z[listener.explored[heard]], listener.explored_liked[heard],
            listener.explored_weights[heard],
        )  # fmt: skip
        # As of the network's: the last digits are the machine's.
        return np.round(with_odds_times(chances, factor), 5)

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

    def _rediscover(self, listener: Listener, eligible: Eligible) -> Candidates:
        """What is due again; for who has nothing left to discover, all that they like."""
        scores = np.full(len(self.tracks), np.nan)
        scores[listener.rated] = listener.ratings
        scores[listener.due] = listener.due_facts[:, 1]
        if eligible.allowed.any():
            order = order_of_due(listener, eligible.welcome)
        else:
            order = order_of_liked(listener, eligible.welcome)
        return Candidates(order.tolist(), scores)

    def _entries(
        self,
        listener: Listener,
        eligible: Eligible,
        lists: Mapping[str, tuple[Pick, ...]],
        candidates: dict[str, Candidates],
    ) -> list[dict[str, Any]]:
        by_content = [
            pick.position for picks in lists.values() for pick in picks if pick.strategy in BY_CONTENT
        ]
        why = explained(listener, by_content, self.tracks, self.model)
        scores = {strategy: found.scores for strategy, found in candidates.items()}
        reasons = ReasonBuilder(
            listener, self.tracks, self.audience, self.of_artists, eligible.unheard, scores, why,
            self.rules.night,
        )  # fmt: skip
        return [
            entry
            for name, picks in lists.items()
            for entry in self._of_list(name, picks, eligible, reasons)
        ]

    def _of_list(
        self, name: str, picks: tuple[Pick, ...], eligible: Eligible, reasons: ReasonBuilder
    ) -> list[dict[str, Any]]:
        entries = []
        reasons.begin_list()
        positions = [pick.position for pick in picks]
        order = listening_order(positions, eligible.new_artist[positions], self.tracks)
        for rank, (pick, place) in enumerate(zip(picks, np.argsort(order), strict=True), start=1):
            kind, evidence = reasons.reason(pick)
            explored = pick.strategy in BY_CONTENT and self.model is not None
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
                    "playlist": name,
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
            "length": sum(pick.strategy != REDISCOVER for pick in blended.picks),
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
