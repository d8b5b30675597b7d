import json
from collections import Counter
from dataclasses import replace
from datetime import date

import numpy as np
import pyarrow as pa
import pytest

from jobs.lake.catalog import TABLES
from jobs.recommend.candidates import Model
from jobs.recommend.listeners import listeners_of, rating_matrix
from jobs.recommend.playlists import PLAYLIST, PLAYLIST_DDL, PlaylistBuilder, PlaylistRules
from jobs.recommend.tracks import catalog_of
from models.features import FEATURES
from tests.recommend.test_listeners import FACTS, RATINGS
from tests.recommend.town import catalog, fixed, ints, listener, matrix, neighborhood, stranger

RULES = PlaylistRules(
    night=date(2026, 6, 28),
    seed=1,
    lists=frozenset(),
    n_tracks=4,
    artist_cap=2,
    new_artist_share=0.0,
    explore=fixed(0.5),
    n_candidates=10,
    like_weight=1.0,
    release_days=28,
    reach_weight=0.0,
    support="all",
)
NEAR = neighborhood(("n1", 0.9, {0: 1.0, 1: 2.0}), ("n2", 0.4, {1: 1.0, 5: 1.0}), ("n3", 0.3, {1: 0.5}))


class Sure:
    """A network with a fixed opinion of the six tracks."""

    def probabilities(self, listeners, features, stats):
        assert len(stats.n_plays) == len(features)
        return np.tile(np.array([0.1, 0.2, 0.9, 0.8, 0.7, 0.6], np.float32), (len(listeners), 1))

    def explain(self, listeners, features):
        """Energy and danceability speak for a track, loudness against it."""
        assert len(listeners) == len(features)
        return np.tile([0.25, 0.5, 0.0, -0.5, *[0.0] * 9], (len(features), 1))


def playlist(one, model=None, **changes):
    builder = PlaylistBuilder(catalog(), matrix(), model, PlaylistRules(**vars(RULES) | changes))
    row = next(builder.playlists([one]))
    pa.RecordBatch.from_pylist([row], PLAYLIST)
    return {track["track_id"]: track for track in row["tracks"]}, row


LIKELY = {"candidates": ints(3, 4, 1), "chances": np.array([0.5, 0.4, 0.2]), "because": ints(-1, 0, -1)}


def test_ranked_candidates_come_first_by_chance_to_be_played_and_liked():
    # In units of their mean 1.1 / 3; with a network and a weight of 1 and .8, .7, .2 more.
    alone = [1.5 / 1.1, 1.2 / 1.1, 0.6 / 1.1]
    liked = [chance + liking for chance, liking in zip(alone, (0.8, 0.7, 0.2), strict=True)]
    for model, scores in ((None, alone), (Model("v7", Sure()), liked)):
        _, row = playlist(listener(neighborhood=NEAR, **LIKELY), model, explore=fixed(0.0))
        found = [(track["track_id"], track["strategy"]) for track in row["tracks"]]
        assert found == [
            ("louder", "exploit"), ("duet", "exploit"), ("calm", "exploit"), ("bare", "neighbors"),
        ]  # fmt: skip
        assert [track["score"] for track in row["tracks"][:3]] == pytest.approx(scores)


def test_the_weight_of_liking_is_a_rule():
    # The mean is .3. With a weight of 2: 5 / 3 + 2 * .2, 1 / 3 + 2 * .9.
    one = listener(candidates=ints(1, 2), chances=np.array([0.5, 0.1]), because=ints(-1, -1))
    orders = {}
    for weight in (0.0, 2.0):
        _, row = playlist(one, Model("v7", Sure()), like_weight=weight, explore=fixed(0.0), n_tracks=2)
        orders[weight] = [(track["track_id"], track["score"]) for track in row["tracks"]]
    assert orders[0.0] == [("calm", pytest.approx(5 / 3)), ("loud", pytest.approx(1 / 3))]
    assert orders[2.0] == [
        ("loud", pytest.approx(1 / 3 + 1.8)), ("calm", pytest.approx(5 / 3 + 0.4)),
    ]  # fmt: skip


