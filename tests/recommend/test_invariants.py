"""What must hold of every list, over generated towns, recomputed from the towns by plain sets."""

import json
from collections import Counter
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pytest

from jobs.domain.titles import song_key
from jobs.recommend.candidates import Model
from jobs.recommend.listeners import Listener, neighborhood, rating_matrix
from jobs.recommend.playlists import PlaylistBuilder, PlaylistRules
from jobs.recommend.reasons import ADJECTIVES, FEWEST, words
from jobs.recommend.tracks import Tracks, catalog_of
from models.features import FEATURES
from tests.recommend.town import fixed, ints

N_TRACKS, N_ARTISTS, N_LISTENERS = 80, 18, 25
RANGES = {"tempo": (50, 200), "loudness": (-25, 0), "duration_ms": (60_000, 500_000), "key": (0, 11)}
SCHEMA = pa.struct([("id", pa.string()), ("value", pa.float64())])


@dataclass(frozen=True)
class Town:
    """A catalog, who is credited on each track, ratings by listener and position, and neighbors."""

    tracks: Tracks
    credits: list[set[int]]
    ratings: list[dict[int, float]]
    neighbors: list[dict[int, float]]
    listeners: list[Listener]
    builder: PlaylistBuilder

    def plays(self, listener: int) -> set[int]:
        return {track for track, rating in self.ratings[listener].items() if rating > 0}

    def artists(self, tracks: set[int]) -> set[int]:
        return set().union(*(self.credits[track] for track in tracks))

    def who_play(self, track: int) -> set[int]:
        return {number for number in range(N_LISTENERS) if track in self.plays(number)}

    def supporters(self, listener: int, track: int) -> set[int]:
        near = self.neighbors[listener].items()
        return {other for other, similarity in near if similarity > 0} & self.who_play(track)

    def songs(self, tracks: set[int]) -> set[tuple[str, int]]:
        first = self.tracks.artist_of[self.tracks.artist_ptr[:-1]]
        return {(song_key(self.tracks.titles[track]), int(first[track])) for track in tracks}


class Opinion:
    """A network that likes what is loud."""

    def probabilities(self, listeners, features, stats=None):
        liked = np.nan_to_num((features[:, FEATURES.index("loudness")] + 26) / 27, nan=0.5)
        return np.tile(liked.astype(np.float32), (len(listeners), 1))

    def explain(self, listeners, features):
        return np.nan_to_num(features) / 1e6


def a_town(seed: int) -> Town:
    rng = np.random.default_rng(seed)
    credits = [
        rng.choice(N_ARTISTS, 1 + int(rng.random() < 0.2), replace=False) for _ in range(N_TRACKS)
    ]
    # An eighth of the tracks are live recordings of the one before.
    titles = [f"Song {number}" for number in range(N_TRACKS)]
    for number in range(1, N_TRACKS, 8):
        titles[number], credits[number] = f"{titles[number - 1]} (Live)", credits[number - 1]
    tracks = catalog_of(
        pa.table(
            {
                "track_id": [f"t{number:02d}" for number in range(N_TRACKS)],
                "title": titles,
                "artist": [" feat. ".join(f"Artist {artist}" for artist in of) for of in credits],
                "artist_ids": [[f"a{artist:02d}" for artist in of] for of in credits],
            }
        ),
        features_of(rng),
    )
    ratings = [
        {int(t): float(rng.integers(0, 4)) / 2 for t in rng.choice(N_TRACKS, rng.integers(0, 25), False)}
        for _ in range(N_LISTENERS)
    ]
    rows = [(f"u{n:02d}", t, rating) for n, of in enumerate(ratings) for t, rating in of.items()]
    matrix = rating_matrix(
        pa.table(
            {
                "user_id": [user for user, _, _ in rows],
                "track_id": [tracks.ids[track] for _, track, _ in rows],
                "rating": [rating for _, _, rating in rows],
                "n_plays": pa.array([1] * len(rows), pa.int64()),
                "n_skips": pa.array([0] * len(rows), pa.int64()),
            }
        ),
        tracks,
    )
    numbers = {artist: int(name[1:]) for artist, name in enumerate(tracks.artist_ids)}
    by_number = {number: artist for artist, number in numbers.items()}
    neighbors = [
        {int(o): float(rng.uniform(-0.4, 1)) for o in rng.choice(N_LISTENERS, 12, False) if o != n}
        for n in range(N_LISTENERS)
    ]
    rules = PlaylistRules(
        night=date(2026, 6, 28), seed=seed, n_tracks=20, artist_cap=2, new_artist_share=0.2,
        explore=fixed(0.2), n_candidates=40, like_weight=2.0, reach_weight=0.1, support="all",
    )  # fmt: skip
    model = Model("v", Opinion()) if seed % 2 else None
    return Town(
        tracks=tracks,
        credits=[{by_number[int(artist)] for artist in of} for of in credits],
        ratings=ratings,
        neighbors=neighbors,
        listeners=[a_listener(n, ratings[n], neighbors[n], matrix, rng) for n in range(N_LISTENERS)],
        builder=PlaylistBuilder(tracks, matrix, model, rules),
    )


