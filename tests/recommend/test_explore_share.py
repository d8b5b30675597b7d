from datetime import date, timedelta

import numpy as np
import pytest

from jobs.domain.responses import (
    BLOCKED,
    DISLIKED,
    LIKED,
    NOT_REACHED,
    PLAYED,
    REPEATED,
    SKIPPED,
    STARTED,
)
from jobs.recommend.explore_share import (
    TRIES,
    ExploreShares,
    by_segment,
    explored_of,
    segment_of,
    tries_of,
    weighed,
)

NIGHT = date(2026, 6, 28)
NOBODY = np.zeros((3, 4))


def mean_share(own, segments=NOBODY, n_rated=0, floor=0.0, ceiling=1.0):
    shares = ExploreShares(floor, ceiling, segments)
    nights = [NIGHT + timedelta(days=n) for n in range(200)]
    return np.mean([shares.share("u", n_rated, np.array(own, float), 1, night) for night in nights])


def test_who_has_tried_nothing_explores_as_the_priors_say():
    # P(Beta(2.5, 7.5) > Beta(5, 5)) = .110, by a million draws.
    assert mean_share([0, 0, 0, 0]) == pytest.approx(0.11, abs=0.01)


def test_a_welcomed_arm_grows_and_a_refused_one_rests():
    # Beta(2.5 + 38, 7.5 + 2) against Beta(5 + 2, 5 + 38), and the other way round.
    assert mean_share([40, 38, 40, 2]) > 0.99
    assert mean_share([40, 2, 40, 38]) < 0.01
    assert mean_share([40, 38, 40, 2], ceiling=0.6) == pytest.approx(0.6, abs=0.01)
    assert mean_share([40, 2, 40, 38], floor=0.05) == pytest.approx(0.05, abs=0.01)


def test_the_segment_speaks_for_who_has_tried_nothing_and_for_nobody_elses():
    segments = NOBODY.copy()
    segments[1] = [1000, 900, 1000, 100]
    assert mean_share([0, 0, 0, 0], segments, n_rated=21) > 0.9
    assert mean_share([0, 0, 0, 0], segments, n_rated=20) < 0.2


def test_ones_own_tracks_are_not_counted_among_the_others():
    # Alone in the segment: all that the segment holds is one's own, so it says nothing more.
    own = np.array([40, 20, 40, 20], float)
    alone = NOBODY.copy()
    alone[0] = own
    shares = [ExploreShares(0.0, 1.0, s).share("u", 5, own, 1, NIGHT) for s in (alone, NOBODY)]
    assert shares[0] == shares[1]


def test_a_share_is_the_listeners_own_and_the_nights_own():
    shares, own = ExploreShares(0.0, 1.0, NOBODY), np.array([10, 5, 10, 5], float)
    draws = {
        (u, n): shares.share(u, 5, own, 1, NIGHT + timedelta(days=n)) for u in "abcdef" for n in (0, 1)
    }
    assert draws[("a", 0)] == shares.share("a", 5, own, 1, NIGHT)
    assert len(set(draws.values())) > 3


@pytest.mark.parametrize(("n_rated", "segment"), [(0, 0), (20, 0), (21, 1), (100, 1), (101, 2)])
def test_segments_are_by_how_many_tracks_are_rated(n_rated, segment):
    assert segment_of(n_rated) == segment


def test_an_older_list_counts_less():
    found = weighed(np.array([0.0, 30.0, 60.0]), np.array([1, 1, 2, 0, 4, 2, 0, 2, 4, 4, 8, 4], float))
    assert found.tolist() == [4.0, 3.0, 4.0, 2.0]
    assert weighed(np.array([]), np.array([])).tolist() == [0.0, 0.0, 0.0, 0.0]


RESPONSE = (
    "as_of date, user_id string, strategy string, outcome string, n_from_list int, track_id string"
)


@pytest.mark.spark
def test_tries_are_what_was_reached_on_a_list_by_arm_and_age(spark):
    def said(age, user, strategy, *outcomes, n_from_list=1):
        as_of = NIGHT - timedelta(days=age)
        return [(as_of, user, strategy, outcome, n_from_list, f"of {outcome}") for outcome in outcomes]

    rows = [
        *said(1, "ann", "explore", PLAYED, SKIPPED, NOT_REACHED, STARTED, BLOCKED, LIKED),
        *said(1, "ann", "exploit", REPEATED, DISLIKED),
        *said(1, "ann", "neighbors", PLAYED),
        *said(3, "ann", "exploit", SKIPPED),
        *said(3, "ann", "new_artists", PLAYED),
        *said(2, "bob", "explore", NOT_REACHED),
        # Found without the list, as what is sure is found.
        *said(1, "ann", "exploit", PLAYED, REPEATED, LIKED, n_from_list=0),
        *said(1, "cid", "explore", PLAYED, SKIPPED, n_from_list=0),
    ]
    found = tries_of(spark.createDataFrame(rows, RESPONSE), NIGHT).collect()
    assert {(row.user_id, row.age): row.counts for row in found} == {
        ("ann", 1): [4.0, 2.0, 3.0, 2.0],
        ("ann", 3): [0.0, 0.0, 1.0, 0.0],
    }
    explored = explored_of(spark.createDataFrame(rows, RESPONSE), NIGHT).collect()
    assert {row.track_id: row.liked for row in explored if row.age == 1} == {
        "of played": 1.0, "of skipped": 0.0, "of blocked": 0.0, "of liked": 1.0,
    }  # fmt: skip


@pytest.mark.spark
def test_segments_sum_their_listeners(spark):
    tries = [("few", 30, [2.0, 2.0, 4.0, 0.0]), ("none", 0, [1.0, 0.0, 0.0, 0.0]),
             ("many", 0, [0.0, 0.0, 5.0, 5.0])]  # fmt: skip
    ratings = [("few", f"t{n}") for n in range(20)] + [("many", f"t{n}") for n in range(101)]
    found = by_segment(
        spark.createDataFrame(tries, TRIES),
        spark.createDataFrame(ratings, "user_id string, track_id string"),
    )
    assert found.tolist() == [[2.0, 1.0, 2.0, 0.0], [0.0] * 4, [0.0, 0.0, 5.0, 5.0]]
