"""What the pair budget costs: the approximate lists of a sample against their exact ones."""

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from jobs.neighbors.kernel import Neighbors, neighbors_of
from jobs.neighbors.pair_scores import NeighborRule

SAMPLE = 200


def sampled_recall(ratings: sp.csr_matrix, rule: NeighborRule, seed: int) -> float:
    """Measure the recall of the rule's lists on a seeded sample of listeners (see ``recall``)."""
    sample = sample_of(ratings.shape[0], seed)
    exact = neighbors_of(sample, ratings, rule._replace(n_head=0))
    return recall(neighbors_of(sample, ratings, rule), exact)


def sample_of(n_listeners: int, seed: int) -> NDArray[np.int64]:
    """Draw the rows of the sample, ascending; all of them if there are no more than SAMPLE."""
    return np.sort(np.random.default_rng(seed).permutation(n_listeners)[:SAMPLE])


def recall(found: Neighbors, exact: Neighbors) -> float:
    """Return the share of exact neighbors that were found, a mean over the listeners who have some.

    1 if nobody has any.
    """
    pairs, wanted = _pairs(found), _pairs(exact)
    if not len(wanted):
        return 1.0
    hits = np.isin(wanted, pairs)
    which = np.unique(exact.user, return_inverse=True)[1]
    return float((np.bincount(which, hits) / np.bincount(which)).mean())


def _pairs(neighbors: Neighbors) -> NDArray[np.int64]:
    return neighbors.user.astype(np.int64) << 32 | neighbors.neighbor
