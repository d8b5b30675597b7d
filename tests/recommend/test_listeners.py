from datetime import date, timedelta

import numpy as np
import pyarrow as pa
import pytest

from jobs.domain.dials import Dials
from jobs.recommend.listeners import (
    collect_facts,
    listeners_of,
    neighborhood,
    rating_matrix,
    read_rating_matrix,
    with_claims,
)
from jobs.window import Window
from models.candidates.reach import claims
from models.features import FEATURES
from tests.recommend.town import catalog
from tests.tables import put

RATINGS = pa.Table.from_pylist(
    [
        {"user_id": user, "track_id": track, "rating": rating, "n_plays": plays, "n_skips": 1}
        for user, track, rating, plays in [
            ("b", "loud", 1.0, 2), ("a", "quiet", 2.0, 1), ("b", "outside", 4.0, 3),
            ("a", "calm", 0.5, 0), ("c", "outside", 1.0, 1),
        ]
    ]
)  # fmt: skip


@pytest.mark.parametrize("rows", [RATINGS, RATINGS.take([4, 2, 0, 1, 3])])
def test_a_matrix_holds_the_catalog_and_count_everything(rows):
    matrix = rating_matrix(rows, catalog())
    assert matrix.user_ids == ("a", "b", "c")
    assert [part.tolist() for part in matrix.row(0)] == [[1, 0], [0.5, 2.0]]
    assert [part.tolist() for part in matrix.row(1)] == [[2], [1.0]]
    assert [part.tolist() for part in matrix.row(2)] == [[], []]
    assert matrix.totals.tolist() == [2.5, 5.0, 1.0]
    assert matrix.n_rated.tolist() == [2, 2, 1]
    assert matrix.n_plays.tolist() == [1, 5, 1]
    assert matrix.n_skips.tolist() == [2, 2, 1]
    assert matrix.of_tracks.n_plays.tolist() == [2, 1, 3, 0, 0, 0]
    assert matrix.of_tracks.n_skips.tolist() == [1, 1, 1, 0, 0, 0]


def test_a_neighborhood_leaves_out_who_rates_nothing():
    rows = [{"id": name, "value": value} for name, value in (("b", 0.9), ("gone", 0.8), ("a", 0.7))]
    found = neighborhood(pa.array(rows), rating_matrix(RATINGS, catalog()))
    assert found.ids == ("b", "a")
    assert found.similarity.tolist() == [0.9, 0.7]
    assert found.totals.tolist() == [5.0, 2.5]
    assert found.ptr.tolist() == [0, 1, 3]
    assert found.positions.tolist() == [2, 1, 0]


def test_nobody_is_a_neighborhood_of_nobody():
    nobody = pa.array([], pa.struct({"id": pa.string(), "value": pa.float64()}))
    found = neighborhood(nobody, rating_matrix(RATINGS, catalog()))
    assert len(found) == len(found.positions) == len(found.ratings) == 0
    assert found.ptr.tolist() == [0]


TASTE = [float(n) for n in range(len(FEATURES))]
LISTS = ("heard", "offered", "rediscovered", "blocked", "blocked_artists")
NOTHING = {
    name: []
    for name in (*LISTS, "neighbors", "tastes", "candidates", "tries", "explored", "due", "dials")
}
FACTS = pa.RecordBatch.from_pylist(
    [
        {
            "user_id": "b",
            "heard": ["quiet", "outside", "duet"],
            "offered": ["outside", "calm"],
            "rediscovered": ["duet"],
            "blocked": ["loud"],
            "blocked_artists": ["dee", "eve"],
            "neighbors": [
                {"number": 1, "id": "c", "value": 0.25},
                {"number": 2, "id": "a", "value": -0.5},
            ],
            "tastes": [
                {"number": 0, "value": 0.75, "vector": TASTE},
                {"number": 1, "value": 0.25, "vector": TASTE[::-1]},
            ],
            "candidates": [
                {"number": 1, "id": "bare", "value": 0.5, "claim": 1.0, "text": "quiet"},
                {"number": 2, "id": "outside", "value": 0.4, "claim": 1.0, "text": "quiet"},
                {"number": 3, "id": "calm", "value": 0.25, "claim": 0.5, "text": None},
            ],
            "tries": [
                {"number": 30, "vector": [4.0, 2.0, 8.0, 6.0]},
                {"number": 60, "vector": [4.0, 4.0, 0.0, 0.0]},
            ],
            "explored": [
                {"number": 0, "id": "bare", "value": 1.0},
                {"number": 30, "id": "loud", "value": 0.0},
                {"number": 30, "id": "outside", "value": 1.0},
            ],
            "due": [
                {"id": "outside", "vector": [9.0, 9.0, 20600.0, 1.0]},
                {"id": "quiet", "vector": [4.0, 3.5, 20601.0, 2.5]},
            ],
            "dials": [{"id": "explicit", "text": "no"}, {"id": "list_length", "text": "12"}],
        },
        NOTHING | {"user_id": "new", "heard": ["outside"]},
        NOTHING | {"user_id": "a", "heard": ["calm"]},
    ],
    pa.schema(
        {
            "user_id": pa.string(),
            **dict.fromkeys(LISTS, pa.list_(pa.string())),
            "neighbors": pa.list_(
                pa.struct({"number": pa.int32(), "id": pa.string(), "value": pa.float64()})
            ),
            "candidates": pa.list_(
                pa.struct(
                    {"number": pa.int32(), "id": pa.string(), "value": pa.float64()}
                    | {"claim": pa.float64(), "text": pa.string()}
                )
            ),
            "tastes": pa.list_(
                pa.struct(
                    {"number": pa.int32(), "value": pa.float64(), "vector": pa.list_(pa.float64())}
                )
            ),
            "tries": pa.list_(pa.struct({"number": pa.int32(), "vector": pa.list_(pa.float64())})),
            "explored": pa.list_(
                pa.struct({"number": pa.int32(), "id": pa.string(), "value": pa.float64()})
            ),
            "due": pa.list_(pa.struct({"id": pa.string(), "vector": pa.list_(pa.float64())})),
            "dials": pa.list_(pa.struct({"id": pa.string(), "text": pa.string()})),
        }
    ),
)