def test_who_is_likeliest_to_play_a_track_has_a_claim_to_it():
    # The unit is .45; with a weight of .3: .5 + .3 / 3, .4 + .3. Of artists not heard no claim counts.
    one = listener(
        candidates=ints(3, 1), chances=np.array([0.5, 0.4]), claims=np.array([1 / 3, 1]),
        because=ints(-1, -1),
    )  # fmt: skip
    _, row = playlist(one, reach_weight=0.3, explore=fixed(0.0), n_tracks=2)
    assert [(track["track_id"], track["score"]) for track in row["tracks"]] == [
        ("calm", pytest.approx(0.7 / 0.45)), ("louder", pytest.approx(0.6 / 0.45)),
    ]  # fmt: skip
    tracks, _ = playlist(one, reach_weight=0.3, new_artist_share=1.0, explore=fixed(0.0), n_tracks=1)
    assert (tracks["louder"]["strategy"], tracks["louder"]["score"]) == ("new_artists", 1.0)


def test_chances_are_in_units_of_as_many_of_the_likeliest_as_a_list_has():
    one = listener(candidates=ints(1, 2), chances=np.array([0.5, 0.1]), because=ints(-1, -1))
    tracks, _ = playlist(one, explore=fixed(0.0), n_tracks=1)
    assert tracks["calm"]["score"] == 1.0
    # Chances of 0 say nothing, and are no unit.
    nothing = listener(candidates=ints(1), chances=np.zeros(1), because=ints(-1))
    assert playlist(nothing, explore=fixed(0.0), n_tracks=1)[0]["calm"]["score"] == 0.0


def test_a_candidate_without_features_is_liked_like_the_middle_one():
    # bare has none; the others' chances are .9, .8 and .2, of which .8 is in the middle.
    chances = {
        "candidates": ints(5, 2, 3, 1),
        "chances": np.full(4, 0.5),
        "because": ints(-1, -1, -1, -1),
    }
    tracks, _ = playlist(listener(**chances), Model("v7", Sure()), explore=fixed(0.0), n_tracks=4)
    assert tracks["bare"]["score"] == pytest.approx(1 + 0.8)


def test_what_was_offered_rests_and_returns_only_to_a_list_that_would_be_short():
    one = listener(offered=ints(3, 5), **LIKELY)
    tracks, row = playlist(one, explore=fixed(0.0), n_tracks=3)
    assert [track["track_id"] for track in row["tracks"]] == ["duet", "calm", "loud"]
    tracks, row = playlist(one, explore=fixed(0.0), n_tracks=5)
    assert [(track["track_id"], track["strategy"]) for track in row["tracks"]][3:] == [
        ("louder", "returning"), ("bare", "returning"),
    ]  # fmt: skip
    after = {step["filter"]: step["n_after"] for step in row["funnel"]}
    assert (after["blocked"], after["rested"], after["length"]) == (5, 5, 5)
    assert tracks["bare"]["reason"] == "Number 1 of what listeners here play most."


def test_reasons_of_ranked_candidates_are_true_of_the_listener():
    tracks, _ = playlist(listener(**LIKELY), explore=fixed(0.0), artist_cap=6, n_tracks=3)
    assert tracks["calm"]["reason"] == "You play Ann; “Calm” is new to you."
    assert tracks["louder"]["reason"] == "“Louder” is hardly known here yet."


def test_a_list_mixes_strategies_each_with_its_reason():
    tracks, row = playlist(listener(neighborhood=NEAR), Model("v7", Sure()))
    assert [track["rank"] for track in row["tracks"]] == [1, 2, 3, 4]
    assert sum(track["strategy"] == "explore" for track in row["tracks"]) == 2
    assert set(tracks) == {"calm", "bare", "loud", "louder"}
    assert tracks["calm"]["reason"] == "You play Ann, and 3 listeners close to you play this track."
    assert tracks["bare"]["reason"] == "Number 1 of what listeners here play most."
    assert json.loads(tracks["calm"]["evidence"])["neighbors"] == [
        {"rating": 2.0, "similarity": 0.9, "user_id": "n1"},
        {"rating": 1.0, "similarity": 0.4, "user_id": "n2"},
        {"rating": 0.5, "similarity": 0.3, "user_id": "n3"},
    ]
    explored = [track for track in row["tracks"] if track["strategy"] == "explore"]
    assert {t["track_id"]: t["score"] for t in explored} == {
        "loud": pytest.approx(0.9),
        "louder": pytest.approx(0.8),
    }
    assert {track["model_version"] for track in explored} == {"v7"}
    assert tracks["calm"]["model_version"] is None


