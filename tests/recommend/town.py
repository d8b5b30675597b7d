"""A small catalog and listeners of it, spelled out."""

import numpy as np

from jobs.domain.dials import Dials
from jobs.recommend.explore_share import COUNTS, SEGMENT_BOUNDS, ExploreShares
from jobs.recommend.listeners import N_DUE_FACTS, Listener, Neighborhood, RatingMatrix
from jobs.recommend.tracks import Tracks, songs
from models.content_network.arrays import TrackStats
from models.features import FEATURES

NAMES = ("quiet", "calm", "loud", "louder", "duet", "bare")
TITLES = ("Quiet", "Calm", "Loud", "Louder", "Duet", "Bare")
ARTISTS = (("ann",), ("ann",), ("bob",), ("bob",), ("ann", "cid"), ("dee",))
ENERGY = (0.1, 0.2, 0.8, 0.9, 0.5, np.nan)


def catalog(titles: tuple[str, ...] = TITLES) -> Tracks:
    """Six tracks: two by ann, two by bob, one by ann and cid, one by dee that has no features."""
    features = np.full((len(NAMES), len(FEATURES)), 0.5)
    features[:, FEATURES.index("energy")] = ENERGY
    features[-1] = np.nan
    ids = sorted({artist for artists in ARTISTS for artist in artists})
    return Tracks(
        ids=NAMES,
        titles=titles,
        artists=tuple(" & ".join(artists).title() for artists in ARTISTS),
        features=features,
        artist_ids=tuple(ids),
        artist_ptr=np.cumsum([0, *(len(artists) for artists in ARTISTS)]),
        artist_of=np.array([ids.index(artist) for artists in ARTISTS for artist in artists]),
        song=songs(titles, ARTISTS),
        released=np.full(len(NAMES), "NaT", "datetime64[D]"),
        explicit=np.zeros(len(NAMES), bool),
    )


def matrix(tracks: Tracks | None = None) -> RatingMatrix:
    """Somebody for each rating: 1 of "quiet", 3 of "loud", 1 of "louder", 2 of "duet", 5 of "bare".

    The positions are those of ``catalog()``, or the first six of other ``tracks``."""
    positions = np.repeat(np.arange(6), [1, 0, 3, 1, 2, 5]).astype(np.int32)
    n = len(positions)
    n_tracks = len(tracks) if tracks else len(NAMES)
    stats = TrackStats(np.bincount(positions, minlength=n_tracks).astype(float), np.zeros(n_tracks))
    names, one = tuple(f"s{number:02d}" for number in range(n)), np.ones(n, np.int64)
    return RatingMatrix(names, np.arange(n + 1), positions, np.ones(n), np.ones(n), one, one, one, stats)


def ints(*values: int) -> np.ndarray:
    return np.array(values, np.int64)


def neighborhood(*members: tuple[str, float, dict[int, float]]) -> Neighborhood:
    """Neighbors (id, similarity, ratings by position)."""
    return Neighborhood(
        ids=tuple(name for name, _, _ in members),
        similarity=np.array([similarity for _, similarity, _ in members], float),
        totals=np.array([sum(ratings.values()) for _, _, ratings in members], float),
        n_rated=ints(*(len(ratings) for _, _, ratings in members)),
        ptr=np.cumsum([0, *(len(ratings) for _, _, ratings in members)]),
        positions=ints(*(position for _, _, ratings in members for position in ratings)),
        ratings=np.array([r for _, _, ratings in members for r in ratings.values()], float),
    )


def listener(**changes: object) -> Listener:
    """Somebody who played "quiet" twice and nothing else, and has no neighbors."""
    energy = np.full((1, len(FEATURES)), 0.5)
    energy[0, FEATURES.index("energy")] = 0.1
    facts = {
        "user_id": "u",
        "heard": ints(0),
        "offered": ints(),
        "rediscovered": ints(),
        "blocked": ints(),
        "blocked_artists": (),
        "candidates": ints(),
        "chances": np.array([]),
        "because": ints(),
        "rated": ints(0),
        "ratings": np.array([2.0]),
        "total": 2.0,
        "n_rated": 1,
        "n_plays": 2,
        "n_skips": 0,
        "taste_weights": np.array([1.0]),
        "centroids": energy,
        "neighborhood": neighborhood(),
        "tries": np.zeros(len(COUNTS)),
        "explored": ints(),
        "explored_liked": np.empty(0, bool),
        "explored_weights": np.empty(0),
        "due": ints(),
        "due_facts": np.empty((0, N_DUE_FACTS)),
        "dials": Dials(),
    }
    facts |= changes
    return Listener(**{"claims": np.zeros(len(facts["chances"]))} | facts)


def stranger(**changes: object) -> Listener:
    """Somebody of whom nothing is known but that they are there."""
    nothing = {"rated": ints(), "ratings": np.array([]), "total": 0.0, "n_rated": 0, "n_plays": 0}
    nothing |= {
        "heard": ints(),
        "taste_weights": np.array([]),
        "centroids": np.empty((0, len(FEATURES))),
    }
    return listener(**nothing | changes)


def fixed(share: float) -> ExploreShares:
    """Explore with this share of every list."""
    return ExploreShares(share, share, np.zeros((len(SEGMENT_BOUNDS) + 1, len(COUNTS))))
