import numpy as np
import pytest
from scipy.stats import bootstrap

from models.ranking.intervals import N_RESAMPLES, Bootstrap

VALUES = np.random.default_rng(3).gamma(2.0, size=(300, 1))


def intervals(values, sizes=(300,), seed=5):
    found = Bootstrap(len(values), values.shape[1], seed)
    for block in np.split(values, np.cumsum(sizes)[:-1]):
        found.add(block)
    return found.intervals()


@pytest.mark.parametrize("sizes", [(300,), (120, 0, 180), (1, 299), (100, 100, 100)])
def test_intervals_agree_with_scipy_s_whatever_the_blocks(sizes):
    expected = bootstrap(
        (VALUES[:, 0],), np.mean, method="percentile", n_resamples=20_000, rng=np.random.default_rng(1)
    ).confidence_interval
    found = intervals(VALUES, sizes)
    width = expected.high - expected.low
    assert found.value[0] == pytest.approx(VALUES.mean())
    assert found.low[0] == pytest.approx(expected.low, abs=0.1 * width)
    assert found.high[0] == pytest.approx(expected.high, abs=0.1 * width)
    assert found.n.tolist() == [300]


def test_each_draw_is_as_large_as_the_sample():
    """Blocks of very different figures: were their sizes not drawn together, means would scatter less
    or more than those of one block."""
    values = np.repeat([0.0, 1.0], [150, 150])[:, None]
    half_width = 1.96 * np.sqrt(0.25 / 300)
    found = intervals(values, (150, 150))
    assert found.low[0] == pytest.approx(0.5 - half_width, abs=0.012)
    assert found.high[0] == pytest.approx(0.5 + half_width, abs=0.012)


def test_listeners_without_the_figure_do_not_count():
    values = np.array([[1.0, np.nan], [3.0, np.nan], [np.nan, np.nan]])
    found = intervals(values, (3,))
    assert found.value[0] == 2
    assert found.n.tolist() == [2, 0]
    assert np.isnan([found.value[1], found.low[1], found.high[1]]).all()


def test_differences_are_paired():
    """A constant difference is sure, however the two scatter."""
    columns = np.hstack([VALUES, VALUES + 0.25, (VALUES + 0.25) - VALUES])
    found = intervals(columns)
    assert found.low[2] == pytest.approx(0.25)
    assert found.high[2] == pytest.approx(0.25)
    assert found.high[0] > found.low[1]


def test_the_same_seed_draws_the_same():
    assert intervals(VALUES).low == intervals(VALUES).low
    assert intervals(VALUES).low != intervals(VALUES, seed=6).low


def test_more_listeners_than_announced_are_refused():
    found = Bootstrap(2, 1, 1)
    with pytest.raises(ValueError, match="3 listeners more, where only 2"):
        found.add(np.ones((3, 1)))
    assert N_RESAMPLES >= 500