def test_an_explored_track_tells_the_features_that_carried_it():
    tracks, _ = playlist(listener(), Model("v7", Sure()), explore=fixed(1.0))
    evidence = json.loads(tracks["loud"]["evidence"])
    assert evidence["carried"] == {"energy": 0.5, "danceability": 0.25}
    alone, _ = playlist(listener(), n_tracks=1, explore=fixed(1.0))
    assert "carried" not in json.loads(alone["loud"]["evidence"])


def test_explore_stays_away_from_artists_the_listener_plays():
    tracks, _ = playlist(listener(), Model("v7", Sure()), explore=fixed(1.0))
    assert {t for t, track in tracks.items() if track["strategy"] == "explore"} == {"loud", "louder"}


def test_without_a_model_nearness_chooses():
    tracks, _ = playlist(listener(), n_tracks=1, explore=fixed(1.0), n_candidates=1)
    assert list(tracks) == ["loud"]
    assert tracks["loud"]["model_version"] is None
    assert "Quiet" in tracks["loud"]["reason"]


def test_a_stranger_gets_what_is_popular():
    tracks, _ = playlist(stranger())
    assert list(tracks) == ["bare", "loud", "duet", "quiet"]
    assert tracks["bare"]["score"] == 5.0
    assert tracks["bare"]["reason"] == (
        "Number 1 of what listeners here play most; "
        "your taste is not known well enough yet to choose closer."
    )


def test_nothing_heard_blocked_or_by_a_blocked_artist():
    one = listener(
        neighborhood=NEAR, heard=ints(0, 3), blocked=ints(2), blocked_artists=("dee", "nobody")
    )
    tracks, row = playlist(one)
    assert set(tracks) == {"calm", "duet"}
    assert [(step["filter"], step["n_before"], step["n_after"]) for step in row["funnel"]] == [
        ("heard", 6, 4),
        ("blocked", 4, 2),
        ("rested", 2, 2),
        ("version", 2, 2),
        ("artist_cap", 2, 2),
        ("length", 2, 2),
    ]


def test_a_short_list_is_explained_by_its_funnel():
    _, row = playlist(listener(), artist_cap=1)
    after = {step["filter"]: step["n_after"] for step in row["funnel"]}
    assert after == {"heard": 5, "blocked": 5, "rested": 5, "version": 5, "artist_cap": 3, "length": 3}


def test_another_version_of_what_was_heard_or_blocked_is_out():
    titles = ("Quiet", "Quiet (Live)", "Loud", "Loud - Mono", "Duet", "Bare")
    builder = PlaylistBuilder(catalog(titles), matrix(), None, RULES)
    row = next(builder.playlists([listener(heard=ints(0), blocked=ints(2))]))
    assert {track["track_id"] for track in row["tracks"]} == {"duet", "bare"}


def test_blocks_and_order_of_listeners_do_not_change_a_list():
    builder = PlaylistBuilder(catalog(), matrix(), Model("v7", Sure()), RULES)
    some = [listener(user_id="a", neighborhood=NEAR), stranger(), listener(user_id="b")]
    together = {row["user_id"]: row for row in builder.playlists(some)}
    alone = {one.user_id: next(builder.playlists([one])) for one in reversed(some)}
    assert together == alone


def test_popularity_orders_by_listeners_then_id():
    assert PlaylistBuilder(catalog(), matrix(), None, RULES).audience.by_size == [5, 2, 4, 0, 3, 1]


def test_evidence_is_text_with_sorted_keys_and_letters_as_they_are():
    tracks = replace(catalog(), artists=("Ann\u00e9",) * 6)
    [row] = PlaylistBuilder(tracks, matrix(), None, RULES).playlists([listener(neighborhood=NEAR)])
    [calm] = [track for track in row["tracks"] if track["track_id"] == "calm"]
    assert calm["evidence"].startswith('{"artist": "Ann\u00e9", "n_neighbors": 3, "neighbors": [')


def test_a_rating_of_zero_is_no_listener():
    rated = replace(matrix(), ratings=np.where(matrix().positions == 5, 0.0, 0.5))
    builder = PlaylistBuilder(catalog(), rated, None, RULES)
    assert builder.audience.sizes.tolist() == [1, 0, 3, 1, 2, 0]
    assert builder.audience.by_size == [2, 4, 0, 3, 1, 5]
    assert builder.audience.places.tolist() == [3, 5, 1, 4, 2, 6]


