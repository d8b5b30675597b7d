"""The definition again, in plain numpy and slowly: what the kernel must give."""

import numpy as np
import scipy.sparse as sp

from jobs.neighbors.kernel import Neighbors


def random_ratings(n_users, n_items, density, seed, values=(1, 2, 3, 4, 5)) -> sp.csr_matrix:
    """Ratings at random places."""
    rng = np.random.default_rng(seed)
    rated = rng.random((n_users, n_items)) < density
    rows, columns = rated.nonzero()
    data = rng.choice(np.asarray(values, float), len(rows))
    return sp.csr_matrix((data, (rows, columns)), shape=rated.shape)


def neighbors_by_numpy(
    ratings, *, support="co_rated", k=50, k_dissimilar=10, min_overlap=5, shrinkage=0.0
):
    """{user: [(neighbor, pearson, n_common, similarity, rank, band)]} straight from the definition."""
    csr = sp.csr_matrix(ratings)
    rows = np.repeat(np.arange(csr.shape[0]), np.diff(csr.indptr))
    rated, dense = np.zeros(csr.shape, bool), np.zeros(csr.shape)
    rated[rows, csr.indices], dense[rows, csr.indices] = True, csr.data
    found = {}
    for u in range(csr.shape[0]):
        pairs = []
        for v in range(csr.shape[0]):
            common = rated[u] & rated[v]
            n = int(common.sum())
            if u == v or n < min_overlap:
                continue
            x, y = (dense[u], dense[v]) if support == "all" else (dense[u][common], dense[v][common])
            if np.ptp(x) == 0 or np.ptp(y) == 0:
                continue
            r = round(float(np.corrcoef(x, y)[0, 1]), 10)
            pairs.append((v, r, n, r * n / (n + shrinkage)))
        order = sorted(pairs, key=lambda p: (-p[3], -p[2], p[0]))
        similar, dissimilar = order[:k], order[k:][::-1][:k_dissimilar]
        found[u] = [
            (*pair, rank, "most_similar" if rank <= -(-k // 5) else "similar")
            for rank, pair in enumerate(similar, 1)
        ] + [(*pair, rank, "dissimilar") for rank, pair in enumerate(dissimilar, 1)]
    return found


def by_user(neighbors: Neighbors) -> dict[int, list[tuple]]:
    """The kernel's columns in the same form."""
    found: dict[int, list[tuple]] = {}
    columns = ("neighbor", "pearson", "n_common", "similarity", "rank", "band")
    rows = zip(*(getattr(neighbors, name).tolist() for name in columns), strict=True)
    for user, row in zip(neighbors.user.tolist(), rows, strict=True):
        found.setdefault(user, []).append(row)
    return found
