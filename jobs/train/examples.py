"""From what a night knows to what the network learns from."""

from datetime import timedelta
from itertools import pairwise

import numpy as np

from jobs.settings import TasteSettings, TrainSettings
from jobs.train.history import Floats, Ints, Known, Plays
from jobs.train.snapshots import DAY_US, is_skip, snapshot
from jobs.window import Window
from models.content_network.examples import Block, Examples
from models.features import FEATURES

DURATION = FEATURES.index("duration_ms")
UNKNOWN = -1.0


def heldout_block(known: Known, window: Window, taste: TasteSettings, train: TrainSettings) -> Block:
    """The latest half block of plays: what a model is measured on."""
    edges = block_edges(known.plays, window, train)
    return _later(block(known, window, taste, train, int(edges[-2]), int(edges[-1])))


def examples(known: Known, window: Window, taste: TasteSettings, train: TrainSettings) -> Examples:
    """All blocks; the first half of the last one tunes, its second half is held out."""
    edges = block_edges(known.plays, window, train)
    *fitting, last = (
        block(known, window, taste, train, int(first), int(end)) for first, end in pairwise(edges)
    )
    tuning = last.take(slice(0, len(last) // 2))
    return Examples(known.features, tuple(b for b in fitting if len(b)), tuning, _later(last))


def block_edges(plays: Plays, window: Window, train: TrainSettings) -> Ints:
    """First plays of the blocks, and the end: equal numbers of the plays of the training window."""
    opens = window.end_at - timedelta(days=train.window_days)
    first = int(np.searchsorted(plays.at, opens.timestamp() * 1_000_000))
    return np.linspace(first, len(plays), train.n_blocks + 1).astype(np.int64)


def block(
    known: Known, window: Window, taste: TasteSettings, train: TrainSettings, first: int, end: int
) -> Block:
    """Plays ``first`` to ``end - 1`` that are likes or dislikes, and what was known before them."""
    plays = known.plays.take(slice(first, end))
    liked = labels(known, plays, taste)
    rows = np.flatnonzero(liked != UNKNOWN)
    plays, liked = plays.take(rows), liked[rows]
    at = int(plays.at[0]) if len(plays) else 0
    users, listener_of = np.unique(plays.user, return_inverse=True)
    n_before = int(np.searchsorted(known.plays.at, at))
    before = snapshot(known, at, n_before, users, taste)
    age_days = (window.end_at.timestamp() * 1_000_000 - plays.at) / DAY_US
    return Block(
        before.listeners,
        before.stats,
        listener_of,
        plays.track,
        liked.astype(np.float32),
        (0.5 ** (age_days / train.half_life_days)).astype(np.float32),
    )


def labels(known: Known, plays: Plays, taste: TasteSettings) -> Floats:
    """1 for a like, 0 for a dislike, UNKNOWN for neither.

    The listener's last word on the track decides; else a play that was skipped is a dislike, and one
    not skipped of at least half the track (or ``skip_ms``, its length unknown) is a like. Tracks that
    were not played are no dislikes.
    """
    half = known.features[plays.track, DURATION] / 2
    enough = np.where(np.isnan(half), taste.skip_ms, half)
    skipped = (plays.skipped == 1) | is_skip(plays, taste.skip_ms)
    by_play = np.where(skipped, 0.0, np.where(plays.ms_played >= enough, 1.0, UNKNOWN))
    n_tracks = len(known.tracks)
    words = known.words
    verdict = dict(
        zip((words.user * n_tracks + words.track).tolist(), words.liked.tolist(), strict=True)
    )
    said = [verdict.get(pair) for pair in (plays.user * n_tracks + plays.track).tolist()]
    return np.array(
        [play if word is None else float(word) for play, word in zip(by_play, said, strict=True)]
    )


def _later(last: Block) -> Block:
    return last.take(slice(len(last) // 2, None))
