from datetime import date, timedelta

import pyarrow as pa
import pytest

from jobs.recommend.listeners import neighborhood, rating_matrix, read_rating_matrix
from jobs.window import Window
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
    assert len(neighborhood(nobody, rating_matrix(RATINGS, catalog()))) == 0


DAY = date(2026, 6, 28)


def test_the_matrix_is_that_of_the_night(settings):
    assert read_rating_matrix(settings, Window.night(DAY), catalog()).user_ids == ()
    rows = [(DAY - timedelta(days=age), "u", "calm", 1.0 + age, 1, 0, None) for age in (-1, 0, 1)]
    put(settings, "ratings", rows)
    assert read_rating_matrix(settings, Window.night(DAY), catalog()).ratings.tolist() == [1.0]
