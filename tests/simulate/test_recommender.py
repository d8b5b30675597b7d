import numpy as np
import pytest

from jobs.settings import RecommendSettings
from jobs.simulate.days import Heard
from jobs.simulate.music import Music
from jobs.simulate.recommender import Recommender, nearness
from models.ranking.lists import PADDING

RULES = RecommendSettings(n_candidates=10, rest_nights=2)


def music():
    """Six tracks, artists 0, 0, 1, 1, 2, 2; the last is released on night 5."""
    z = np.zeros((6, 9))
    z[:, 0] = [0, 1, 0, 1, 0, 1]
    released = np.array([0, 0, 0, 0, 0, 5])
    return Music(np.array([0, 0, 1, 1, 2, 2]), np.arange(3), z, np.ones(6), released, [], [])


def heard(*rows):
    listener, track, skipped = zip(*rows, strict=True)
    return Heard(np.array(listener), np.array(track), np.array(skipped, bool))


@pytest.fixture
def house():
    house = Recommender(music(), 3, RULES)
    # Listeners 0 and 1 play track 0; 1 also 2; 2 plays 4 and skips 2.
    house.note(heard((0, 0, 0), (1, 0, 0), (1, 2, 0), (2, 4, 0), (2, 2, 1)))
    return house


def tracks(row):
    return [track for track in row.tolist() if track != PADDING]


def test_candidates_are_unheard_released_and_played_by_somebody_or_of_new_artists(house):
    found = house.candidates(np.random.default_rng(1), 0)
    # To listener 0 track 2 comes by listener 1; nothing speaks for tracks that nobody plays.
    assert tracks(found.exploit[0]) == [2]
    assert sorted(tracks(found.explore[0])) == [2, 3, 4]  # 5 is not out
    assert sorted(tracks(found.explore[1])) == [4]
    # A skip makes no artist known, but the track heard.
    assert sorted(tracks(found.explore[2])) == [0, 1, 3]
    assert found.n_artists.tolist() == [1, 2, 1]
    assert sorted(tracks(found.uniform(np.random.default_rng(1))[0])) == [1, 2, 3, 4]


def test_what_was_offered_rests(house):
    house.candidates(np.random.default_rng(1), 0)
    house.note_lists(np.array([[2, 3], [PADDING, PADDING], [PADDING, PADDING]], np.int32), 0)
    nights = [house.candidates(np.random.default_rng(1), night) for night in (1, 2, 3)]
    assert [tracks(found.exploit[0]) for found in nights] == [[], [], [2]]


def test_a_released_track_is_explored_from_its_night_on(house):
    nights = [house.candidates(np.random.default_rng(1), night) for night in (0, 4, 5)]
    assert [5 in tracks(found.explore[0]) for found in nights] == [False, False, True]


def test_nearness_adds_up_the_clusters_by_their_weight():
    z = np.zeros((3, 9))
    z[:, 0] = [0, 3, 6]
    weights = np.array([[1, 0, 0], [0, 0, 0]], np.float32)
    # One cluster at 0: exp(-(distance^2 / 9) / 2); nothing of who plays nothing.
    np.testing.assert_allclose(
        nearness(z, weights), [[1, np.exp(-0.5), np.exp(-2)], [0, 0, 0]], rtol=1e-6
    )


def test_nearness_of_two_clusters():
    z = np.zeros((12, 9))
    z[:, 0] = [0] * 6 + [6] * 6
    weights = np.ones((1, 12), np.float32)
    weights[0, 6:] = 3  # of 24 plays 6 and 18; 1 + 12 // 8 = 2 clusters
    near = nearness(z, weights)[0]
    np.testing.assert_allclose(
        near[[0, 6]], [0.25 + 0.75 * np.exp(-2), 0.75 + 0.25 * np.exp(-2)], rtol=1e-6
    )


def test_an_artist_who_is_known_counts_four_times(house):
    house.candidates(np.random.default_rng(1), 0)
    # Listener 0 knows artist 0, whose track 1 is left; 2 and 3 are by an artist new to them.
    house._likely = np.array([[9.0, 1.0, 3.9, 4.1, -np.inf, 9.0]] * 3, np.float32)
    found = house.candidates(np.random.default_rng(1), 1)
    assert tracks(found.exploit[0]) == [3, 1, 2]
