"""What came out lately, by whom they play and by its sound."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from jobs.recommend import new_releases
from jobs.recommend.candidates import Model
from jobs.recommend.new_releases import is_new, release_scores
from jobs.recommend.playlists import PlaylistBuilder
from tests.recommend.test_playlists import RULES, Sure
from tests.recommend.town import catalog, ints, listener, matrix

NIGHT = date(2026, 6, 28)
# ann, ann, bob, bob, ann & cid, dee without features
RELEASED = ("2026-06-28", "2026-06-01", "2026-05-31", "2026-06-29", "2026-06-20", "2026-06-10")
CONTENT = np.array([0.1, 0.2, 0.9, 0.8, 0.7, np.nan], np.float32)


def town(released=RELEASED):
    return replace(catalog(), released=np.array(released, "datetime64[D]"))


def test_new_is_from_so_many_days_ago_to_tonight():
    assert is_new(town(), NIGHT, 28).tolist() == [True, True, False, False, True, True]
    assert is_new(town(), NIGHT, 29).tolist() == [True, True, True, False, True, True]
    assert not is_new(town(("NaT",) * 6), NIGHT, 10_000).any()


def test_a_score_is_the_share_of_the_artist_plus_how_it_is_liked():
    # ann is rated 2 and 1, bob 1: of ann the share is 1, of bob a third.
    one = listener(rated=ints(0, 1, 2), ratings=np.array([2.0, 1.0, 1.0]))
    among = np.array([False, True, False, True, True, True])
    scores = release_scores(one, town(), CONTENT, among)
    assert np.isnan(scores[[0, 2]]).all()
    # bare is by nobody they play, and nobody knows how it sounds.
    assert np.isnan(scores[5])
    assert scores[[1, 3, 4]].tolist() == pytest.approx([1.2, 1 / 3 + 0.8, 1.7])


def test_without_features_counts_the_liking_of_the_middle_one():
    one = listener(rated=ints(5), ratings=np.array([3.0]))
    scores = release_scores(one, town(), CONTENT, np.array([False, True, True, False, True, True]))
    assert scores[5] == pytest.approx(1 + 0.7)
    assert release_scores(one, town(), np.full(6, np.nan, np.float32), np.ones(6, bool))[5] == 1.0


def test_of_artists_they_do_not_play_the_best_alone_are_candidates(monkeypatch):
    monkeypatch.setattr(new_releases, "MOST_BY_SOUND", 2)
    nobody = listener(rated=ints(), ratings=np.array([]))
    scores = release_scores(nobody, town(), CONTENT, np.ones(6, bool))
    assert np.flatnonzero(~np.isnan(scores)).tolist() == [2, 3]


def test_nothing_new_is_no_list():
    assert np.isnan(release_scores(listener(), town(), CONTENT, np.zeros(6, bool))).all()


def released(one, model=None):
    rules = replace(RULES, lists=frozenset({"new_releases"}), n_tracks=6)
    builder = PlaylistBuilder(town(), matrix(), model, rules)
    [row] = builder.playlists([one])
    return [track for track in row["tracks"] if track["playlist"] == "new_releases"]


def test_the_list_names_artist_and_day_and_has_nothing_heard():
    # "quiet" was heard; "bare" is nobody's, and its sound unknown.
    found = released(listener(), Model("v7", Sure()))
    assert [(track["track_id"], track["reason"]) for track in found] == [
        ("duet", "New by Ann, whom you play: released on 20 June 2026."),
        ("calm", "You play Ann; “Calm” is new to you."),
    ]
    assert found[0]["score"] == pytest.approx(1.7)
    assert {track["model_version"] for track in found} == {"v7"}


def test_what_is_not_by_an_artist_of_theirs_is_told_by_its_sound_or_its_day():
    played = listener(heard=ints(2), rated=ints(2), ratings=np.array([1.0]))
    found = {track["track_id"]: track["reason"] for track in released(played, Model("v7", Sure()))}
    assert found["duet"] == "New to you: close in sound to “Loud” by Bob, which you play."
    nobody = listener(heard=ints(2), rated=ints(), ratings=np.array([]))
    found = {track["track_id"]: track for track in released(nobody, Model("v7", Sure()))}
    assert found["duet"]["reason"] == "New to you: close in sound to what you like."
    assert found["calm"]["reason"] == "“Calm” was released on 1 June 2026."
