"""How well lists find what is relevant: one figure a listener, NaN where nothing is relevant.

``hits`` is bool[n_listeners, n_ranks] by ``models.ranking.lists``, ``n_relevant`` int64[n_listeners].
A list that is shorter than ``k`` misses the ranks that it lacks.
"""

import numpy as np

from models.arrays import Floats, Ints, Mask


def recall(hits: Mask, n_relevant: Ints, k: int) -> Floats:
    """Return the share of what is relevant that the first ``k`` ranks hold."""
    return _over(hits[:, :k].sum(axis=1), n_relevant)


def average_precision(hits: Mask, n_relevant: Ints, k: int) -> Floats:
    """Return AP@k, whose mean over listeners is MAP@k: the precisions at the ranks of the hits among
    the first ``k``, added, over all that is relevant (Manning, Raghavan and Schütze 2008, 8.4)."""
    found = hits[:, :k]
    precision = found.cumsum(axis=1) / np.arange(1, found.shape[1] + 1)
    return _over((precision * found).sum(axis=1), n_relevant)


def ndcg(hits: Mask, n_relevant: Ints, k: int) -> Floats:
    """Return NDCG@k: hits discounted by log2(rank + 1), over what the best list of ``k`` would reach,
    which holds min(k, n_relevant) hits (Järvelin and Kekäläinen 2002)."""
    discount = 1 / np.log2(np.arange(k) + 2.0)
    ideal = np.concatenate([[0.0], discount.cumsum()])[np.minimum(n_relevant, k)]
    found = hits[:, :k]
    return _over(found @ discount[: found.shape[1]], ideal)


def _over(total: Floats, whole: Floats | Ints) -> Floats:
    share: Floats = np.full(len(total), np.nan)
    np.divide(total, whole, out=share, where=whole > 0)
    return share
