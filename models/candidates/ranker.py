"""The ranker: how likely a listener is to play a candidate within the next days.

Learnt from the candidates of an earlier moment, whose outcome is known, by gradient boosted trees
(Friedman 2001; scikit-learn's histogram trees).
"""

from dataclasses import dataclass

import numpy as np
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from models.arrays import Floats, Ints, Mask
from models.candidates.retrieval import CandidateRows
from models.candidates.trees import Trees

N_TREES = 100
LEARNING_RATE = 0.1
N_LEAVES = 15
FEWEST_IN_LEAF = 100
PENALTY = 5.0
# Cormack, Clarke and Buettcher 2009.
FUSION = 60.0


def fit_ranker(rows: CandidateRows, played: Mask, seed: int) -> Trees:
    """Learn which candidates were played; ``played`` must hold both kinds."""
    from sklearn.ensemble import HistGradientBoostingClassifier

    model = HistGradientBoostingClassifier(
        learning_rate=LEARNING_RATE,
        max_iter=N_TREES,
        max_leaf_nodes=N_LEAVES,
        min_samples_leaf=FEWEST_IN_LEAF,
        l2_regularization=PENALTY,
        early_stopping=False,
        random_state=seed,
    )
    # The library cannot bin a column of which nothing is known; of a constant one it makes no split.
    values = np.where(np.isnan(rows.values).all(axis=0), np.float32(0), rows.values)
    # Sums by several threads differ in their last digits, and a split may turn on one.
    with threadpool_limits(1):
        model.fit(values, played)
    return Trees.of(model, rows.columns)


def fused(rows: CandidateRows) -> Floats:
    """Return sum over sources of 1 / (60 + rank), ranks from 1 (reciprocal rank fusion): what stands in
    until a ranker was learnt."""
    return np.asarray(np.nansum(1 / (FUSION + 1 + rows.ranks), axis=1), float)


@dataclass(frozen=True)
class Order:
    """The best pairs of each listener, by listener and rank: their ``rows``, and ``places`` from 0."""

    rows: Ints
    places: Ints


def ranked(rows: CandidateRows, scores: Floats, n: int) -> Order:
    """Return the ``n`` greatest scores of each listener, ties by track."""
    order = np.lexsort((rows.track, -scores, rows.listener))
    owner = rows.listener[order]
    places = np.arange(len(order)) - np.searchsorted(owner, owner)
    return Order(order[places < n], places[places < n])
