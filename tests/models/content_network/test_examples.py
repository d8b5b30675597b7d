import numpy as np
import pytest

from models.content_network.arrays import TrackStats
from models.content_network.examples import ROW, Block, ExamplesWriter, RowFile
from tests.models.content_network.tiny import some_listeners


@pytest.fixture
def rows(tmp_path, monkeypatch):
    """100 rows numbered by listener, in runs of 8 mixed 3 at a time."""
    monkeypatch.setattr("models.content_network.examples.RUN", 8)
    monkeypatch.setattr("models.content_network.examples.RUNS_MIXED", 3)
    numbered = np.zeros(100, ROW)
    numbered["listener"] = np.arange(100)
    numbered.tofile(tmp_path / "rows")
    return RowFile(tmp_path / "rows", 100)


def epoch(rows, size, seed):
    rng = None if seed is None else np.random.default_rng(seed)
    return [batch["listener"].tolist() for batch in rows.batches(size, rng)]


def test_rows_come_as_they_are_without_a_generator(rows):
    assert epoch(rows, 30, None) == [list(range(i, min(i + 30, 100))) for i in range(0, 100, 30)]


@pytest.mark.parametrize("size", [1, 7, 24, 25, 100, 1000])
def test_every_row_comes_once_an_epoch_in_batches_of_the_size(rows, size):
    batches = epoch(rows, size, 3)
    assert sorted(row for batch in batches for row in batch) == list(range(100))
    assert {len(batch) for batch in batches[:-1]} <= {size}


def test_a_seed_fixes_the_order_and_epochs_differ(rows):
    assert epoch(rows, 10, 1) == epoch(rows, 10, 1)
    assert epoch(rows, 10, 1) != epoch(rows, 10, 2)
    rng = np.random.default_rng(1)
    first, second = ([b["listener"].tolist() for b in rows.batches(10, rng)] for _ in range(2))
    assert first != second


def test_a_batch_mixes_rows_that_lie_far_apart(rows):
    first = np.array(epoch(rows, 24, 1)[0])
    assert len(np.unique(first // 8)) == 3
    assert (np.diff(first) < 0).any()


def block(listener_of, track_of, liked, n_listeners):
    """Plays of three tracks, of which nothing was known; play i weighs i + 1."""
    return Block(
        some_listeners(n_listeners),
        TrackStats.unknown(3),
        np.array(listener_of),
        np.array(track_of),
        np.array(liked, np.float32),
        np.arange(1, len(liked) + 1, dtype=np.float32),
    )


def test_rows_point_at_the_listeners_and_the_counts_of_their_own_block(tmp_path):
    stats = [TrackStats(np.full(3, n), np.zeros(3)) for n in (10.0, 20.0, 30.0)]
    writer = ExamplesWriter(tmp_path / "rows", np.zeros((3, 13)), stats)
    writer.add(block([1, 0, 1], [2, 2, 0], [1, 0, 1], n_listeners=2), 0)
    writer.add(block([0, 2], [1, 2], [0, 1], n_listeners=3), 1)
    tuning, heldout = block([0], [0], [1], n_listeners=1), block([0], [1], [0], n_listeners=1)
    examples = writer.close(tuning, heldout)
    (rows,) = examples.rows.batches(100, None)
    # Listeners 0 and 1 are the first block's, 2 to 4 the second's; its tracks' counts begin at 3.
    assert rows["listener"].tolist() == [1, 0, 1, 2, 4]
    assert rows["track"].tolist() == [2, 2, 0, 1, 2]
    assert rows["counts"].tolist() == [2, 2, 0, 4, 5]
    assert rows["liked"].tolist() == [1, 0, 1, 0, 1]
    assert rows["weight"].tolist() == [1, 2, 3, 1, 2]
    assert (examples.n_fitting, examples.n_liked, len(examples.listeners)) == (5, 3, 5)
    assert examples.plays_of_track.tolist() == [1, 1, 3]
    # The last block's stats belong to what the network is tuned on.
    assert examples.stats.n_plays.tolist() == [10, 10, 10, 20, 20, 20]
    assert (examples.tuning, examples.heldout) == (tuning, heldout)


@pytest.mark.parametrize(
    ("liked", "n_tuning", "n_heldout", "complete"),
    [
        ([1, 0], 1, 1, True),
        ([0, 0], 1, 1, False),
        ([1, 1], 1, 1, False),
        ([1, 0], 0, 1, False),
        ([1, 0], 1, 0, False),
    ],
)
def test_examples_are_complete_with_likes_dislikes_and_plays_to_tune_and_measure(
    tmp_path, liked, n_tuning, n_heldout, complete
):
    writer = ExamplesWriter(tmp_path / "rows", np.zeros((3, 13)), [TrackStats.unknown(3)] * 2)
    writer.add(block([0, 0], [0, 1], liked, n_listeners=1), 0)
    tuning, heldout = (block([0] * n, [0] * n, [1] * n, n_listeners=1) for n in (n_tuning, n_heldout))
    assert writer.close(tuning, heldout).is_complete() is complete


def test_a_block_of_some_plays_keeps_the_plays_whole():
    some = block([0, 1, 0], [2, 1, 0], [1, 0, 1], n_listeners=2).take(np.array([2, 1]))
    assert (some.listener_of.tolist(), some.track_of.tolist()) == ([0, 1], [0, 1])
    assert (some.liked.tolist(), some.weight.tolist()) == ([1, 0], [3, 2])
    assert len(some) == 2
