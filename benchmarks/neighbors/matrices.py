"""Rating matrices of the shapes that the comparison needs, made from a seed.

``ml1m_like`` has the size of MovieLens 1M (6,040 users, 3,706 films, 1.0 million ratings of 1 to 5,
at least 20 a user, popular films far ahead). ``music_like`` has 60 tracks a listener out of 50,000
with Zipf 0.9 popularity; ``tastes`` above 0 makes listeners draw from that many circles of tracks.
"""

import numpy as np
import scipy.sparse as sp


def ml1m_like(seed: int = 1) -> sp.csr_matrix:
    """6,040 x 3,706, ratings 1 to 5."""
    rng = np.random.default_rng(seed)
    n_users, n_films, n_ratings = 6040, 3706, 1_000_000
    activity = np.clip(rng.lognormal(4.55, 1.0, n_users), 20, 1800)
    activity = np.clip(activity * n_ratings / activity.sum(), 20, 1800).astype(np.int64)
    popularity = 1.0 / (np.arange(n_films) + 120.0) ** 1.4
    films = _drawn(rng, activity, popularity)
    users = np.repeat(np.arange(n_users), activity)
    taste, kind = rng.normal(size=(n_users, 8)), rng.normal(size=(n_films, 8))
    liked = 3.6 + rng.normal(0, 0.4, n_users)[users] + rng.normal(0, 0.5, n_films)[films]
    liked += 0.2 * (taste[users] * kind[films]).sum(1) + rng.normal(0, 0.8, len(users))
    return sp.csr_matrix((np.clip(np.rint(liked), 1, 5), (users, films)), shape=(n_users, n_films))


def music_like(n_listeners: int, n_tracks: int = 50_000, seed: int = 1) -> sp.csr_matrix:
    """``n_listeners`` x ``n_tracks``, 60 tracks each, Zipf 0.9; ratings are log1p of play counts."""
    rng = np.random.default_rng(seed)
    popularity = 1.0 / np.arange(1, n_tracks + 1) ** 0.9
    n_each = np.full(n_listeners, 60)
    tracks = _drawn(rng, n_each, popularity)
    plays = rng.geometric(0.25, len(tracks)).astype(np.float64)
    indptr = np.arange(0, len(tracks) + 1, 60, dtype=np.int32)
    return sp.csr_matrix((np.log1p(plays), tracks, indptr), shape=(n_listeners, n_tracks))


def _drawn(rng: np.random.Generator, n_each: np.ndarray, popularity: np.ndarray) -> np.ndarray:
    """For each row, ``n_each`` distinct columns by popularity, ascending (draws without return)."""
    cumulative = np.cumsum(popularity) / popularity.sum()
    columns = []
    for n in n_each:
        chosen = np.unique(np.searchsorted(cumulative, rng.random(int(n * 1.3))))
        while len(chosen) < n:
            more = np.searchsorted(cumulative, rng.random(int(n)))
            chosen = np.unique(np.concatenate([chosen, more]))
        columns.append(np.sort(rng.choice(chosen, n, replace=False)))
    return np.concatenate(columns).astype(np.int32)
