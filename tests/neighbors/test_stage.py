from datetime import date

import numpy as np
import pytest

from jobs.errors import NoInputError
from jobs.lake.arrow import night_rows, replace_night
from jobs.neighbors import stage
from jobs.neighbors.stage import find_neighbors
from jobs.settings import NeighborsSettings
from jobs.stage import Night
from jobs.window import Window
from tests.neighbors.reference import neighbors_by_numpy, random_ratings

pytestmark = [pytest.mark.spark, pytest.mark.usefixtures("spark")]
DAY = date(2026, 6, 28)
COLUMNS = ["as_of", "user_id", "neighbor_id", "pearson", "n_common", "similarity", "rank", "band"]


def write_ratings(settings, matrix):
    """Listener 7 is u07, track 3 is t03: ids sort as numbers do."""
    coo = matrix.tocoo()
    rows = [
        {
            "as_of": DAY,
            "user_id": f"u{u:02}",
            "track_id": f"t{t:02}",
            "rating": r,
            "n_plays": 1,
            "n_skips": 0,
        }
        for u, t, r in zip(coo.row, coo.col, coo.data, strict=True)
    ]
    replace_night(settings, "ratings", rows, DAY)


def night(settings, **neighbors):
    return Night(
        Window.night(DAY), settings.model_copy(update={"neighbors": NeighborsSettings(**neighbors)})
    )


def listed(settings):
    rows = night_rows(settings, "neighbors", DAY).to_table(COLUMNS).to_pylist()
    return sorted(tuple(row.values()) for row in rows)


@pytest.mark.parametrize("support", ["co_rated", "all"])
def test_a_night_of_ratings_becomes_its_neighbors(settings, support):
    matrix = random_ratings(25, 80, 0.4, seed=2)
    write_ratings(settings, matrix)
    options = {"support": support, "k": 6, "k_dissimilar": 3, "min_overlap": 3, "shrinkage": 10.0}
    expected = sorted(
        (DAY, f"u{u:02}", f"u{v:02}", r, n, similarity, rank, band)
        for u, pairs in neighbors_by_numpy(matrix, **options).items()
        for v, r, n, similarity, rank, band in pairs
    )
    this = night(settings, **options)
    find_neighbors(this)
    found = listed(settings)
    assert [row[:3] + row[6:] for row in found] == [row[:3] + row[6:] for row in expected]
    np.testing.assert_allclose([r[3:6] for r in found], [r[3:6] for r in expected], rtol=0, atol=1e-9)
    assert this.summary.rows_in == matrix.nnz
    assert this.summary.rows_out == len(expected)
    listeners = np.bincount(matrix.indices)
    assert this.summary.details["pair_operations"] == int(listeners @ listeners)
    assert "recall" not in this.summary.details


def test_neither_blocks_nor_their_way_to_the_workers_change_a_row_or_the_recall(settings, monkeypatch):
    write_ratings(settings, random_ratings(25, 30, 0.4, seed=6))

    def rows_and_recall():
        this = night(settings, min_overlap=2, pair_budget=300)
        find_neighbors(this)
        assert this.summary.details["generating"] <= 300 < this.summary.details["pair_operations"]
        return listed(settings), this.summary.details["recall"]

    expected = rows_and_recall()
    assert 0 < expected[1] < 1
    planned = stage.make_plan
    monkeypatch.setattr(stage, "make_plan", lambda *a, **k: planned(*a, **k, n_blocks=2))
    assert rows_and_recall() == expected
    monkeypatch.setattr(stage, "BYTES_A_ROW", 2**40)
    assert rows_and_recall() == expected


def test_a_night_of_strangers_has_no_neighbors(settings):
    write_ratings(settings, random_ratings(5, 30, 0.05, seed=2))
    find_neighbors(night(settings))
    assert listed(settings) == []


def test_a_night_without_ratings_is_no_input(settings):
    with pytest.raises(NoInputError, match="run build_taste"):
        find_neighbors(night(settings))
