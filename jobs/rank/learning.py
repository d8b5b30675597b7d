"""The night's ranker: learnt from the candidates of an earlier night and what was played after it."""

from dataclasses import dataclass
from datetime import date, timedelta
from importlib.metadata import version as installed
from typing import Any

import numpy as np

from jobs.domain.arrays import Floats, Ints, Mask
from jobs.errors import NoInputError
from jobs.lake.split import Split, read_split
from jobs.rank.proposals import BLOCK_LISTENERS, Ranker, facts_of
from jobs.stage import Night
from models.candidates.ranker import fit_ranker, ranked
from models.candidates.retrieval import CandidateRows, Retrieval
from models.candidates.trees import Trees
from models.peers.peer import blocks
from models.ranking.accuracy import ndcg
from models.ranking.intervals import Bootstrap
from models.registry import Card, Interval, Registry
from models.registry.card import checksum, version_name

MODEL = "ranker"
TREES_FILE = "trees.npz"
CUTOFF = 10
MAIN = f"ndcg@{CUTOFF}"
# One listener in five is kept out of learning: rankers are compared by them.
HELD_OUT = 5
LIBRARIES = ("scikit-learn", "numpy")


@dataclass(frozen=True)
class Examples:
    """Candidates of an earlier night and whether each was played in the days after."""

    rows: CandidateRows
    played: Mask

    def where(self, wanted: Mask) -> "Examples":
        """Return the wanted ones."""
        return Examples(self.rows.where(wanted), self.played[wanted])


def outcome(night: Night) -> Split | None:
    """Read the newest night of which it is known what was played in the days after; None if there is
    none yet."""
    days = night.settings.rank.days
    try:
        return read_split(night.settings, night.window.as_of - timedelta(days=days), days)
    except NoInputError:
        return None


def learn(night: Night, split: Split | None) -> dict[str, Any]:
    """Publish the night's ranker, and promote it unless it is surely worse than the one before.

    Returns what there is to tell; a night with too little to learn from learns none and says so.
    """
    if split is None:
        return {"learnt": None, "reason": "no outcome is known yet"}
    settings = night.settings
    found = examples(split, night)
    held_out = found.rows.listener % HELD_OUT == 0
    fitting = found.where(~held_out)
    n_played = int(fitting.played.sum())
    if n_played < settings.rank.min_plays:
        return {
            "learnt": None,
            "reason": f"{n_played} candidates were played, of {settings.rank.min_plays}",
        }
    trees = fit_ranker(fitting.rows, fitting.played, settings.seed)
    registry = Registry(night.store, MODEL)
    champion = _ranker(registry, night.window.as_of - timedelta(days=1))
    compared = compare(trees, champion.trees if champion else None, found.where(held_out), settings.seed)
    card = registry.publish(*_version(night, trees, compared))
    difference = compared.get("difference")
    withdrawn = card.version in registry.champions().withdrawn
    worse = difference is not None and difference.high < 0
    if withdrawn or worse:
        registry.demote(card.version)
    else:
        registry.promote(card.version)
    reason = "withdrawn by an operator" if withdrawn else "worse than the champion" if worse else None
    return {
        "learnt": card.version,
        "champion": champion.version if champion else None,
        "promoted": reason is None,
        "reason": reason,
        "metrics": {name: interval.model_dump() for name, interval in compared.items()},
    }


def ranker_of(night: Night) -> Ranker | None:
    """Read the ranker that serves the night; None if none was promoted by then."""
    return _ranker(Registry(night.store, MODEL), night.window.as_of)


def _ranker(registry: Registry, as_of: date) -> Ranker | None:
    card = registry.for_night(as_of)
    if card is None:
        return None
    return Ranker(card.version, Trees.from_bytes(registry.read(card.version)[TREES_FILE]))


def examples(split: Split, night: Night) -> Examples:
    """Return the candidates of some listeners, drawn in blocks, by the night's seed."""
    settings = night.settings
    retrieval = Retrieval(facts_of(split), settings.rank.n_a_source, settings.rank.sources)
    every = list(blocks(split.n_listeners, BLOCK_LISTENERS))
    n_blocks = -(-settings.rank.n_learning_listeners // BLOCK_LISTENERS)
    drawn = np.random.default_rng(settings.seed).permutation(len(every))[:n_blocks]
    rows = CandidateRows.joined([retrieval.rows(*every[number]) for number in np.sort(drawn)])
    return Examples(rows, np.asarray(split.later[rows.listener, rows.track]).ravel() > 0)


def compare(
    challenger: Trees, champion: Trees | None, found: Examples, seed: int
) -> dict[str, Interval]:
    """Return NDCG@10 of both over listeners who played a candidate, and challenger less champion, with
    95 % intervals; of the challenger alone where there is no champion that reads the same columns."""
    names, listeners = [MAIN], np.unique(found.rows.listener)
    columns = [_ndcg(challenger, found, listeners)]
    if champion is not None and champion.columns == found.rows.columns:
        columns.append(_ndcg(champion, found, listeners))
        columns.append(columns[0] - columns[1])
        names += ["champion", "difference"]
    if not len(listeners):
        return {}
    bootstrap = Bootstrap(len(listeners), len(columns), seed)
    bootstrap.add(np.stack(columns, axis=1))
    of = bootstrap.intervals()
    return {
        name: Interval(value=of.value[i], low=of.low[i], high=of.high[i])
        for i, name in enumerate(names)
        if of.n[i]
    }


def _ndcg(trees: Trees, found: Examples, listeners: Ints) -> Floats:
    order = ranked(found.rows, trees.probabilities(found.rows.values), CUTOFF)
    row, place = np.searchsorted(listeners, found.rows.listener[order.rows]), order.places
    hit = np.zeros((len(listeners), CUTOFF), bool)
    hit[row, place] = found.played[order.rows]
    of = np.searchsorted(listeners, found.rows.listener)
    return ndcg(hit, np.bincount(of, found.played, len(listeners)).astype(np.int64), CUTOFF)


def _version(night: Night, trees: Trees, metrics: dict[str, Interval]) -> tuple[Card, dict[str, bytes]]:
    as_of, files = night.window.as_of, {TREES_FILE: trees.to_bytes()}
    card = Card(
        model=MODEL,
        version=version_name(as_of, files),
        as_of=as_of,
        seed=night.settings.seed,
        config={"rank": night.settings.rank.model_dump(mode="json")},
        metrics=metrics,
        libraries={library: installed(library) for library in LIBRARIES},
        files={name: checksum(body) for name, body in files.items()},
    )
    return card, files
