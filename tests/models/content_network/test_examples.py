import numpy as np
import pytest

from models.content_network.examples import ROW, RowFile


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
