import numpy as np
import pytest

from models.content_network.arrays import ListenerArrays, TrackStats
from models.content_network.examples import ROW
from models.content_network.feeding import Tables, masked
from models.content_network.inputs import listener_inputs, track_inputs
from tests.models.content_network.tiny import SCALING, some_listeners

LISTENERS = some_listeners(4)
FEATURES = np.random.default_rng(1).random((3, 13))
STATS = TrackStats(np.arange(6.0), np.zeros(6))


@pytest.fixture
def tables():
    """Four listeners and three tracks, counted in two blocks."""
    return Tables.of(SCALING, FEATURES, LISTENERS, STATS)


def test_tables_hold_the_inputs_that_scoring_computes(tables):
    inputs = listener_inputs(SCALING, LISTENERS)
    np.testing.assert_array_equal(tables.tastes[:-1], inputs.tastes)
    np.testing.assert_array_equal(tables.log_shares[:-1], inputs.log_shares)
    np.testing.assert_array_equal(tables.profile[:-1], inputs.profile)
    second = track_inputs(SCALING, FEATURES, STATS.take(slice(3, 6)))
    np.testing.assert_array_equal(np.hstack([tables.track[:-1], tables.counts[3:6]]), second)


def test_what_is_hidden_is_what_scoring_makes_of_the_unknown(tables):
    nobody = listener_inputs(SCALING, ListenerArrays.unknown(1, 3))
    row = tables.unknown()
    np.testing.assert_array_equal(tables.tastes[row["listener"]], nobody.tastes[0])
    np.testing.assert_array_equal(tables.log_shares[row["listener"]], nobody.log_shares[0])
    np.testing.assert_array_equal(tables.profile[row["listener"]], nobody.profile[0])
    nothing = track_inputs(SCALING, np.full((1, 13), np.nan), TrackStats.unknown(1))[0]
    hidden = [*tables.track[row["track"]], *tables.counts[row["counts"]]]
    np.testing.assert_array_equal(hidden, nothing)


def test_each_kind_is_hidden_on_its_own_and_labels_stay(tables):
    rows = np.zeros(10_000, ROW)
    rows["liked"] = np.arange(10_000) % 2
    got = masked(rows, tables.unknown(), 0.2, np.random.default_rng(0))
    hidden = np.stack([got[name] == row for name, row in tables.unknown().items()])
    assert hidden.mean(axis=1) == pytest.approx([0.2] * 3, abs=0.02)
    assert hidden.all(axis=0).mean() == pytest.approx(0.2**3, abs=0.004)
    np.testing.assert_array_equal(got["liked"], rows["liked"])
    assert (rows["track"] == 0).all()


@pytest.mark.train
def test_a_batch_gathers_each_row_s_inputs_label_and_weight(tables):
    rows = np.array([(3, 1, 4, 1, 0.5), (0, 2, 0, 0, 2.0), (4, 3, 6, 1, 1.0)], ROW)
    data = tables.dataset(lambda: iter([rows[:2], rows[2:]]), 2)
    assert data.cardinality() == 2
    first, last = data.as_numpy_iterator()
    inputs, liked, weight = first
    assert (liked.tolist(), weight.tolist()) == ([1, 0], [0.5, 2])
    assert sorted(inputs) == ["log_shares", "profile", "tastes", "track"]
    np.testing.assert_array_equal(inputs["tastes"], tables.tastes[[3, 0]])
    np.testing.assert_array_equal(inputs["log_shares"], tables.log_shares[[3, 0]])
    np.testing.assert_array_equal(inputs["profile"], tables.profile[[3, 0]])
    np.testing.assert_array_equal(
        inputs["track"], np.hstack([tables.track[[1, 2]], tables.counts[[4, 0]]])
    )
    # The last batch is a single row, of which nothing is known.
    np.testing.assert_array_equal(last[0]["tastes"], tables.tastes[[-1]])
    np.testing.assert_array_equal(last[0]["track"], [[*tables.track[-1], *tables.counts[-1]]])