def test_listeners_are_read_with_their_ratings_tastes_and_neighbors():
    first, new, last = listeners_of(FACTS, catalog(), rating_matrix(RATINGS, catalog()))
    assert (first.user_id, new.user_id, last.user_id) == ("b", "new", "a")
    assert first.heard.tolist() == [0, 4]
    assert first.offered.tolist() == [1]
    assert first.rediscovered.tolist() == [4]
    assert first.explored.tolist() == [5, 2]
    assert first.explored_liked.tolist() == [True, False]
    assert first.explored_weights.tolist() == [1.0, 0.5]
    assert first.due.tolist() == [0]
    assert first.due_facts.tolist() == [[4.0, 3.5, 20601.0, 2.5]]
    assert last.due_facts.shape == (0, 4)
    assert first.dials == Dials(list_length=12, explicit=False)
    assert last.dials == Dials()
    assert first.blocked.tolist() == [2]
    assert (first.candidates.tolist(), first.chances.tolist()) == ([5, 1], [0.5, 0.25])
    assert first.claims.tolist() == [1.0, 0.5]
    assert first.because.tolist() == [0, -1]
    assert first.blocked_artists == ("dee", "eve")
    assert (first.rated.tolist(), first.ratings.tolist()) == ([2], [1.0])
    assert (first.total, first.n_rated, first.n_plays, first.n_skips) == (5.0, 2, 5, 2)
    assert first.taste_weights.tolist() == [0.75, 0.25]
    assert first.centroids.tolist() == [TASTE, TASTE[::-1]]
    assert first.neighborhood.ids == ("c", "a")
    assert first.neighborhood.similarity.tolist() == [0.25, -0.5]
    assert (last.heard.tolist(), last.n_plays) == ([1], 1)
    # A list of 30 nights ago counts half, one of 60 a quarter.
    assert first.tries.tolist() == [3.0, 2.0, 4.0, 3.0]
    assert last.tries.tolist() == [0.0, 0.0, 0.0, 0.0]


def test_a_listener_without_ratings_or_anything_known_is_read_as_such():
    _, new, _ = listeners_of(FACTS, catalog(), rating_matrix(RATINGS, catalog()))
    assert new.heard.tolist() == new.blocked.tolist() == new.rated.tolist() == new.ratings.tolist() == []
    assert (new.total, new.n_rated, new.n_plays, new.n_skips) == (0.0, 0, 0, 0)
    assert new.centroids.shape == (0, len(FEATURES))
    assert len(new.neighborhood) == len(new.candidates) == len(new.offered) == 0


