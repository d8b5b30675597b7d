from datetime import date

import numpy as np
import pytest

from jobs.errors import NoInputError
from jobs.lake.catalog import TABLES
from jobs.lake.schemas import spark_schema
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
    rows = lake.read("neighbors").orderBy("user_id", "band", "rank").collect()
    return [tuple(row) for row in rows]


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
    for _ in range(2):
        find_neighbors(this)
        found = sorted(listed(lake))
        assert [row[:3] + row[6:] for row in found] == [row[:3] + row[6:] for row in expected]
        np.testing.assert_allclose([r[3:6] for r in found], [r[3:6] for r in expected], atol=1e-9)
    assert this.summary.rows_in == matrix.nnz
    assert this.summary.rows_out == len(expected)
    listeners = np.bincount(matrix.indices)
    assert this.summary.details["pair_operations"] == int(listeners @ listeners)


def test_a_night_without_ratings_is_no_input(lake, settings):
    with pytest.raises(NoInputError, match="run build_taste"):
        find_neighbors(night(settings))
