"""Every model on the same folds of one listener's songs, and the tables of their figures."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from pydantic import BaseModel, ConfigDict

from jobs.domain.arrays import Floats
from jobs.errors import BadDataError
from models.paper import paper_network, tuned_network
from models.paper.evaluation import Classifier, Figures, measure, spread
from models.paper.folds import Fold, Songs, repeated_folds
from models.paper.paper_network import PaperPreset
from models.paper.references import references
from models.paper.tuned_network import TunedPreset

PUBLISHED = {"accuracy": 0.9857, "loss": 0.119, "val_accuracy": 0.8001, "val_loss": 0.475}
LABELS = (0, 1)
Results = dict[str, dict[str, list[Figures]]]


class Scale(BaseModel):
    """How large a reproduction is."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    n_folds: int = 10
    n_repeats: int = 3
    n_trees: int = 300
    paper: PaperPreset = PaperPreset()
    tuned: TunedPreset = TunedPreset()


QUICK = Scale(
    n_folds=2,
    n_repeats=1,
    n_trees=10,
    paper=PaperPreset(hidden=(8,), epochs=3),
)


def contenders(scale: Scale, seed: int) -> dict[str, Classifier]:
    """Return all models by name, the references first."""
    return {
        **{name: _scikit(make) for name, make in references(seed, scale.n_trees).items()},
        "Paper's network": _network(lambda train: paper_network.fit(scale.paper, train, seed)[0]),
        "Tuned network": _network(lambda train: tuned_network.fit(scale.tuned, train)),
    }


def protocols(songs: Songs, scale: Scale, seed: int) -> dict[str, list[Fold]]:
    """Return the folds of each protocol: by song, and by artist; BadDataError unless each has both
    labels."""
    groups = {"songs": songs.song, "artists": songs.artist}
    try:
        folds = {
            name: repeated_folds(songs.liked, group, scale.n_folds, scale.n_repeats, seed)
            for name, group in groups.items()
        }
    except ValueError:
        folds = {}
    tested = [set(songs.liked[fold.test]) for splits in folds.values() for fold in splits]
    if not tested or min(map(len, tested)) < len(LABELS):
        raise BadDataError(
            f"{len(songs)} songs cannot be split in {scale.n_folds} folds by song and by artist with "
            f"liked and other songs in each; {songs.liked.sum()} are liked: give more of more artists"
        )
    return folds


def compare(
    models: Mapping[str, Classifier], songs: Songs, folds: Mapping[str, Sequence[Fold]]
) -> Iterator[tuple[str, str, Figures]]:
    """Model, protocol and figures of one fold after the other."""
    for model, classifier in models.items():
        for protocol, splits in folds.items():
            for fold in splits:
                answers = classifier(songs.take(fold.train), songs.features[fold.test])
                yield model, protocol, measure(songs.liked[fold.test], answers)


def single_split_table(history: Mapping[str, Sequence[float]]) -> str:
    """Return the paper's figures beside ours after the last epoch, as Markdown."""
    rows = ["| | training accuracy | training loss | validation accuracy | validation loss |"]
    rows.append("|---|---:|---:|---:|---:|")
    ours = {name: history[name][-1] for name in PUBLISHED}
    for title, figures in (("published", PUBLISHED), ("ours", ours)):
        cells = [f"{figures[name]:.{3 if 'loss' in name else 4}f}" for name in PUBLISHED]
        rows.append(f"| {title} | {' | '.join(cells)} |")
    return "\n".join(rows)


def folds_table(results: Mapping[str, Mapping[str, Sequence[Figures]]]) -> str:
    """Model by protocol: means and standard deviations over folds, as Markdown."""
    rows = ["| model | accuracy | AUC | log loss | by artist: accuracy | AUC | log loss |"]
    rows.append("|---|---:|---:|---:|---:|---:|---:|")
    for model, by_protocol in results.items():
        cells = [str(one) for figures in by_protocol.values() for one in spread(figures)]
        rows.append(f"| {model} | {' | '.join(cells)} |")
    return "\n".join(rows)


def _scikit(make: Callable[[], Any]) -> Classifier:
    def probabilities(train: Songs, features: Floats) -> Floats:
        fitted = make().fit(train.features, train.liked)
        return np.asarray(fitted.predict_proba(features)[:, 1])

    return probabilities


def _network(fit: Callable[[Songs], Any]) -> Classifier:
    def probabilities(train: Songs, features: Floats) -> Floats:
        import keras

        keras.backend.clear_session()
        return np.asarray(fit(train)(features.astype(np.float32)), float)[:, 0]

    return probabilities
