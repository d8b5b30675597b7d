"""The slots of many lists at once, in the order in which they are heard: which of them explore, and what
fills them."""

import numpy as np

from models.arrays import Floats, Ints, Mask
from models.compiled import compiled
from models.ranking.lists import PADDING, Lists

# A list opens with what is surest: its first third explores only where the rest is full.
OPENING = 3


def draw_slots(rng: np.random.Generator, n_ranks: int, shares: Floats) -> Mask:
    """Return which slots explore, bool[n, n_ranks]: on average exactly each listener's share, the first
    third of a list last."""
    n_explore = (n_ranks * shares + rng.random(len(shares))).astype(int)
    order = rng.random((len(shares), n_ranks))
    opening = n_ranks // OPENING
    # The opening explores where all of the rest does, from its end on.
    order[:, :opening] = 2.0 + np.arange(opening)[::-1]
    place = order.argsort(axis=1).argsort(axis=1)
    return np.asarray(place < n_explore[:, None])


def filled(
    exploit: Lists, explore: Lists, explores: Mask, artist: Ints, artist_cap: int
) -> tuple[Lists, Mask]:
    """Fill each slot with the first candidate left of its kind, else of the other, under the artist cap.

    ``exploit`` and ``explore`` are candidates by listener, the best first, ``PADDING`` behind the last;
    ``artist`` each track's. Returns the lists and which of their tracks explore; a list ends where no
    candidate is left.
    """
    tracks = np.full(explores.shape, PADDING, np.int32)
    explored = np.zeros(explores.shape, bool)
    _fill(tracks, explored, exploit, explore, explores, artist, artist_cap)
    return tracks, explored


@compiled
def _fill(
    tracks: Lists, explored: Mask, exploit: Lists, explore: Lists, wanted: Mask, artist: Ints, cap: int
) -> None:
    n_of = np.zeros(artist.max() + 1, np.int64)
    for row in range(len(tracks)):
        queues, places, n = (exploit[row], explore[row]), np.zeros(2, np.int64), 0
        for slot in range(tracks.shape[1]):
            for kind in (int(wanted[row, slot]), 1 - int(wanted[row, slot])):
                queue, track = queues[kind], -1
                while track < 0 and places[kind] < len(queue) and queue[places[kind]] >= 0:
                    track = queue[places[kind]]
                    places[kind] += 1
                    if n_of[artist[track]] >= cap or (tracks[row, :n] == track).any():
                        track = -1
                if track >= 0:
                    tracks[row, n], explored[row, n] = track, kind == 1
                    n_of[artist[track]] += 1
                    n += 1
                    break
        for track in tracks[row, :n]:
            n_of[artist[track]] = 0
