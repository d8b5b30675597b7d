"""What must hold of every list, over generated towns, recomputed from the towns by plain sets."""

import json
from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pytest

from jobs.domain.dials import Dials
from jobs.domain.titles import song_key
from jobs.recommend.candidates import Model
from jobs.recommend.listeners import Listener, neighborhood, rating_matrix
from jobs.recommend.playlists import PlaylistBuilder, PlaylistRules
from jobs.recommend.reasons import ADJECTIVES, FEWEST, words
from jobs.recommend.tracks import Tracks, catalog_of
from models.features import FEATURES
from tests.recommend.town import fixed, ints

NIGHT = date(2026, 6, 28)
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
                "release_date": [a_release(rng) for _ in range(N_TRACKS)],
                "explicit": [[True, False, None][rng.integers(3)] for _ in range(N_TRACKS)],
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
        night=NIGHT, seed=seed, lists=frozenset({"rediscover", "new_releases"}), n_tracks=20,
        artist_cap=2, new_artist_share=0.2, explore=fixed(0.2), n_candidates=40, like_weight=2.0,
        reach_weight=0.1, release_days=28, support="all",
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


def a_release(rng) -> str | None:
    """A day, a month, a year or nothing; a day may be as near as three months, or not yet there."""
    day = str(NIGHT - timedelta(days=int(rng.integers(-5, 90))))
    return [day, day, day[:7], day[:4], None][rng.integers(5)]


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
        tries=np.zeros(4), rediscovered=rng.choice(played, min(2, len(played)), False),
        explored=rng.choice(heard, 3), explored_liked=rng.random(3) < 0.5,
        explored_weights=rng.random(3),
        **due(played, rng), dials=a_setting(rng),
    )  # fmt: skip


def a_setting(rng) -> Dials:
    """Half of the listeners have turned some dials."""
    if rng.random() < 0.5:
        return Dials()
    length = int(rng.integers(1, 31)) if rng.random() < 0.5 else None
    adventurousness, known = rng.random(2).round(2).tolist()
    return Dials(length, adventurousness, known if rng.random() < 0.5 else 0.0, rng.random() < 0.5)


