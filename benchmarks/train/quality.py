"""How good the nightly network is, on held-out later plays of make_landing.py's nights.

``python -m benchmarks.train.quality --landing FOLDER --truth FILE`` prints a Markdown table. Every
model sees what had landed before the held-out plays, the latest ones, and predicts the same plays.
The truth (hidden tastes) is read for evaluation alone.
"""

import argparse
import json
import os
import tempfile
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
from sklearn.linear_model import LogisticRegression

from benchmarks.train.lake import land
from jobs.domain.arrays import Floats
from jobs.settings import LakeSettings, Settings
from jobs.train.examples import UNKNOWN, examples, labels
from jobs.train.history import Known, read_known
from jobs.train.plays import Records
from jobs.train.stage import fit_config
from jobs.window import Window
from models.content_network.comparison import measure, predict
from models.content_network.examples import Examples
from models.content_network.fit import fit_network, scaling_of

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
PENALTY = 0.02
METRICS = ("auc", "log_loss", "ndcg@10")


@dataclass(frozen=True)
class Trial:
    """One night: what it knows, what it learns from, and the labeled plays before the last block and
    the held-out ones, with numbers of their listeners."""

    settings: Settings
    known: Known
    found: Examples
    before: Records
    liked_before: Floats
    heldout: Records
    z: Floats

    @classmethod
    def of(cls, settings: Settings, night: date, folder: Path) -> "Trial":
        """The night's trial."""
        known = read_known(settings, Window.night(night), folder)
        assert known is not None
        found = examples(known, settings, folder)
        plays, opens = known.log.bucket(0), int(known.edges[-2])
        early = labels(plays, known.feedback.before(opens), known.features, settings.taste)
        late = labels(plays, known.feedback, known.features, settings.taste)
        liked = np.where(plays["at"] < opens, early, late)
        plays, liked = plays[liked != UNKNOWN], liked[liked != UNKNOWN]
        first = int(np.searchsorted(plays["at"], opens))
        scaling = scaling_of(found)
        z = (known.features - np.array(scaling.track_mean)) / np.array(scaling.track_std)
        heldout = plays[first:][len(found.tuning) :]
        z = np.nan_to_num(np.clip(z, -3, 3))
        return cls(settings, known, found, plays[:first], liked[:first], heldout, z)


def share_of_likes(trial: Trial) -> Floats:
    """The same for all."""
    return np.full(len(trial.heldout), trial.liked_before.mean())


def popularity(trial: Trial) -> Floats:
    """A logistic regression on the logarithm of how often a track was played before."""
    found = trial.found
    x, at = (np.log1p(b.stats.n_plays[b.track_of])[:, None] for b in (found.tuning, found.heldout))
    return LogisticRegression().fit(x, found.tuning.liked).predict_proba(at)[:, 1]


def features_alone(trial: Trial) -> Floats:
    """A logistic regression on the 13 features, the same for all listeners."""
    model = LogisticRegression().fit(trial.z[trial.before["track"]], trial.liked_before)
    return model.predict_proba(trial.z[trial.heldout["track"]])[:, 1]


def per_listener(trial: Trial) -> Floats:
    """A logistic regression on the 13 features for each listener, on their own earlier plays; a listener
    with one kind of label gets their share of likes, pulled to everybody's."""
    mean = trial.liked_before.mean()
    p = share_of_likes(trial)
    user, z = trial.before["user"], trial.z[trial.before["track"]]
    for one in np.unique(trial.heldout["user"]):
        mine, theirs = np.flatnonzero(user == one), trial.heldout["user"] == one
        y = trial.liked_before[mine]
        p[theirs] = (y.sum() + 10 * mean) / (len(y) + 10)
        if len(np.unique(y)) == 2:
            model = LogisticRegression(C=PENALTY).fit(z[mine], y)
            p[theirs] = model.predict_proba(trial.z[trial.heldout["track"][theirs]])[:, 1]
    return p


def network(trial: Trial) -> Floats:
    """The night's network."""
    settings = trial.settings
    fitted = fit_network(trial.found, fit_config(settings), settings.seed)
    return predict(fitted.scorer, trial.found.features, trial.found.heldout)


def oracle(trial: Trial, truth: Path) -> Floats:
    """1 - P(skip) by the hidden tastes."""
    table = pq.read_table(truth)
    note = json.loads(table.schema.metadata[b"hidden_truth"])
    rows = table.to_pandas().set_index("user_id").loc[list(trial.known.users.ids)]
    z = (trial.known.features - note["feature_mean"]) / note["feature_std"]
    z = np.clip(z, -note["z_clip"], note["z_clip"])[trial.heldout["track"]]
    user = trial.heldout["user"]
    score = (np.stack(list(rows["taste"]))[user] * z).sum(axis=1)
    return 1 / (1 + np.exp(rows["bias"].to_numpy()[user] - note["gain"] * score))


def report(trial: Trial, truth: Path) -> str:
    """The models as a Markdown table."""
    predictions = {
        "share of likes": share_of_likes(trial),
        "popularity": popularity(trial),
        "features alone, logistic regression": features_alone(trial),
        "per-listener logistic regression": per_listener(trial),
        "network of the night": network(trial),
        "oracle (hidden taste)": oracle(trial, truth),
    }
    lines = [
        f"{trial.found.n_fitting:,} plays to fit to, {len(trial.heldout):,} held out\n",
        f"| model | {' | '.join(METRICS)} |\n|---|---|---|---|",
    ]
    for name, p in predictions.items():
        found = measure(p, trial.found.heldout, trial.settings.seed)
        cells = (f"{found[m].value:.4f} [{found[m].low:.4f}, {found[m].high:.4f}]" for m in METRICS)
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def main() -> None:
    """Entry point."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--landing", type=Path, required=True)
    parser.add_argument("--truth", type=Path, required=True)
    parser.add_argument("--lake", help="an earlier run's lake, so that nothing is landed again")
    args = parser.parse_args()
    nights = sorted(folder.name.removeprefix("date=") for folder in (args.landing / "listens").iterdir())
    with tempfile.TemporaryDirectory() as scratch:
        settings = Settings(lake=LakeSettings(root=args.lake or f"{scratch}/lake"))
        if not Path(settings.lake.root, "listens").is_dir():
            land(args.landing, settings)
        trial = Trial.of(settings, date.fromisoformat(nights[-1]), Path(scratch))
        print(report(trial, args.truth))


if __name__ == "__main__":
    main()
