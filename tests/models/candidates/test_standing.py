import numpy as np
import pytest

from models.candidates.retrieval import COMPARED, Retrieval
from models.candidates.standing import Standing
from tests.models.candidates.small import facts


class Table:
    """A source whose scores are given."""

    def __init__(self, scores):
        self.given, self.asked = np.asarray(scores, np.float32), []

    def scores(self, first, last):
        self.asked.append((first, last))
        return self.given[first:last].copy()


def test_a_standing_is_in_deviations_above_the_mean_of_the_track():
    # Track 0: mean 2, variance 2 / 3; track 1: scores 4, 0 and 2; of track 2 nothing is said, of track 3
    # everybody has the same score.
    no = -np.inf
    of = Standing.of(Table([[1, 4, no, 0.1], [3, no, no, 0.1], [2, 2, no, 0.1]]), 3, 4)
    found = of.values(np.array([0, 0, 1, 1, 2, 3]), np.array([3, 2, 4, np.nan, np.nan, np.float32(0.1)]))
    deviation = np.sqrt([2 / 3, 8 / 3])
    assert found == pytest.approx([1 / deviation[0], 0, 2 / deviation[1], -2 / deviation[1], 0, 0])


def test_of_many_listeners_blocks_at_equal_distances_are_asked():
    table = Table(np.repeat(np.arange(8), 128)[:1000, None])
    of = Standing.of(table, 1000, 1, n_sample=256)
    assert table.asked == [(0, 128), (512, 640)]
    assert (of.mean[0], of.deviation[0]) == (2.0, 2.0)
    all_of_them = Table(np.ones((1000, 1)))
    Standing.of(all_of_them, 1000, 1)
    assert len(all_of_them.asked) == 8


def test_of_nobody_nothing_is_known():
    of = Standing.of(Table(np.empty((0, 2))), 0, 2)
    assert of.values(np.array([1]), np.array([0.5])).tolist() == [0.0]


def test_a_pair_has_its_standing_by_the_sources_that_are_compared():
    retrieval = Retrieval(facts(), 8)
    found = retrieval.rows(0, 5)
    scores = retrieval.sources["similar_artists"].scores(0, 5).astype(float)
    scores[~np.isfinite(scores)] = 0
    deviation = scores.std(axis=0)
    own = scores[found.listener, found.track] - scores.mean(axis=0)[found.track]
    wanted = np.where(
        deviation[found.track] > 0, own / np.where(deviation > 0, deviation, 1)[found.track], 0
    )
    assert found.column("similar_artists_standing") == pytest.approx(wanted, abs=1e-4)
    assert [name for name in found.columns if name.endswith("_standing")] == [
        f"{name}_standing" for name in retrieval.sources if name in COMPARED
    ]
    assert len(Retrieval(facts(), 8, ("popular",))._standings) == 0
