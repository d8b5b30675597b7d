"""The paper's three plots, of our data and our run."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from models.features import FEATURES
from models.paper.folds import Songs

LIKED, NOT_LIKED = "#2a7f62", "#b5483a"


def draw_all(songs: Songs, history: Mapping[str, Sequence[float]], folder: Path) -> list[Path]:
    """Write the plots as PNG files into the folder, made if missing; returns their paths.

    ``history``: per epoch ``accuracy`` and ``val_accuracy``, as Keras' ``fit`` gives it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    figures = {
        "features.png": features_against_likeability(songs),
        "correlations.png": correlations(songs),
        "accuracy.png": accuracy_curves(history),
    }
    for name, figure in figures.items():
        figure.savefig(folder / name, dpi=110)
    return [folder / name for name in figures]


def features_against_likeability(songs: Songs) -> Figure:
    """Draw, for each feature, the share of liked and of disliked songs in each of 30 bins."""
    figure = Figure(figsize=(15, 10), layout="constrained")
    axes = figure.subplots(3, 5).ravel()
    for axis, name, column in zip(axes, FEATURES, songs.features.T, strict=False):
        bins: Any = np.histogram_bin_edges(column, bins=30)
        for label, color, text in ((1, LIKED, "liked"), (0, NOT_LIKED, "not liked")):
            rows = column[songs.liked == label]
            weights = np.full(len(rows), 1 / len(rows))
            axis.hist(rows, bins, weights=weights, alpha=0.55, color=color, label=text)
        axis.set_title(name)
    for axis in axes[len(FEATURES) :]:
        axis.set_axis_off()
    axes[0].legend()
    figure.suptitle("Share of songs by feature, liked and not liked")
    return figure


def correlations(songs: Songs) -> Figure:
    """Draw Pearson's correlation of all features, 13 x 13; a constant feature has none."""
    with np.errstate(invalid="ignore", divide="ignore"):
        matrix = np.corrcoef(songs.features, rowvar=False)
    figure = Figure(figsize=(9, 8), layout="constrained")
    axis = figure.subplots()
    image = axis.imshow(matrix, vmin=-1, vmax=1, cmap="RdBu_r")
    axis.set_xticks(range(len(FEATURES)), FEATURES, rotation=60, ha="right")
    axis.set_yticks(range(len(FEATURES)), FEATURES)
    for (row, column), value in np.ndenumerate(matrix):
        axis.text(column, row, f"{value:.2f}", ha="center", va="center", fontsize=7)
    figure.colorbar(image, label="Pearson correlation")
    return figure


def accuracy_curves(history: Mapping[str, Sequence[float]]) -> Figure:
    """Draw training and validation accuracy of the paper's network by epoch, on its single split."""
    figure = Figure(figsize=(8, 5), layout="constrained")
    axis = figure.subplots()
    epochs = range(1, len(history["accuracy"]) + 1)
    axis.plot(epochs, history["accuracy"], color=LIKED, label="training")
    axis.plot(epochs, history["val_accuracy"], color=NOT_LIKED, label="validation")
    axis.set(xlabel="epoch", ylabel="accuracy", title="The paper's network on a single split")
    axis.legend()
    return figure
