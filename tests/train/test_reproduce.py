import subprocess
import sys

import numpy as np
import pytest
from typer.testing import CliRunner

from jobs.cli import app
from jobs.errors import NO_INPUT, BadDataError
from jobs.train.paper import QUICK, compare, protocols
from models.features import FEATURES
from tests.models.paper.songs import some_songs

MODELS = (
    "Logistic regression", "SVM (RBF)", "Random forest", "Gradient boosting", "Extra trees",
    "Vote of the trees", "Paper's network", "Tuned network",
)  # fmt: skip


@pytest.fixture
def songs_csv(tmp_path):
    songs = some_songs(80)
    rows = [",".join([*FEATURES, "liked", "title", "artist"])]
    for features, liked, song, artist in zip(
        songs.features, songs.liked, songs.song, songs.artist, strict=True
    ):
        rows.append(",".join([*map(str, features), str(liked), f"song {song}", f"artist {artist}"]))
    path = tmp_path / "songs.csv"
    path.write_text("\n".join(rows))
    return path


@pytest.mark.train
def test_the_command_prints_both_tables_and_leaves_plots_and_report(songs_csv, tmp_path):
    out = tmp_path / "out"
    arguments = ["reproduce", "paper", "--data", str(songs_csv), "--quick", "--out", str(out)]
    result = CliRunner().invoke(app, arguments, catch_exceptions=False)
    assert result.exit_code == 0
    assert "| published | 0.9857 | 0.119 | 0.8001 | 0.475 |" in result.stdout
    rows = [line.split(" | ") for line in result.stdout.splitlines() if "±" in line]
    assert tuple(row[0].removeprefix("| ") for row in rows) == MODELS
    assert all(len(row) == 7 for row in rows)
    assert sorted(path.name for path in out.iterdir()) == [
        "accuracy.png", "correlations.png", "features.png", "report.md",
    ]  # fmt: skip
    assert (out / "report.md").read_text().splitlines()[-1] in result.stdout


def test_without_the_file_it_says_so_in_one_line_that_no_librarys_come_before(tmp_path):
    arguments = ["reproduce", "paper", "--data", str(tmp_path / "absent.csv")]
    command = [sys.executable, "-c", "from jobs.cli import main; main()", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (NO_INPUT, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"nocturne: {arguments[-1]}: no such file; --data takes a CSV file")


def test_too_few_songs_to_split_are_bad_data():
    with pytest.raises(BadDataError, match=r"^3 songs cannot be split in 2 folds"):
        protocols(some_songs().take(np.array([0, 3, 4])), QUICK, seed=0)


def test_a_model_is_fitted_on_the_training_songs_of_the_fold_alone():
    songs = some_songs(50)
    folds = protocols(songs, QUICK, seed=0)
    asked = []

    def spy(train, features):
        asked.append((set(train.song), {tuple(row) for row in train.features}, features))
        return np.linspace(0, 1, len(features))

    results = list(compare({"spy": spy}, songs, folds))
    assert [(model, protocol) for model, protocol, _ in results] == (
        [("spy", "songs")] * 2 + [("spy", "artists")] * 2
    )
    for (names, rows, features), fold in zip(asked, [*folds["songs"], *folds["artists"]], strict=True):
        assert not names & set(songs.song[fold.test])
        assert rows == {tuple(row) for row in songs.features[fold.train]}
        np.testing.assert_array_equal(features, songs.features[fold.test])