def test_rows_have_the_columns_of_their_tables():
    _, row = playlist(listener(neighborhood=NEAR), Model("v7", Sure()))
    for part, table in (("tracks", "playlists"), ("funnel", "playlist_funnel")):
        own = [name for name in TABLES[table].column_names if name not in ("as_of", "user_id")]
        assert all(list(one) == own for one in row[part])
        assert [field.name for field in PLAYLIST.field(part).type.value_type] == own
    assert PLAYLIST_DDL == (
        "user_id string, tracks array<struct<rank int, track_id string, title string, artist string, "
        "score double, strategy string, reason_kind string, reason string, evidence string, "
        "model_version string, play_order int, playlist string>>, "
        "funnel array<struct<step int, filter string, n_before int, n_after int>>"
    )


@pytest.mark.parametrize(("n_candidates", "strategies"), [(1, {"neighbors": 1}), (2, {"neighbors": 2})])
def test_a_strategy_offers_its_best_candidates_only(n_candidates, strategies):
    one = listener(neighborhood=NEAR, centroids=np.empty((0, 13)), taste_weights=np.array([]))
    _, row = playlist(one, explore=fixed(0.0), n_tracks=2, n_candidates=n_candidates)
    counts = Counter(track["strategy"] for track in row["tracks"])
    assert counts == Counter(strategies) + Counter({"popular": 2 - n_candidates})
    assert row["tracks"][0]["track_id"] == "calm"


def test_predictions_follow_the_support_of_the_settings():
    near = neighborhood(("n1", 0.5, {1: 1.0, 2: 1.0}), ("n2", 0.5, {1: 1.0}), ("n3", 0.5, {5: 0.5}))
    one, scores = listener(neighborhood=near), {}
    for support in ("all", "co_rated"):
        scores[support] = playlist(one, explore=fixed(0.0), support=support)[0]["calm"]["score"]
    # Over all: 2/6 + ((1 + 1 + 0) / 3 - (2 + 1 + 0.5) / 6 / 3); co-rated: 2 + (1 - 1 + 1 - 1) / 2.
    assert scores == {"all": pytest.approx(2 / 6 + 2 / 3 - 3.5 / 18), "co_rated": 2.0}


def test_an_artist_of_whom_a_track_was_only_skipped_is_not_new():
    one = listener(rated=ints(0, 2), ratings=np.array([1.0, 0.0]), heard=ints(0, 2))
    tracks, _ = playlist(one, Model("v7", Sure()), explore=fixed(1.0))
    assert not any(track["strategy"] == "explore" for track in tracks.values())


def test_new_artists_come_by_chance_after_what_is_ranked_and_before_what_is_explored():
    chances = {"candidates": ints(1, 5, 3, 2), "chances": np.array([0.5, 0.4, 0.2, 0.3])}
    one = listener(**chances, because=ints(-1, -1, -1, -1))
    _, row = playlist(one, Model("v7", Sure()), new_artist_share=0.5, explore=fixed(0.25))
    # In units of .35, plus liked: calm 1.43 + .2, bare 1.14 + .8 (as the middle one), louder .57 + .8,
    # loud .86 + .9. Ann is known; of new artists nothing is left to explore.
    assert [(track["track_id"], track["strategy"]) for track in row["tracks"]] == [
        ("bare", "exploit"),
        ("loud", "new_artists"),
        ("louder", "new_artists"),
        ("calm", "exploit"),
    ]


def test_what_sounds_like_a_refused_track_rests_and_like_a_welcomed_one_grows():
    # Of bob nothing was heard: loud was explored, louder sounds much like it.
    scores = {}
    for liked in (True, False):
        one = listener(
            explored=ints(2), explored_liked=np.array([liked]), explored_weights=np.array([1.0])
        )
        tracks, _ = playlist(one, Model("v7", Sure()), explore=fixed(1.0), n_tracks=2)
        scores[liked] = {track: row["score"] for track, row in tracks.items()}
    # Odds of .9 times 1.5, or 2 / 3: 13.5 / 14.5 and 6 / 7.
    assert scores[True]["loud"] == pytest.approx(13.5 / 14.5, abs=1e-5)
    assert scores[False]["loud"] == pytest.approx(6 / 7, abs=1e-5)
    assert scores[True]["louder"] > 0.8 > scores[False]["louder"]