@pytest.mark.spark
def test_facts_are_sorted_lists_of_those_who_listened(spark):
    heard = [("ann", "t2", True), ("ann", "t1", False), ("ann", "t2", False), ("lapsed", "t1", False)]
    feedback = [("ann", "like", "t9"), ("ann", "dislike", "t8"), ("ann", "block_track", "t7"),
                ("ann", "block_artist", "x"), ("ann", "exclude", "t6"),
                ("silent", "like", "t1")]  # fmt: skip
    tastes = [("ann", 1, 0.25, [2.0]), ("ann", 0, 0.75, [1.0])]
    neighbors = [("ann", "y", 2, 0.5), ("ann", "x", 3, -0.5), ("ann", "z", 1, 0.75)]
    candidates = [
        ("ann", "t4", 2, 0.25, "t1"),
        ("ann", "t5", 1, 0.5, None),
        ("silent", "t4", 1, 0.5, None),
    ]
    offered = [
        ("ann", "t3", "discover"), ("ann", "t0", "discover"), ("ann", "t3", "discover"),
        ("ann", "t2", "rediscover"), ("silent", "t3", "discover"),
    ]  # fmt: skip
    due = [
        ("ann", "t2", [3.0, 3.0, 20600.0, 1.0]),
        ("ann", "t1", [9.0] * 4),
        ("silent", "t1", [1.0] * 4),
    ]
    tries = [
        ("ann", 2, [1.0, 0.0, 3.0, 2.0]),
        ("ann", 1, [0.0, 0.0, 1.0, 1.0]),
        ("silent", 1, [1.0] * 4),
    ]
    rows = collect_facts(
        spark.createDataFrame(heard, "user_id string, track_id string, recent boolean"),
        spark.createDataFrame(feedback, "user_id string, kind string, target_id string"),
        spark.createDataFrame(
            tastes, "user_id string, taste_no int, weight double, centroid array<double>"
        ),
        spark.createDataFrame(
            neighbors, "user_id string, neighbor_id string, rank int, similarity double"
        ),
        spark.createDataFrame(
            candidates, "user_id string, track_id string, rank int, score double, because string"
        ),
        spark.createDataFrame(offered, "user_id string, track_id string, playlist string"),
        spark.createDataFrame(tries, "user_id string, age int, counts array<double>"),
        spark.createDataFrame(
            [("ann", "t6", 2, 0.0), ("ann", "t5", 1, 1.0), ("silent", "t5", 1, 1.0)],
            "user_id string, track_id string, age int, liked double",
        ),
        spark.createDataFrame(due, "user_id string, track_id string, facts array<double>"),
        spark.createDataFrame(
            [("ann", "list_length", "12"), ("ann", "explicit", "no"), ("silent", "explicit", "no")],
            "user_id string, dial string, value string",
        ),
    ).collect()
    assert [row.asDict(recursive=True) for row in rows] == [
        {
            "user_id": "ann",
            "heard": ["t1", "t2"],
            "offered": ["t0", "t3"],
            "rediscovered": ["t2"],
            "blocked": ["t7", "t8"],
            "blocked_artists": ["x"],
            "neighbors": [
                {"number": 1, "id": "z", "value": 0.75},
                {"number": 2, "id": "y", "value": 0.5},
                {"number": 3, "id": "x", "value": -0.5},
            ],
            "candidates": [
                {"number": 1, "id": "t5", "value": 0.5, "claim": 1.0, "text": None},
                {"number": 2, "id": "t4", "value": 0.25, "claim": 0.5, "text": "t1"},
            ],
            "tastes": [
                {"number": 0, "value": 0.75, "vector": [1.0]},
                {"number": 1, "value": 0.25, "vector": [2.0]},
            ],
            "tries": [
                {"number": 1, "vector": [0.0, 0.0, 1.0, 1.0]},
                {"number": 2, "vector": [1.0, 0.0, 3.0, 2.0]},
            ],
            "explored": [
                {"number": 1, "id": "t5", "value": 1.0},
                {"number": 2, "id": "t6", "value": 0.0},
            ],
            "due": [
                {"id": "t1", "vector": [9.0] * 4},
                {"id": "t2", "vector": [3.0, 3.0, 20600.0, 1.0]},
            ],
            "dials": [{"id": "explicit", "text": "no"}, {"id": "list_length", "text": "12"}],
        }
    ]


@pytest.mark.spark
def test_claims_are_those_of_the_arrays(spark):
    rng = np.random.default_rng(1)
    listener, track = np.divmod(np.arange(40), 5)
    scores = rng.integers(0, 3, 40) / 4
    rows = [
        (f"u{one}", f"t{other}", float(score))
        for one, other, score in zip(listener, track, scores, strict=True)
    ]
    made = with_claims(spark.createDataFrame(rows, "user_id string, track_id string, score double"))
    found = {(row.user_id, row.track_id): row.claim for row in made.collect()}
    assert [found[user, id_] for user, id_, _ in rows] == claims(listener, track, scores).tolist()


DAY = date(2026, 6, 28)


def test_the_matrix_is_that_of_the_night(settings):
    assert read_rating_matrix(settings, Window.night(DAY), catalog()).user_ids == ()
    rows = [(DAY - timedelta(days=age), "u", "calm", 1.0 + age, 1, 0, None) for age in (-1, 0, 1)]
    put(settings, "ratings", rows)
    assert read_rating_matrix(settings, Window.night(DAY), catalog()).ratings.tolist() == [1.0]
