"""What is due again, and the list that is made of it."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest

from jobs.recommend.reasons import sentence
from jobs.recommend.rediscover import due_tracks, order_of_due, order_of_liked
from tests.recommend.test_playlists import playlist
from tests.recommend.town import ints, listener

NIGHT = date(2026, 6, 28)
LAST_DAY = float((date(2026, 6, 8) - date(1970, 1, 1)).days)  # 20 days before
EVERYTHING = np.ones(6, bool)


def at(days_ago: int) -> datetime:
    return datetime(2026, 6, 28, 12, tzinfo=UTC) - timedelta(days=days_ago)


# (plays, skips, rating, days since the first and the last listen): is it due, after 14 days?
RATED = {
    "loved": ((3, 0, 1.0, 20, 14), True),
    "heard lately": ((9, 0, 9.0, 20, 13), False),
    "not loved": ((2, 0, 2.0, 20, 20), False),
    "skipped as often": ((4, 2, 1.0, 30, 20), True),  # 4 - .5 * 2 = 3
    "skipped too often": ((4, 3, 1.0, 30, 20), False),
    "liked": ((1, 0, 3.0, 20, 20), True),
    "liked and never played": ((0, 0, 3.0, None, None), False),
    "disliked": ((5, 0, 0.0, 40, 20), True),  # what is unwelcome is told by feedback, not by ratings
    # Three gaps in 60 days are 20 a gap: due after 40.
    "played seldom": ((4, 0, 1.0, 99, 39), False),
    "played seldom, long ago": ((4, 0, 1.0, 100, 40), True),
}


@pytest.mark.spark
def test_what_is_loved_is_due_after_twice_its_usual_gap(spark):
    rows = [
        ("u", name, rating, plays, skips, *(None if ago is None else at(ago) for ago in (first, last)))
        for name, ((plays, skips, rating, first, last), _) in RATED.items()
    ]
    ratings = spark.createDataFrame(
        rows,
        "user_id string, track_id string, rating double, n_plays int, n_skips int, "
        "first_listened_at timestamp, last_listened_at timestamp",
    )
    found = due_tracks(ratings, NIGHT, days=14, skip_weight=0.5, like_rating=3.0).collect()
    facts = {row.track_id: row.facts for row in found}
    assert set(facts) == {name for name, (_, is_due) in RATED.items() if is_due}
    last = (date(2026, 5, 19) - date(1970, 1, 1)).days
    assert facts["played seldom, long ago"] == [4.0, 4.0, last, 20.0]
    assert facts["liked"][3] == 0.0
    assert facts["skipped as often"][:2] == [4.0, 3.0]


def due(*rows: tuple[int, float, float, float]) -> dict:
    """Due tracks as (position, plays, days before LAST_DAY, gap)."""
    return {
        "due": ints(*(position for position, *_ in rows)),
        "due_facts": np.array([[n, n, LAST_DAY - ago, gap] for _, n, ago, gap in rows]),
    }


def test_what_was_played_most_comes_first_then_what_was_heard_longest_ago():
    one = listener(**due((0, 3, 0, 1), (1, 5, 0, 1), (2, 3, 9, 1), (3, 3, 9, 1), (4, 9, 0, 1)))
    welcome = EVERYTHING.copy()
    welcome[4] = False
    assert order_of_due(one, welcome).tolist() == [1, 2, 3, 0]
    again = listener(**due((0, 3, 0, 1), (1, 5, 0, 1)), rediscovered=ints(1))
    assert order_of_due(again, welcome).tolist() == [0]


def test_of_what_is_liked_the_best_comes_first_and_what_was_offered_last():
    one = listener(rated=ints(0, 1, 2, 3), ratings=np.array([1.0, 2.0, 0.0, 3.0]), rediscovered=ints(3))
    assert order_of_liked(one, EVERYTHING).tolist() == [1, 0, 3]
    assert order_of_liked(one, np.array([0, 1, 1, 1, 1, 1], bool)).tolist() == [1, 3]


def rediscover(one, **changes):
    _, row = playlist(one, lists=frozenset({"rediscover"}), **changes)
    return [track for track in row["tracks"] if track["playlist"] == "rediscover"]


def test_the_list_says_how_it_was_played():
    # The same facts thrice: three sentences; the fourth names its title.
    one = listener(**due(*((position, 12, 0, 3) for position in (0, 2, 3, 5))))
    found = rediscover(one)
    assert [track["reason"] for track in found] == [
        "You played it 12 times, the last time on 8 June 2026.",
        "You used to play it every 3 days; the last time was on 8 June 2026.",
        "Played 12 times, and not for 2 weeks.",
        "You played “Bare” 12 times, the last time on 8 June 2026.",
    ]
    assert {(track["strategy"], track["reason_kind"]) for track in found} == {("rediscover",) * 2}
    assert [track["score"] for track in found] == [12.0] * 4
    assert json.loads(found[2]["evidence"]) == {"n_plays": 12, "weeks": 2}
    assert found[0]["model_version"] is None


def test_small_numbers_are_said_as_people_say_them():
    one = listener(**due((0, 1, 0, 0), (2, 3, -10, 1), (3, 2, 0, 1)))
    assert [track["reason"] for track in rediscover(one)] == [
        "You played it 3 times, the last time on 18 June 2026.",
        "Played twice, and not for 2 weeks.",
        "You played it once, the last time on 8 June 2026.",
    ]


def test_a_day_and_a_week_are_said_without_a_number():
    assert sentence("rediscover", {"every_days": 1, "last_played": "2026-06-18"}) == (
        "You used to play it every day; the last time was on 18 June 2026."
    )
    assert sentence("rediscover", {"n_plays": 4, "weeks": 1}) == "Played 4 times, and not for a week."


def test_who_has_nothing_left_to_discover_hears_again_what_they_like():
    everything = listener(
        heard=ints(*range(6)), rated=ints(0, 2), ratings=np.array([1.0, 2.0]), **due((1, 9, 0, 1))
    )
    found = rediscover(everything)
    assert [(track["track_id"], track["score"]) for track in found] == [("loud", 2.0), ("quiet", 1.0)]
    assert found[0]["reason"] == "By Bob, whom you play: hear it again."
    rated = {"rated": ints(0, 1, 2), "ratings": np.array([3.0, 2.0, 1.0])}
    more = replace(everything, **rated, due=ints(), due_facts=np.empty((0, 4)))
    assert [track["reason"] for track in rediscover(more)] == [
        "By Ann, whom you play: hear it again.", "“Calm” is among what you like.",
        "By Bob, whom you play: hear it again.",
    ]  # fmt: skip


def test_a_list_is_made_only_where_it_is_wanted_and_there_is_anything():
    one = listener(**due((0, 3, 0, 1)))
    _, row = playlist(one)
    assert {track["playlist"] for track in row["tracks"]} == {"discover"}
    assert rediscover(listener()) == []


def test_the_artist_cap_and_versions_hold_there_too():
    one = listener(**due((0, 9, 0, 1), (1, 8, 0, 1), (4, 7, 0, 1), (2, 3, 0, 1)))
    assert [track["track_id"] for track in rediscover(one)] == ["quiet", "calm", "loud"]
