import logging

import numpy as np
import pytest

from models.candidates.artists import ARTIST_PEERS
from models.candidates.retrieval import CandidateRows, Retrieval
from models.candidates.sources import SOURCES
from models.errors import ModelError
from models.ranking.lists import Credits
from tests.models.candidates.small import AGE, HEARD, facts, matrix

NAMES = ("own_artists", "new_releases", "popular")


def rows(first=0, last=5, n=8, names=NAMES, **changes):
    return Retrieval(facts(**changes), n, names).rows(first, last)


def pairs(found):
    return list(zip(found.listener.tolist(), found.track.tolist(), strict=True))


def test_candidates_are_unheard_tracks_of_the_catalog_sorted():
    found = pairs(rows())
    assert found == sorted(found)
    assert all(HEARD[listener, track] == 0 and not np.isnan(AGE[track]) for listener, track in found)
    # Listener 0: t1, t2 and t6 by artist 0, t7 is popular; t5 was skipped, t4 is not there yet.
    assert [track for listener, track in found if listener == 0] == [1, 2, 6, 7]
    # Listener 4 has played nothing: what is popular.
    assert [track for listener, track in found if listener == 4] == [0, 1, 3, 5, 6, 7]


def test_a_block_gives_what_all_together_give():
    whole = rows()
    parts = CandidateRows.joined([rows(first, first + 1) for first in range(5)])
    assert pairs(parts) == pairs(whole)
    assert np.allclose(parts.values, whole.values, equal_nan=True)


def test_each_source_proposes_its_best_and_of_equals_the_first():
    # Popular, for listener 4: t0 has 4 plays, t1 4, t3 2, t5 2, t6 1, t7 1, halved.
    found = rows(4, 5, n=3, names=("popular",))
    assert found.track.tolist() == [0, 1, 3]
    assert found.column("popular").tolist() == [2.0, 2.0, 1.0]
    assert found.column("popular_rank").tolist() == [0, 1, 2]


def test_of_the_artists_they_play_six_times_as_many_are_proposed():
    # Eight tracks by the artist of the one played, all alike: of seven unheard ones the first six.
    one = matrix(np.eye(1, 8))
    alike = {
        "plays": one, "decayed": one, "heard": one, "skips": one * 0, "age_days": np.full(8, 30.0),
        "credits": Credits(np.arange(9), np.zeros(8, int)),
    }  # fmt: skip
    assert rows(0, 1, n=1, names=("own_artists",), **alike).track.tolist() == [1, 2, 3, 4, 5, 6]
    # Listener 0 has three unheard tracks by artist 0.
    assert rows(0, 1, n=1, names=("own_artists",)).track.tolist() == [1, 2, 6]
    assert rows(0, 1, n=1, names=("popular",)).track.tolist() == [1]


def test_a_pair_has_a_score_and_a_rank_of_every_source_that_knows_it():
    found = rows(0, 1)
    at = {track: place for place, track in enumerate(found.track.tolist())}
    assert np.isnan(found.column("own_artists")[at[7]])
    assert np.isnan(found.column("own_artists_rank")[at[7]])
    # t6 has one listener more than t2, and t1 two.
    assert [found.column("own_artists_rank")[at[track]] for track in (1, 6, 2)] == [0, 1, 2]
    # Own artists rank t1 first, new releases t2, popular t1; t7 is known to popular alone.
    assert [found.best_source[at[track]] for track in (1, 2, 7)] == [0, 1, 2]


def test_what_is_known_of_a_pair_is_counted():
    found = rows(0, 1)
    at = {track: place for place, track in enumerate(found.track.tolist())}

    def known(track):
        return {name: found.column(name)[at[track]] for name in found.columns}

    # Listener 0 played t0 twice and t3 once, skipped t5. t2 is artist 0's third track, of 5 + 1 plays.
    assert known(2) == pytest.approx(
        known(2)
        | {
            "artist_decayed": np.log(2), "artist_plays": np.log(3), "artist_share": 2 / 3,
            "artist_heard": 1, "artist_left": 2 / 3, "artist_skips": 0,
            "track_listeners": 0, "track_decayed": 0,
            "track_skip_rate": 2 / 8, "track_age": 1, "artist_listeners": np.log(6),
            "share_of_artist": 0, "place_in_artist": 2, "artist_size": 3, "n_plays": 3,
            "skip_rate": 3 / 12, "n_tracks": 2,
            "n_artists": 2, "mainstream": (2 * np.log(4) + np.log(3)) / 3,
        },
        nan_ok=True,
    )  # fmt: skip
    # t6: artist 2's, of whom listener 0 skipped a track; 1 of the 2 listeners.
    assert (known(6)["artist_skips"], known(6)["artist_heard"]) == (1, 1)
    assert (known(6)["share_of_artist"], known(6)["place_in_artist"]) == (0.5, 1)


def test_a_pair_tells_what_peers_over_artists_say_of_its_first_artist():
    found = rows(1, 2)
    at = {track: place for place, track in enumerate(found.track.tolist())}
    # Listener 1 plays artist 0 alone, four times: log 5. Listeners 0, with artist 1, and 3, with artist
    # 2, play it too; artist 0's column is (log 3, log 5, 0, log 4), with its guest on t6.
    zero = np.log([3, 5, 4])
    one = np.log([2, 2])
    cosine = np.log(3) * np.log(2) / (np.linalg.norm(zero) * np.linalg.norm(one))
    assert found.column("artist_cosine")[at[3]] == pytest.approx(cosine * np.log(5), rel=1e-5)
    # t7 names no artist: nothing speaks for it.
    assert [found.column(name)[at[7]] for name in ARTIST_PEERS] == [0, 0, 0]
    assert found.column("artist_neighbors")[at[5]] > 0


def test_a_source_that_cannot_take_so_many_is_left_out_and_told(monkeypatch, caplog):
    class TooMany:
        def fit(self, facts):
            raise ModelError("15,001 listeners")

    monkeypatch.setitem(SOURCES, "item_model", TooMany)
    with caplog.at_level(logging.WARNING, "nocturne"):
        retrieval = Retrieval(facts(), 8, ("item_model", "popular"))
    assert list(retrieval.sources) == ["popular"]
    assert "item_model" not in retrieval.columns
    assert caplog.messages == ["no candidates by item_model: 15,001 listeners"]


def test_without_similar_tracks_nothing_tells_why():
    retrieval = Retrieval(facts(), 8, ("popular",))
    assert retrieval.because(retrieval.rows(0, 5)).tolist() == [-1] * len(retrieval.rows(0, 5))


def test_nothing_from_tracks_to_come_is_known():
    """Plays of a track that is not in the catalog yet make it no candidate."""
    everything = Retrieval(facts(heard=facts().plays * 0), 8).rows(0, 5)
    assert 4 not in everything.track
