from datetime import date

import numpy as np
import pytest

from jobs.errors import NoInputError
from jobs.lake.catalog import TABLES
from jobs.lake.schemas import spark_schema
from jobs.neighbors import stage
from jobs.neighbors.stage import find_neighbors
from jobs.settings import NeighborsSettings
from jobs.stage import Night
from jobs.window import Window
from tests.neighbors.reference import neighbors_by_numpy, random_ratings

pytestmark = pytest.mark.spark
DAY = date(2026, 6, 28)


def write_ratings(lake, matrix, day=DAY):
    """Listener 7 is u07, track 3 is t03: ids sort as numbers do."""
    coo = matrix.tocoo()
    rows = [
        (day, f"u{u:02}", f"t{t:02}", float(r), 1, 0, None)
        for u, t, r in zip(coo.row, coo.col, coo.data, strict=True)
    ]
    lake.replace_night(lake.spark.createDataFrame(rows, spark_schema(TABLES["ratings"])), "ratings", day)


def night(settings, **neighbors):
    return Night(
        Window.night(DAY), settings.model_copy(update={"neighbors": NeighborsSettings(**neighbors)})
    )


def listed(lake):
    return sorted(tuple(row) for row in lake.read("neighbors").collect())


@pytest.mark.parametrize("support", ["co_rated", "all"])
def test_a_night_of_ratings_becomes_its_neighbors(lake, settings, support):
    matrix = random_ratings(25, 30, 0.4, seed=2)
    write_ratings(lake, matrix)
    options = {"support": support, "k": 6, "k_dissimilar": 3, "min_overlap": 3, "shrinkage": 10.0}
    expected = sorted(
        (DAY, f"u{u:02}", f"u{v:02}", r, n, similarity, rank, band)
        for u, pairs in neighbors_by_numpy(matrix, **options).items()
        for v, r, n, similarity, rank, band in pairs
    )
    this = night(settings, **options)
    find_neighbors(this)
    found = listed(lake)
    assert [row[:3] + row[6:] for row in found] == [row[:3] + row[6:] for row in expected]
    np.testing.assert_allclose([r[3:6] for r in found], [r[3:6] for r in expected], rtol=0, atol=1e-9)
    assert this.summary.rows_in == matrix.nnz
    assert this.summary.rows_out == len(expected)
    listeners = np.bincount(matrix.indices)
    assert this.summary.details["pair_operations"] == int(listeners @ listeners)
    assert "recall" not in this.summary.details


def test_neither_blocks_nor_their_way_to_the_workers_change_a_row(lake, settings, monkeypatch):
    write_ratings(lake, random_ratings(25, 30, 0.4, seed=6))
    find_neighbors(night(settings, min_overlap=2))
    expected = listed(lake)
    planned = stage.make_plan
    monkeypatch.setattr(stage, "make_plan", lambda *a, **k: planned(*a, **k, n_blocks=4))
    find_neighbors(night(settings, min_overlap=2))
    assert listed(lake) == expected
    monkeypatch.setattr(stage, "BYTES_A_ROW", 2**40)
    find_neighbors(night(settings, min_overlap=2))
    assert listed(lake) == expected


def test_over_the_budget_the_recall_is_in_the_ledger(lake, settings):
    write_ratings(lake, random_ratings(25, 30, 0.4, seed=2))
    this = night(settings, pair_budget=300, min_overlap=2)
    find_neighbors(this)
    assert this.summary.details["generating"] <= 300 < this.summary.details["pair_operations"]
    assert 0 < this.summary.details["recall"] < 1


def test_a_night_without_ratings_is_no_input(lake, settings):
    with pytest.raises(NoInputError, match="run build_taste"):
        find_neighbors(night(settings))