def test_every_track_has_one_place_in_the_order_of_listening():
    _, row = playlist(listener(neighborhood=NEAR), Model("v7", Sure()))
    assert sorted(track["play_order"] for track in row["tracks"]) == [1, 2, 3, 4]
    first = row["tracks"][0]
    assert (first["rank"], first["play_order"]) == (1, 1)


def test_blocking_an_artist_blocks_what_they_are_a_guest_on():
    tracks, row = playlist(listener(blocked_artists=("cid",)), n_tracks=6, artist_cap=6)
    assert set(tracks) == {"calm", "loud", "louder", "bare"}
    assert [step["n_after"] for step in row["funnel"]] == [5, 4, 4, 4, 4, 4]
    assert [step["step"] for step in row["funnel"]] == [1, 2, 3, 4, 5, 6]


def test_versions_are_counted_in_the_funnel():
    titles = ("Quiet", "Loud", "Loud", "Loud - Live", "Duet", "Bare")
    builder = PlaylistBuilder(catalog(titles), matrix(), None, replace(RULES, artist_cap=1))
    [row] = builder.playlists([stranger()])
    assert [track["track_id"] for track in row["tracks"]] == ["bare", "loud", "duet"]
    after = {step["filter"]: step["n_after"] for step in row["funnel"]}
    assert after == {"heard": 6, "blocked": 6, "rested": 6, "version": 5, "artist_cap": 3, "length": 3}


def test_batches_of_facts_become_batches_of_lists_in_blocks(monkeypatch):
    monkeypatch.setattr("jobs.recommend.playlists.BLOCK_LISTENERS", 2)
    builder = PlaylistBuilder(catalog(), rating_matrix(RATINGS, catalog()), None, RULES)
    found = list(builder.batches([FACTS, FACTS.slice(1, 1)]))
    assert [batch.column("user_id").to_pylist() for batch in found] == [["b", "new"], ["a"], ["new"]]
    assert all(batch.schema == PLAYLIST for batch in found)
    listeners = list(listeners_of(FACTS, catalog(), builder.matrix))
    rows = [row for batch in found[:2] for row in batch.to_pylist()]
    assert rows == list(builder.playlists(listeners))


# What was heard; other recordings of it; other songs; one new song in four recordings.
HEARD = ["Saltwater", "Wait for Me (A Letter to Jo)"]
VERSIONS = [
    "Saltwater - Remastered 2009", "Saltwater - 2017 Remaster", "Saltwater (2017 Remaster)",
    "Saltwater - Radio Edit", "Saltwater - Live at the Pier", "Saltwater (Acoustic)",
    "Saltwater - Mono / Remastered 2009", "Saltwater - Single Version", "SALTWATER", "Saltwater",
    "Saltwater (feat. Oona)", "Saltwater (with Oona)", "Wait for Me (A Letter to Jo) - 2017 Remaster",
]  # fmt: skip
OTHERS = ["Saltwater II", "Live Bait", "Edit the Tide", "Wait for Me"]
NEW_SONG = ["Ebb", "Ebb - Remastered", "Ebb (Live)", "Ebb (Remastered 2020)"]
TITLES = [*HEARD, *VERSIONS, *OTHERS, *NEW_SONG]


def test_a_list_has_no_version_of_what_was_heard_and_one_of_a_song():
    rows = [("tide", "Tide", title) for title in TITLES] + [("moss", "Moss", "Saltwater")]
    tracks = catalog_of(
        pa.table(
            {
                "track_id": [f"t{n:02d}" for n in range(len(rows))],
                "title": [title for _, _, title in rows],
                "artist": [name for _, name, _ in rows],
                "artist_ids": [[artist] for artist, _, _ in rows],
                "release_date": pa.nulls(len(rows), pa.string()),
                "explicit": pa.nulls(len(rows), pa.bool_()),
            }
        ),
        pa.table({"track_id": ["none"], **{name: [0.5] for name in FEATURES}}),
    )
    rules = vars(RULES) | {"n_tracks": 30, "artist_cap": 30}
    builder = PlaylistBuilder(tracks, matrix(tracks), None, PlaylistRules(**rules))
    [row] = builder.playlists([stranger(heard=ints(0, 1))])
    listed = [(track["artist"], track["title"]) for track in row["tracks"]]
    of_new = [title for _, title in listed if title in NEW_SONG]
    assert len(of_new) == 1
    assert sorted(listed) == sorted([("Tide", t) for t in [*OTHERS, *of_new]] + [("Moss", "Saltwater")])