def due(played, rng) -> dict:
    """Half of what they play is due again: 3 to 9 plays, the last 14 to 60 days ago, up to 20 apart."""
    some = np.sort(rng.choice(played, len(played) // 2, False))
    plays, ago, gap = (rng.integers(*ends, len(some)) for ends in ((3, 10), (14, 61), (0, 21)))
    day = (NIGHT - date(1970, 1, 1)).days
    return {"due": some, "due_facts": np.stack([plays, plays, day - ago, gap], axis=1).astype(float)}


def lists(row) -> dict[str, list[dict]]:
    """The tracks of a made row by the list they are on."""
    by_name = defaultdict(list)
    for track in row["tracks"]:
        by_name[track["playlist"]].append(track)
    return by_name


@pytest.mark.parametrize("seed", range(20))
def test_every_list_keeps_its_rules(seed):
    town = a_town(seed)
    for listener, row in zip(town.listeners, town.builder.playlists(town.listeners), strict=True):
        found, dials = lists(row)["discover"], listener.dials
        assert len(found) <= (dials.list_length or 20)
        known = {town.tracks.ids.index(t["track_id"]) for t in found if t["strategy"] == "rediscover"}
        assert len(known) <= dials.known_share * (dials.list_length or 20)
        assert known <= set(listener.due.tolist()) | town.plays(town.listeners.index(listener))
        everything = [town.tracks.ids.index(track["track_id"]) for track in found]
        assert dials.explicit or not town.tracks.explicit[everything].any()
        found = [track for track in found if track["strategy"] != "rediscover"]
        listed = [town.tracks.ids.index(track["track_id"]) for track in found]
        heard = set(listener.heard.tolist())
        songs = town.songs(set(listed))
        assert len(songs) == len(listed), "one recording of a song"
        assert not songs & town.songs(heard | set(listener.blocked.tolist())), "nothing heard or blocked"
        blocked = {town.tracks.artist_ids.index(name) for name in listener.blocked_artists}
        assert not town.artists(set(listed)) & blocked
        credited = Counter(artist for track in listed for artist in town.credits[track])
        assert max(credited.values(), default=0) <= 2
        for track, entry in zip(listed, found, strict=True):
            if entry["strategy"] in ("explore", "new_artists"):
                assert not town.credits[track] & town.artists(heard)
            if entry["strategy"] != "returning":
                assert not town.songs({track}) & town.songs(set(listener.offered.tolist()))


@pytest.mark.parametrize("seed", range(20))
def test_the_other_lists_keep_theirs(seed):
    town = a_town(seed)
    n_tracks = Counter()
    for listener, row in zip(town.listeners, town.builder.playlists(town.listeners), strict=True):
        found = lists(row)
        blocked = {town.tracks.artist_ids.index(name) for name in listener.blocked_artists}
        unwanted = town.songs(set(listener.blocked.tolist()))
        for name in ("rediscover", "new_releases"):
            n_tracks[name] += len(found[name])
            listed = [town.tracks.ids.index(track["track_id"]) for track in found[name]]
            assert [track["rank"] for track in found[name]] == list(range(1, len(listed) + 1))
            assert {track["strategy"] for track in found[name]} <= {name}
            assert len(town.songs(set(listed))) == len(listed) <= (listener.dials.list_length or 20)
            assert listener.dials.explicit or not town.tracks.explicit[listed].any()
            assert not town.songs(set(listed)) & unwanted and not town.artists(set(listed)) & blocked
            credited = Counter(artist for track in listed for artist in town.credits[track])
            assert max(credited.values(), default=0) <= 2
            heard = set(listener.heard.tolist())
            if name == "rediscover":
                assert set(listed) <= set(listener.due.tolist()) - set(listener.rediscovered.tolist())
            else:
                assert not town.songs(set(listed)) & town.songs(heard)
                for track in listed:
                    assert 0 <= (np.datetime64(NIGHT) - town.tracks.released[track]).astype(int) < 28
    assert min(n_tracks.values()) > 20


@pytest.mark.parametrize("seed", range(20))
def test_every_list_has_an_order_for_listening(seed):
    town = a_town(seed)
    for row in town.builder.playlists(town.listeners):
        order = sorted(lists(row)["discover"], key=lambda track: track["play_order"])
        assert [track["play_order"] for track in order] == list(range(1, len(order) + 1))
        assert order[0]["rank"] == 1
        artists = [town.credits[town.tracks.ids.index(track["track_id"])] for track in order]
        assert len(order) < 10 or all(one.isdisjoint(other) for one, other in pairwise(artists))


@pytest.mark.parametrize("seed", range(20))
def test_every_reason_is_true_and_said_once(seed):
    town = a_town(seed)
    for number, row in enumerate(town.builder.playlists(town.listeners)):
        for of_list in lists(row).values():
            said = [track["reason"] for track in of_list]
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


def rediscover(town, listener, track, evidence):
    due, facts = town.listeners[listener].due.tolist(), town.listeners[listener].due_facts
    if track not in due:  # known, for who wants some
        own = town.artists(town.plays(listener)) & town.credits[track]
        names = {town.tracks.artist_names[one] for one in own}
        assert evidence == {"title": town.tracks.titles[track]} or evidence["artist"] in names
        return
    n_plays, _, last_day, gap = facts[due.index(track)].tolist()
    last = date(1970, 1, 1) + timedelta(days=int(last_day))
    true = {
        "n_plays": n_plays, "last_played": str(last), "weeks": (NIGHT - last).days // 7,
        "every_days": round(gap), "title": town.tracks.titles[track],
    }  # fmt: skip
    assert evidence.items() <= true.items()


def new_release(town, listener, track, evidence):
    assert evidence["released"] == str(town.tracks.released[track])
    if "artist" in evidence:
        own = town.artists(town.plays(listener)) & town.credits[track]
        assert evidence["artist"] in {town.tracks.artist_names[one] for one in own}
    else:
        assert evidence["title"] == town.tracks.titles[track]


CLAIMS = {
    "own_artist": own_artist, "neighbors": by_neighbors, "similar_track": similar_track,
    "similar_artist": similar_artist,
    "content": content, "popular": popular, "rediscover": rediscover, "new_release": new_release,
}  # fmt: skip
