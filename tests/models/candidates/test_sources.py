import numpy as np
import pytest
from scipy.sparse import csr_matrix

from models.candidates.artists import ArtistPeer
from models.candidates.sources import SOURCES, NewReleases, OwnArtists, SimilarArtists, SimilarTracks
from models.peers.ease import Ease
from tests.models.candidates.small import AGE, PLAYS, facts, matrix

NONE = -np.inf


def fitted(source, known=None):
    source.fit(known or facts())
    return source


def test_own_artists_are_those_played_guests_included():
    scores = fitted(OwnArtists()).scores(0, 1)[0]
    # Listener 0: one decayed play by artist 0, half a play by artist 1; t0 has 3 listeners, t1 2, t3 2.
    assert scores == pytest.approx(
        [
            np.log(2) + 0.3 * np.log(4), np.log(2) + 0.3 * np.log(3), np.log(2),
            np.log(1.5) + 0.3 * np.log(3), np.log(1.5), NONE, np.log(2) + 0.3 * np.log(2), NONE,
        ]
    )  # fmt: skip


def test_new_releases_are_young_tracks_by_artists_played():
    scores = fitted(NewReleases()).scores(0, 3)
    assert scores[0].tolist() == [NONE, NONE, 1.0, *[NONE] * 5]
    assert np.isinf(scores[2]).all()


def test_a_catalog_younger_than_that_has_no_new_releases_but_what_came_after_it():
    young = np.where(np.isnan(AGE), np.nan, np.minimum(AGE, 3))
    assert np.flatnonzero(
        np.isfinite(fitted(NewReleases(), facts(age_days=young)).scores(0, 1)[0])
    ).tolist() == [2]


def test_similar_artists_are_those_that_who_plays_mine_plays_too():
    scores = fitted(SimilarArtists()).scores(1, 2)[0]
    # Listener 1 plays artist 0 alone, whom listener 0 plays with artist 1 and listener 3 with artist 2.
    assert np.isfinite(scores[[3, 5, 6]]).all()
    assert scores[7] == NONE  # no artist
    # t5 and t6 have one listener each and one artist: the same score.
    assert scores[5] == scores[6]
    # Of artist 1's two listeners t3 has both, t4 none: the roots of 2.3 / 2 and .3 / 2.
    assert scores[4] / scores[3] == pytest.approx(np.sqrt(0.3 / 2.3))


def test_a_track_has_its_share_of_its_artists_listeners_be_it_one():
    # Nobody but listener 2 plays artist 2, of whose tracks t5 alone: shares 1.3 / 1 and .3 / 1.
    plays = PLAYS.copy()
    plays[3, 6] = 0
    known = facts(plays=matrix(plays))
    of_artist = fitted(ArtistPeer(Ease(100.0), csr_matrix.sign), known).scores(0, 1)[0, 2]
    scores = fitted(SimilarArtists(), known).scores(0, 1)[0]
    assert scores[[5, 6]] == pytest.approx(of_artist * np.sqrt([1.3, 0.3]))


def test_a_track_is_found_by_the_played_one_that_speaks_most_for_it():
    source = fitted(SimilarTracks())
    # Of listener 0's t0 and t3: t1's listeners play t0, t5's play t3; nobody of t2's plays either.
    pairs = np.array([0, 0, 0, 2]), np.array([1, 5, 2, 0])
    assert source.because(*pairs).tolist() == [0, 3, -1, 3]


@pytest.mark.parametrize("name", list(SOURCES))
def test_every_source_keeps_the_contract(name):
    source = fitted(SOURCES[name]())
    scores = source.scores(0, 5)
    assert scores.shape == (5, 8)
    assert scores.dtype == np.float32
    assert not np.isnan(scores).any()
    assert not (scores == np.inf).any()
    again = fitted(SOURCES[name]()).scores(0, 5)
    assert (again == scores).all()
    # A listener's scores do not depend on the block.
    assert np.allclose(scores[2:4], source.scores(2, 4), rtol=1e-6)
    # Who asks may write into them.
    scores[:] = 0
    assert (source.scores(0, 5) == again).all()
