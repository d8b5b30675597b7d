import numpy as np
import pytest

from models.features import FEATURES
from models.paper.plots import accuracy_curves, correlations, draw_all, features_against_likeability
from tests.models.paper.songs import some_songs

HISTORY = {"accuracy": [0.6, 0.9], "val_accuracy": [0.6, 0.7]}


def test_three_plots_are_drawn(tmp_path):
    paths = draw_all(some_songs(), HISTORY, tmp_path / "new")
    assert [path.name for path in paths] == ["features.png", "correlations.png", "accuracy.png"]
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in paths)


def test_bars_of_each_feature_add_up_to_one_by_label():
    axes = features_against_likeability(some_songs()).axes
    assert [axis.get_title() for axis in axes[:13]] == list(FEATURES)
    heights = [bar.get_height() for bar in axes[0].containers[0]]
    assert sum(heights) == pytest.approx(1)


def test_liked_and_not_liked_songs_have_bars_of_their_own():
    """A feature that is 1 of the liked and 0 of the others fills the last and the first of 30 bins."""
    songs = some_songs()
    songs.features[:, 0] = songs.liked
    axis = features_against_likeability(songs).axes[0]
    liked, others = ([bar.get_height() for bar in bars] for bars in axis.containers)
    assert liked == pytest.approx([0] * 29 + [1])
    assert others == pytest.approx([1] + [0] * 29)
    assert [text.get_text() for text in axis.get_legend().get_texts()] == ["liked", "not liked"]


def test_correlations_are_pearsons():
    songs = some_songs()
    songs.features[:, 1] = -2 * songs.features[:, 0]
    image = correlations(songs).axes[0].images[0].get_array()
    assert image.shape == (13, 13)
    assert image[0, 1] == pytest.approx(-1)
    assert image[0, 3] == pytest.approx(np.corrcoef(songs.features[:, 0], songs.features[:, 3])[0, 1])


def test_curves_are_those_of_the_history():
    axis = accuracy_curves(HISTORY).axes[0]
    training, validation = axis.lines
    assert (axis.get_xlabel(), axis.get_ylabel()) == ("epoch", "accuracy")
    assert list(training.get_ydata()) == HISTORY["accuracy"]
    assert list(validation.get_ydata()) == HISTORY["val_accuracy"]
    assert list(training.get_xdata()) == [1, 2]
