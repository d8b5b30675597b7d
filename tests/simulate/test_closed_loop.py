import numpy as np
import pytest

from jobs.settings import RecommendSettings
from jobs.simulate.closed_loop import BEFORE, TownSize, live
from jobs.simulate.music import make_music
from jobs.simulate.people import make_people
from jobs.simulate.policies import POLICIES
from jobs.simulate.town import make_listeners

SIZE = TownSize(n_listeners=40, n_tracks=400, nights=9)
RULES = RecommendSettings()


def course(policy="fixed-.3", seed=3):
    return live(policy, seed, SIZE, RULES)


@pytest.fixture(scope="module")
def lived():
    return course()


def test_the_same_arguments_give_the_same_course_and_another_seed_another_town(lived):
    again, other = course(), course(seed=4)
    assert again.counts == lived.counts
    np.testing.assert_array_equal(again.came_to_like, lived.came_to_like)
    assert other.counts != lived.counts
    assert (other.people.music.z != lived.people.music.z).any()


def test_counts_are_of_every_night_and_parts_of_one_another(lived):
    assert len(lived.counts) == SIZE.nights
    assert len(lived.log) == BEFORE + SIZE.nights
    for night in lived.counts:
        assert night.explored_liked <= min(night.liked, night.explored) <= night.reached
        assert 0 < night.opened <= SIZE.n_listeners
        assert night.reached <= RULES.n_tracks * night.opened
    assert lived.reached_at.sum() == sum(night.reached for night in lived.counts)
    assert lived.came_to_like.sum() <= sum(night.liked for night in lived.counts)
    assert (np.diff(lived.reached_at) <= 0).all()


def test_what_is_heard_on_a_list_was_never_heard_before_and_no_artist_comes_three_times(lived):
    rules = RecommendSettings(n_tracks=5)
    seen, heard = [], set()

    class Spy(POLICIES["fixed-.3"](lived.people.music.artist, rules, 0).__class__):
        def learn(self, night, listed, answers):
            for row, rank in zip(*np.nonzero(answers.reached), strict=True):
                seen.append((int(row), int(listed.tracks[row, rank]), night))

    registered = dict(POLICIES)
    registered["spy"] = lambda artist, rules, _: Spy(0.3, artist, rules)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("jobs.simulate.closed_loop.POLICIES", registered)
        spied = live("spy", 3, SIZE, rules)
    for row, track, night in seen:
        before = spied.log[: BEFORE + night]
        assert not any(((day.listener == row) & (day.track == track)).any() for day in before)
        heard.add((row, track))
    assert len(heard) == len(seen) > 100


def test_policies_differ_by_what_they_explore():
    short = RecommendSettings(n_tracks=5)
    explored = []
    for name in ("fixed-0", "fixed-.5"):
        counts = live(name, 3, SIZE, short).counts
        explored.append(sum(night.explored for night in counts) / sum(night.reached for night in counts))
    assert explored[0] < 0.1
    # The first third is surer, and more of it is reached.
    assert 0.25 < explored[1] < 0.6


def test_the_learnt_share_differs_by_listener_and_stays_between_floor_and_ceiling():
    share = course("learnt").share
    assert share.min() >= 0
    assert share.max() <= 0.65
    assert np.ptp(share) > 0.05


def test_the_town_is_the_one_that_is_written_as_a_landing():
    music = make_music(np.random.default_rng([3, 1]), 400, 9)
    listeners = make_listeners(np.random.default_rng([3, 2]), music, 40)
    people = make_people(3, music, 40)
    for row, (tracks, weights) in enumerate(listeners.repertoires):
        habits = np.flatnonzero(people.habit[row])
        assert set(habits) < set(tracks)
        place = np.searchsorted(tracks, habits)
        np.testing.assert_allclose(people.habit[row, habits], weights[place], rtol=1e-6)
    np.testing.assert_array_equal(people.activity, listeners.activity)
    # Who plays two scenes has a taste of each, and two that nothing in the history tells of.
    np.testing.assert_allclose(np.linalg.norm(people.tastes, axis=2), 1)
