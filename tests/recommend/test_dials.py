"""What a list is by what its listener has set."""

from dataclasses import replace

import numpy as np
import pytest

from jobs.domain.dials import Dials
from jobs.recommend.playlists import PlaylistBuilder
from tests.recommend.test_playlists import NEAR, RULES, playlist
from tests.recommend.town import catalog, fixed, ints, listener, matrix


def strategies(one, **changes):
    _, row = playlist(one, **changes)
    return [(track["track_id"], track["strategy"]) for track in row["tracks"]]


def test_a_list_is_as_long_as_they_want_it():
    for length, wanted in ((None, 4), (2, 2), (100, 5)):
        one = listener(dials=Dials(list_length=length), neighborhood=NEAR)
        assert len(strategies(one, artist_cap=9)) == wanted


def test_of_the_range_to_explore_they_get_their_part():
    builder = PlaylistBuilder(catalog(), matrix(), None, replace(RULES, new_artist_share=0.2))
    rules = replace(builder.rules, explore=replace(fixed(0.0), floor=0.1, ceiling=0.5))
    rng = np.random.default_rng(0)
    for dial, explore, new in ((0.0, 0.1, 0.0), (0.5, 0.3, 0.2), (1.0, 0.5, 0.4)):
        one = listener(dials=Dials(adventurousness=dial))
        slots = replace(builder, rules=rules)._slots(one, 1000, rng)
        assert slots.count("explore") == pytest.approx(1000 * explore, abs=1)
        assert slots.count("new_artists") == pytest.approx(1000 * new, abs=1)
        assert len(slots) == 1000


def test_known_tracks_come_last_due_ones_first_and_count_for_the_cap():
    facts = {"due": ints(1), "due_facts": np.array([[9.0, 9.0, 20_600.0, 1.0]])}
    rated = {"rated": ints(0, 1, 2), "ratings": np.array([3.0, 1.0, 2.0])}
    one = listener(dials=Dials(known_share=0.5), heard=ints(0, 1, 2), **facts, **rated)
    found = strategies(one, explore=fixed(0.0), artist_cap=9)
    assert found[2:] == [("calm", "rediscover"), ("quiet", "rediscover")]
    assert {track for track, _ in found[:2]} <= {"louder", "duet", "bare"}
    # Of ann's "duet", "calm" and "quiet" the cap lets two through.
    sure = {"candidates": ints(4), "chances": np.ones(1), "claims": np.zeros(1), "because": ints(-1)}
    capped = strategies(replace(one, **sure), explore=fixed(0.0))
    assert [track for track, _ in capped if track in ("duet", "calm", "quiet")] == ["duet", "calm"]


def test_what_was_offered_lately_comes_last_of_the_known():
    rated = {"rated": ints(0, 2, 3), "ratings": np.array([3.0, 2.0, 1.0])}
    one = listener(dials=Dials(known_share=0.5), heard=ints(0, 2, 3), offered=ints(0), **rated)
    assert strategies(one, explore=fixed(0.0))[2:] == [("loud", "rediscover"), ("louder", "rediscover")]


def test_known_tracks_are_no_candidates_of_the_funnel():
    one = listener(dials=Dials(known_share=0.25))
    _, row = playlist(one, explore=fixed(0.0))
    assert [track["strategy"] for track in row["tracks"]].count("rediscover") == 1
    assert row["funnel"][-1]["n_after"] == len(row["tracks"]) - 1


def test_who_has_loved_nothing_gets_new_tracks_in_their_place():
    one = listener(dials=Dials(known_share=0.5), rated=ints(), ratings=np.array([]))
    found = strategies(one, explore=fixed(0.0))
    assert len(found) == 4 and all(strategy != "rediscover" for _, strategy in found)


def test_nothing_explicit_for_who_wants_none():
    tracks = replace(catalog(), explicit=np.array([0, 1, 0, 1, 0, 0], bool))
    for wanted, listed in (
        (True, {"calm", "loud", "louder", "duet", "bare"}),
        (False, {"loud", "duet", "bare"}),
    ):
        builder = PlaylistBuilder(tracks, matrix(), None, replace(RULES, n_tracks=9, artist_cap=9))
        [row] = builder.playlists([listener(dials=Dials(explicit=wanted))])
        assert {track["track_id"] for track in row["tracks"]} == listed
