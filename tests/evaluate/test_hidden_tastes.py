import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from jobs.errors import UsageError
from jobs.evaluate.hidden_tastes import read_hidden_tastes
from jobs.lake.split import read_split
from tests.evaluate.small_night import DAYS, NIGHT, write


@pytest.fixture
def split(settings):
    write(settings)
    return read_split(settings, NIGHT, DAYS)


def write_truth(path):
    """Ada's taste is the first feature alone; z is its distance from .1, in tenths, at most 3."""
    note = {"feature_mean": [0.1] * 13, "feature_std": [0.1] * 13, "z_clip": 3.0, "gain": 2.0}
    rows = {"user_id": ["zoe", "ada"], "taste": [[9.0] * 13, [1.0] + [0.0] * 12], "bias": [0.0, 1.0]}
    pq.write_table(pa.table(rows).replace_schema_metadata({"hidden_truth": json.dumps(note)}), path)


def test_the_true_chance_is_that_of_no_skip(split, tmp_path):
    write_truth(tmp_path / "truth.parquet")
    tastes = read_hidden_tastes(tmp_path / "truth.parquet", split)
    lists = np.array([[1, 6, -1], [0, 1, 2], [-1, -1, -1]], np.int32)
    chance = [1 / (1 + np.exp(1 - 2 * z)) for z in (1, 3)]
    np.testing.assert_allclose(tastes.like_rates(0, lists), [np.mean(chance), np.nan, np.nan])


def test_tracks_without_features_do_not_count(split, tmp_path):
    write_truth(tmp_path / "truth.parquet")
    tastes = read_hidden_tastes(tmp_path / "truth.parquet", split)
    one, both = np.array([[1]], np.int32), np.array([[1, 7]], np.int32)
    assert tastes.like_rates(0, both) == tastes.like_rates(0, one)


def test_another_file_is_refused_with_what_is_wanted(split, tmp_path):
    pq.write_table(pa.table({"user_id": ["ada"], "taste": [[1.0] * 13], "bias": [0.0]}), tmp_path / "no")
    (tmp_path / "text").write_text("no parquet")
    for name in ("no", "text", "absent"):
        with pytest.raises(
            UsageError, match="give a parquet file with the columns user_id, taste, bias"
        ):
            read_hidden_tastes(tmp_path / name, split)
