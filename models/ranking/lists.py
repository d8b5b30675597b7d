"""Lists of recommendations as arrays: one row a listener, one column a rank, the best first.

A list is int32[n_listeners, n_ranks] of track numbers; ``PADDING`` stands where a list has no more.
What is relevant to a listener are the stored columns of their row in a sparse matrix, listeners x
tracks, whatever its values.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from models.arrays import Ints, Mask
from models.compiled import compiled

PADDING = -1
# Enough for a full list under the cap of all but the most one-sided scores: those are sorted whole.
CANDIDATES_A_RANK = 4

Lists = NDArray[np.int32]


@dataclass(frozen=True)
class Credits:
    """Artists of tracks, by number: those of track t are ``of[ptr[t] : ptr[t + 1]]``, in their order."""

    ptr: Ints
    of: Ints

    def __len__(self) -> int:
        return len(self.ptr) - 1

    @property
    def n_artists(self) -> int:
        """One more than the greatest number."""
        return int(self.of.max(initial=-1)) + 1

    @property
    def first(self) -> Ints:
        """Number of each track's first artist; of a track without artists a number of its own."""
        own = self.n_artists + np.arange(len(self))
        named = np.diff(self.ptr) > 0
        own[named] = self.of[self.ptr[:-1][named]]
        return own

    @property
    def matrix(self) -> csr_matrix:
        """Ones, tracks x artists."""
        ones = np.ones(len(self.of), np.float32)
        return csr_matrix((ones, self.of, self.ptr), shape=(len(self), self.n_artists))

    def of_tracks(self, tracks: Ints) -> "Credits":
        """Of these tracks alone, in this order; artists keep their numbers."""
        n = np.diff(self.ptr)[tracks]
        ptr = np.concatenate([[0], np.cumsum(n)])
        start = np.repeat(self.ptr[tracks] - ptr[:-1], n)
        return Credits(ptr, self.of[start + np.arange(len(start))])


def lengths(lists: Lists) -> Ints:
    """Tracks in each list."""
    return np.asarray((lists != PADDING).sum(axis=1))


def kept(lists: Lists, wanted: Mask) -> Lists:
    """Return the wanted entries (bool like the lists) in their order, moved up over those that are
    not."""
    wanted = wanted & (lists != PADDING)
    order = np.argsort(~wanted, axis=1, kind="stable")
    moved = np.take_along_axis(np.where(wanted, lists, PADDING), order, axis=1)
    return np.asarray(moved, np.int32)


def hits(lists: Lists, relevant: csr_matrix) -> Mask:
    """Return whether the track at each rank is relevant: bool like the lists, False where there is
    none."""
    if not relevant.nnz:
        return np.zeros(lists.shape, bool)
    relevant = relevant if relevant.has_sorted_indices else relevant.sorted_indices()
    n_tracks = relevant.shape[1]
    row = np.repeat(np.arange(relevant.shape[0]), np.diff(relevant.indptr))
    known = row * n_tracks + relevant.indices
    asked = np.arange(len(lists))[:, None] * n_tracks + lists
    place = np.minimum(np.searchsorted(known, asked), len(known) - 1)
    return np.asarray((known[place] == asked) & (lists != PADDING))


def best_lists(scores: NDArray[np.floating], credits: Credits, n: int, artist_cap: int) -> Lists:
    """Return the best ``n`` tracks of each row of scores, ties by track number, under the artist cap.

    ``scores`` is [n_listeners, n_tracks]; minus infinity is no candidate. Best first, a track is taken
    unless one of its artists has ``artist_cap`` tracks already: each artist of a collaboration counts.
    """
    lists = np.full((len(scores), n), PADDING, np.int32)
    for row, chosen in zip(scores, lists, strict=True):
        _fill(chosen, row, credits, artist_cap)
    return lists


def _fill(chosen: Lists, scores: NDArray[np.floating], credits: Credits, artist_cap: int) -> None:
    candidates = np.flatnonzero(scores > -np.inf)
    n_first = CANDIDATES_A_RANK * len(chosen)
    if len(candidates) > n_first:
        found = scores[candidates]
        bar = np.partition(found, len(found) - n_first)[len(found) - n_first]
        foremost = _ordered(candidates[found >= bar], scores)
        if _admit(chosen, foremost, credits.ptr, credits.of, artist_cap) == len(chosen):
            return
    _admit(chosen, _ordered(candidates, scores), credits.ptr, credits.of, artist_cap)


def _ordered(candidates: Ints, scores: NDArray[np.floating]) -> Ints:
    # The candidates ascend, so a stable sort leaves ties by track number.
    return candidates[np.argsort(-scores[candidates], kind="stable")]


@compiled
def _admit(chosen: Lists, ordered: Ints, ptr: Ints, of: Ints, artist_cap: int) -> int:
    """Fill ``chosen`` from its first place on; returns how many were taken."""
    n = 0
    for track in ordered:
        if n == len(chosen):
            break
        free = True
        for artist in of[ptr[track] : ptr[track + 1]]:
            free &= _n_credited(artist, chosen[:n], ptr, of) < artist_cap
        if free:
            chosen[n] = track
            n += 1
    return n


@compiled
def _n_credited(artist: int, tracks: Ints, ptr: Ints, of: Ints) -> int:
    n = 0
    for track in tracks:
        for one in of[ptr[track] : ptr[track + 1]]:
            n += one == artist
    return n