def features_of(rng) -> pa.Table:
    described = np.flatnonzero(rng.random(N_TRACKS) < 0.9)
    columns = {name: rng.uniform(*RANGES.get(name, (0, 1)), len(described)) for name in FEATURES}
    columns |= {name: np.round(columns[name]) for name in ("key", "mode", "time_signature")}
    return pa.table({"track_id": [f"t{number:02d}" for number in described], **columns})


def a_listener(number, ratings, neighbors, matrix, rng) -> Listener:
    rated = ints(*sorted(ratings))
    values = np.array([ratings[track] for track in rated.tolist()])
    heard = np.union1d(rated, rng.choice(N_TRACKS, 3))
    proposed = np.setdiff1d(rng.choice(N_TRACKS, 40), heard)
    played = rated[values > 0]
    near = pa.array(
        [{"id": f"u{other:02d}", "value": similarity} for other, similarity in neighbors.items()], SCHEMA
    )
    centroids = rng.random((int(len(played) > 3), len(FEATURES)))
    return Listener(
        user_id=f"u{number:02d}", heard=heard, offered=rng.choice(N_TRACKS, 5),
        blocked=rng.choice(N_TRACKS, 2), blocked_artists=("a03",) if number % 5 == 0 else (),
        candidates=rng.permutation(proposed), chances=rng.random(len(proposed)),
        claims=rng.random(len(proposed)),
        because=rng.choice(played, len(proposed)) if len(played) else np.full(len(proposed), -1),
        rated=rated, ratings=values, total=float(values.sum()), n_rated=len(rated), n_plays=len(rated),
        n_skips=0, taste_weights=np.ones(len(centroids)), centroids=centroids,
        neighborhood=neighborhood(near, matrix),
        tries=np.zeros(4),
    )  # fmt: skip


@pytest.mark.parametrize("seed", range(20))
def test_every_list_keeps_its_rules(seed):
    town = a_town(seed)
    for listener, row in zip(town.listeners, town.builder.playlists(town.listeners), strict=True):
        listed = [town.tracks.ids.index(track["track_id"]) for track in row["tracks"]]
        heard = set(listener.heard.tolist())
        songs = town.songs(set(listed))
        assert len(songs) == len(listed), "one recording of a song"
        assert not songs & town.songs(heard | set(listener.blocked.tolist())), "nothing heard or blocked"
        blocked = {town.tracks.artist_ids.index(name) for name in listener.blocked_artists}
        assert not town.artists(set(listed)) & blocked
        credited = Counter(artist for track in listed for artist in town.credits[track])
        assert max(credited.values(), default=0) <= 2
        for track, entry in zip(listed, row["tracks"], strict=True):
            if entry["strategy"] in ("explore", "new_artists"):
                assert not town.credits[track] & town.artists(heard)
            if entry["strategy"] != "returning":
                assert not town.songs({track}) & town.songs(set(listener.offered.tolist()))


