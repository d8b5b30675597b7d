"""A town of three listeners whose every answer is written down."""

import numpy as np
import pytest

from jobs.simulate.days import Answers, Heard, answer, beyond, go_or_come, remember
from jobs.simulate.music import Music
from jobs.simulate.people import N_TASTES, People
from models.ranking.lists import PADDING

ALL = np.ones(3, bool)


class Fixed:
    """Stands for a generator: its uniforms are all the same."""

    def __init__(self, value):
        self.value = value

    def random(self, shape):
        return np.full(shape, self.value)


@pytest.fixture
def people():
    """Four tracks, two by each of two artists: artist 0 lies in direction +, artist 1 in -. Listener 0
    likes +, listener 1 likes -, listener 2 both by a quirk for track 1 and 3."""
    z = np.zeros((4, 9))
    z[:, 0] = [3, 3, -3, -3]
    music = Music(np.array([0, 0, 1, 1]), np.array([0, 1]), z, np.ones(4), np.zeros(4, int), [], [])
    tastes = np.zeros((3, N_TASTES, 9))
    tastes[0, :, 0], tastes[1, :, 0], tastes[2, :, 1] = 1, -1, 1
    quirk = np.zeros((3, 4), np.float32)
    quirk[2, [1, 3]] = 5
    habit = np.zeros((3, 4), np.float32)
    habit[0, 0] = habit[1, 2] = 1
    moods = np.full((3, 7, N_TASTES), 1 / N_TASTES)
    return People(
        music, tastes, moods, quirk, np.zeros(3), np.full(3, 20.0), np.ones(3), habit,
        np.ones((3, 2), bool), np.zeros((3, 2)), np.full(3, 0.5), np.ones(3, bool),
    )  # fmt: skip


def test_a_track_is_liked_by_taste_quirk_curiosity_and_until_one_is_weary(people):
    listener, track, mood = np.repeat([0, 1, 2], 4), np.tile(np.arange(4), 3), np.zeros(3, int)

    def likes():
        return people.likes(listener, track, mood).reshape(3, 4).astype(int).tolist()

    assert likes() == [[1, 1, 0, 0], [0, 0, 1, 1], [0, 1, 0, 1]]
    # 1.3 * 3 = 3.9 is 1.5 above the bar: sixteen hearings at .1 are too many.
    people.weariness[0, 0] = 14
    assert likes()[0] == [1, 1, 0, 0]
    people.weariness[0, 0] = 16
    assert likes()[0] == [0, 0, 0, 0]
    # Listener 2 likes nothing in tracks 0 and 2 (0 of 2.4) but what is new.
    people.curiosity[2] = 2.5
    assert likes()[2] == [0, 1, 0, 1]
    people.known_artists[2, 1] = False
    assert likes()[2] == [0, 1, 1, 1]


def test_what_is_not_of_the_mood_is_liked_less(people):
    people.tastes[0, 1, 0] = 0.8  # the mood's taste: 1.3 * 2.4 = 3.1, but the best is another's
    people.quirk[0, 0] = -1.2  # 3.9 - 1.2 - .5 = 2.2 is below the bar, 2.7 is not
    pair = np.array([0]), np.array([0])
    assert not people.likes(*pair, np.array([1, 0, 0]))[0]
    assert people.likes(*pair, np.array([0, 0, 0]))[0]


def test_a_list_is_gone_down_from_its_head_until_its_listener_stops(people):
    lists = np.array([[0, 2, 1], [0, 1, 2], [PADDING] * 3], np.int32)
    # All uniforms .5: who trusts by half opens (.1 + .8 * .5 = .5 is not above .5: more trust does).
    people.trust[:] = 0.6
    found = answer(Fixed(0.5), people, lists, np.zeros(3, int), ALL)
    assert found.opened.tolist() == [True, True, False]
    assert found.reached.tolist() == [[True] * 3, [True] * 3, [False] * 3]
    assert found.liked.tolist() == [[True, False, True], [False, False, True], [False] * 3]
    # .5 skips what is disliked (.75) and not what is liked (.1).
    assert found.skipped.tolist() == [[False, True, False], [True, True, False], [False] * 3]
    # .9 goes on after a liked track (.96), and stops at the first disliked one (.84).
    people.trust[:] = 1.1
    found = answer(Fixed(0.9), people, lists, np.zeros(3, int), ALL)
    assert found.reached.tolist() == [[True, True, False], [True, False, False], [False] * 3]


def test_who_does_not_listen_opens_no_list(people):
    people.trust[:] = 1.0
    lists = np.zeros((3, 1), np.int32)
    found = answer(Fixed(0.5), people, lists, np.zeros(3, int), np.array([True, False, False]))
    assert found.opened.tolist() == [True, False, False]
    assert not found.reached[1:].any()


def test_beyond_lists_habits_are_played_and_new_tracks_found_by_who_listens(people):
    listens = np.array([True, False, True])
    heard, liked = beyond(np.random.default_rng(1), people, np.zeros(3, int), listens, 0)
    assert set(heard.listener.tolist()) == {0, 2}
    own = (heard.listener == 0) & (heard.track == 0)
    assert 10 <= own.sum() <= 35  # Poisson of 20, and some found
    assert liked[own].all()


def test_no_track_is_found_before_it_is_released(people):
    people.music.released[:] = [0, 5, 5, 5]
    people.habit[:] = 0
    rng = np.random.default_rng(1)
    early = np.concatenate([beyond(rng, people, np.zeros(3, int), ALL, 4)[0].track for _ in range(20)])
    late = np.concatenate([beyond(rng, people, np.zeros(3, int), ALL, 5)[0].track for _ in range(20)])
    assert set(early.tolist()) == {0}
    assert set(late.tolist()) == {0, 1, 2, 3}


def test_what_is_liked_becomes_a_habit_and_every_play_wears_it_off(people):
    heard = Heard(np.array([0, 0, 0, 1, 1]), np.array([0, 0, 1, 2, 3]), np.array([0, 0, 0, 1, 0], bool))
    remember(people, heard, np.array([1, 1, 1, 0, 0], bool))
    # Two plays: .97 twice; a new one at the mean of what there is; a skip: .8; not liked: no habit.
    np.testing.assert_allclose(people.habit[0], [0.97**2, 0.97**2, 0, 0], rtol=1e-6)
    np.testing.assert_allclose(people.habit[1], [0, 0, 0.8, 0], rtol=1e-6)
    assert people.weariness.tolist() == [[3, 0], [0, 2], [0, 0]]


def answers(reached, liked):
    reached, liked = np.array(reached, bool), np.array(liked, bool)
    nothing = np.zeros_like(reached)
    return Answers(reached.any(axis=1), reached, nothing, nothing, liked)


def test_trust_follows_what_was_liked_and_stays_where_nothing_was_heard(people):
    go_or_come(Fixed(0.99), people, answers([[1, 1], [1, 0], [0, 0]], [[1, 1], [0, 0], [0, 0]]))
    np.testing.assert_allclose(people.trust, [0.6, 0.4, 0.5])  # .5 + .2 * (1 - .5), .5 - .2 * .5
    assert people.here.all()


def test_the_less_lists_are_trusted_the_sooner_one_leaves_and_some_come_back(people):
    people.trust[:] = [0.9, 0.0, 0.5]
    people.here[:] = [True, True, False]
    nothing = answers(np.zeros((3, 1)), np.zeros((3, 1)))
    # .015: above .03 * .1^2, below .03 * 1^2, and below .02, the chance to come back.
    go_or_come(Fixed(0.015), people, nothing)
    assert people.here.tolist() == [True, False, True]
    assert people.trust[2] == 0.5
