import io

import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier

from models.candidates.ranker import fit_ranker, fused, ranked
from models.candidates.retrieval import CandidateRows
from models.candidates.trees import Trees
from models.errors import CorruptArtifactError

COLUMNS = ("a", "b", "a_rank", "b_rank")


def random_rows(n=4000):
    rng = np.random.default_rng(3)
    values = rng.normal(size=(n, 4)).astype(np.float32)
    values[rng.random((n, 4)) < 0.2] = np.nan
    played = rng.random(n) < 1 / (1 + np.exp(-2 * np.nan_to_num(values[:, 0], nan=1.0)))
    return CandidateRows(np.sort(rng.integers(0, 50, n)), np.arange(n), values, COLUMNS), played


def test_trees_score_as_the_library_that_grew_them_does():
    rows, played = random_rows()
    model = HistGradientBoostingClassifier(max_iter=20, random_state=1).fit(rows.values, played)
    trees = Trees.of(model, COLUMNS)
    assert trees.probabilities(rows.values) == pytest.approx(
        model.predict_proba(rows.values)[:, 1], abs=1e-12
    )


def test_trees_come_back_from_bytes_without_pickle():
    rows, played = random_rows()
    trees = fit_ranker(rows, played, seed=1)
    body = trees.to_bytes()
    with np.load(io.BytesIO(body), allow_pickle=False) as parts:
        assert {parts[name].dtype.kind for name in parts.files} <= set("ifbU")
    back = Trees.from_bytes(body)
    assert back.columns == COLUMNS
    assert (back.probabilities(rows.values) == trees.probabilities(rows.values)).all()


@pytest.mark.parametrize("body", [b"", b"no trees", b"PK\x03\x04 broken"])
def test_what_is_no_file_of_trees_is_said(body):
    with pytest.raises(CorruptArtifactError, match="this is no file of trees"):
        Trees.from_bytes(body)


def test_the_ranker_learns_what_was_played_and_the_same_twice():
    rows, played = random_rows()
    trees = fit_ranker(rows, played, seed=1)
    p = trees.probabilities(rows.values)
    assert p[played].mean() > p[~played].mean() + 0.1
    assert p.mean() == pytest.approx(played.mean(), abs=0.02)
    assert fit_ranker(rows, played, seed=1).to_bytes() == trees.to_bytes()


def test_a_source_that_knew_nothing_is_no_obstacle():
    rows, played = random_rows()
    silent = CandidateRows(
        rows.listener, rows.track, np.where(np.arange(4) == 1, np.nan, rows.values), COLUMNS
    )
    trees = fit_ranker(silent, played, seed=1)
    assert 1 not in trees.column[~trees.is_leaf]
    assert np.isfinite(trees.probabilities(silent.values)).all()


def test_until_then_ranks_are_added_up_reciprocally():
    values = np.array([[0, 0, 0, np.nan], [0, 0, 1, 0], [0, 0, np.nan, np.nan]], np.float32)
    rows = CandidateRows(np.zeros(3, int), np.arange(3), values, COLUMNS)
    assert fused(rows) == pytest.approx([1 / 61, 1 / 62 + 1 / 61, 0])


def test_the_best_of_each_listener_ties_by_track():
    rows = CandidateRows(np.array([3, 3, 3, 5, 5]), np.array([1, 4, 6, 0, 2]), np.zeros((5, 4)), COLUMNS)
    order = ranked(rows, np.array([0.5, 0.9, 0.5, 0.1, 0.1]), 2)
    assert order.rows.tolist() == [1, 0, 3, 4]
    assert order.places.tolist() == [0, 1, 0, 1]
