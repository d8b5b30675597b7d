"""Who rates what on a night, as arrays: small enough to go to every worker (12 bytes a rating)."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from jobs.domain.arrays import Floats, Ints
from jobs.recommend.tracks import Tracks, located
from models.content_network.arrays import TrackStats


@dataclass(frozen=True)
class RatingMatrix:
    """Ratings by listener, in the order of their ids.

    Listener u rates track ``positions[i]`` with ``ratings[i]`` for i from ``ptr[u]`` to ``ptr[u + 1]``,
    in the order of track ids. ``totals`` and ``n_rated`` are the sum and the number of all their
    ratings, those of tracks outside the catalog included; ``n_plays`` and ``n_skips`` of all of them.
    ``of_tracks`` counts each track's plays, skips included, and skips by all listeners.
    """

    user_ids: tuple[str, ...]
    ptr: Ints
    positions: NDArray[np.int32]
    ratings: Floats
    totals: Floats
    n_rated: Ints
    n_plays: Ints
    n_skips: Ints
    of_tracks: TrackStats

    @cached_property
    def number_of(self) -> dict[str, int]:
        """Number of each listener."""
        return {user_id: number for number, user_id in enumerate(self.user_ids)}

    def row(self, number: int) -> tuple[Ints, Floats]:
        """Positions and ratings of one listener."""
        rows = slice(self.ptr[number], self.ptr[number + 1])
        return self.positions[rows].astype(np.int64), self.ratings[rows]

    def rows(self, numbers: Sequence[int]) -> tuple[Ints, Ints, Floats]:
        """Rows of listeners end to end: where each begins (and the last ends), positions and ratings."""
        rows = [self.row(number) for number in numbers]
        ptr = np.cumsum([0, *(len(positions) for positions, _ in rows)]).astype(np.int64)
        if not rows:
            return ptr, np.empty(0, np.int64), np.empty(0)
        return ptr, np.concatenate([p for p, _ in rows]), np.concatenate([r for _, r in rows])


def rating_matrix(ratings: pa.Table, tracks: Tracks) -> RatingMatrix:
    """From columns user_id, track_id, rating, n_plays and n_skips, in any order of rows."""
    ratings = ratings.sort_by([("user_id", "ascending"), ("track_id", "ascending")]).combine_chunks()
    user_ids, owner = np.unique(ratings["user_id"].to_numpy(), return_inverse=True)
    positions = located(ratings["track_id"], tracks)
    rating = ratings["rating"].to_numpy()
    there = positions >= 0

    def sums(values: NDArray[np.generic]) -> Floats:
        return np.bincount(owner, values, len(user_ids)).astype(float)

    def by_track(values: NDArray[np.generic]) -> Floats:
        return np.bincount(positions[there], values[there], len(tracks)).astype(float)

    plays, skips = ratings["n_plays"].to_numpy(), ratings["n_skips"].to_numpy()
    return RatingMatrix(
        user_ids=tuple(user_ids.tolist()),
        ptr=np.cumsum([0, *np.bincount(owner[there], minlength=len(user_ids))]),
        positions=positions[there].astype(np.int32),
        ratings=rating[there],
        totals=sums(rating),
        n_rated=np.bincount(owner, minlength=len(user_ids)),
        n_plays=sums(plays).astype(np.int64),
        n_skips=sums(skips).astype(np.int64),
        of_tracks=TrackStats(by_track(plays + skips), by_track(skips)),
    )