@pytest.mark.parametrize("seed", range(20))
def test_every_list_has_an_order_for_listening(seed):
    town = a_town(seed)
    for row in town.builder.playlists(town.listeners):
        order = sorted(row["tracks"], key=lambda track: track["play_order"])
        assert [track["play_order"] for track in order] == list(range(1, len(order) + 1))
        assert order[0]["rank"] == 1
        artists = [town.credits[town.tracks.ids.index(track["track_id"])] for track in order]
        assert len(order) < 10 or all(one.isdisjoint(other) for one, other in pairwise(artists))


@pytest.mark.parametrize("seed", range(20))
def test_every_reason_is_true_and_said_once(seed):
    town = a_town(seed)
    for number, row in enumerate(town.builder.playlists(town.listeners)):
        said = [track["reason"] for track in row["tracks"]]
        assert len(said) == len(set(said))
        for entry in row["tracks"]:
            track, evidence = town.tracks.ids.index(entry["track_id"]), json.loads(entry["evidence"])
            CLAIMS[entry["reason_kind"]](town, number, track, evidence)


def own_artist(town, listener, track, evidence):
    own = town.artists(town.plays(listener)) & town.credits[track]
    artist = next(one for one in own if town.tracks.artist_names[one] == evidence["artist"])
    if "n_neighbors" in evidence:
        assert evidence["n_neighbors"] == len(town.supporters(listener, track)) >= FEWEST
    if "n_listeners" in evidence:
        unheard = ~town.tracks.versions_of(town.listeners[listener].heard)
        others = [t for t in range(N_TRACKS) if artist in town.credits[t] and unheard[t] and t != track]
        n = len(town.who_play(track))
        assert evidence["n_listeners"] == n >= FEWEST
        assert all(len(town.who_play(other)) < n for other in others)


def by_neighbors(town, listener, track, evidence):
    found = town.supporters(listener, track)
    assert evidence["n_neighbors"] == len(found) >= FEWEST
    assert not town.artists(town.plays(listener)) & town.credits[track]
    if "shared_artist" in evidence:
        named = [
            artist
            for artist in town.artists(town.plays(listener))
            if town.tracks.artist_names[artist] == evidence["shared_artist"]
        ]
        n_shared = [sum(artist in town.artists(town.plays(one)) for one in found) for artist in named]
        assert evidence["n_shared"] in n_shared and evidence["n_shared"] >= FEWEST


def similar_track(town, listener, track, evidence):
    like = town.tracks.ids.index(evidence["like"]["track_id"])
    assert like in town.plays(listener)
    assert evidence["n_listeners"] == len(town.who_play(like) & town.who_play(track)) >= FEWEST


def similar_artist(town, listener, track, evidence):
    [artist] = [
        one for one in town.credits[track] if town.tracks.artist_names[one] == evidence["artist"]
    ]
    assert artist not in town.artists(town.plays(listener))
    own = [
        one
        for one in town.artists(town.plays(listener))
        if town.tracks.artist_names[one] == evidence["shared_artist"]
    ]
    both = [
        sum({artist, one} <= town.artists(town.plays(other)) for other in range(N_LISTENERS))
        for one in own
    ]
    assert evidence["n_listeners"] in both and evidence["n_listeners"] >= FEWEST


def content(town, listener, track, evidence):
    if evidence["like"]:
        like = town.tracks.ids.index(evidence["like"]["track_id"])
        assert like in town.plays(listener)
        for word in evidence["words"]:
            [(name, high)] = [
                (name, word == sides[1][0])
                for name, sides in ADJECTIVES.items()
                if word in (sides[0][0], sides[1][0])
            ]
            assert words([(name, high)], town.tracks.features[[like, track]]) == [word]


def popular(town, listener, track, evidence):
    sizes = [len(town.who_play(one)) for one in range(N_TRACKS)]
    assert evidence["n_listeners"] == sizes[track]
    if "place" in evidence:
        before = [one for one in range(N_TRACKS) if (-sizes[one], one) < (-sizes[track], track)]
        assert evidence["place"] == len(before) + 1 and sizes[track] >= FEWEST
    else:
        assert sizes[track] < FEWEST and evidence["title"] == town.tracks.titles[track]


CLAIMS = {
    "own_artist": own_artist, "neighbors": by_neighbors, "similar_track": similar_track,
    "similar_artist": similar_artist,
    "content": content, "popular": popular,
}  # fmt: skip
