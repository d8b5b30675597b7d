"""From what a night knows to what the network learns from and is measured on."""

from itertools import pairwise
from pathlib import Path

import numpy as np

from jobs.domain.arrays import Floats
from jobs.domain.feedback import is_liked
from jobs.domain.listening import is_to_the_end
from jobs.domain.ratings import DAY_US
from jobs.settings import Settings, TasteSettings
from jobs.train.history import Feedback, Known
from jobs.train.plays import Records
from jobs.train.snapshots import listeners_before, verdicts
from models.content_network.arrays import TrackStats
from models.content_network.examples import Block, Examples, ExamplesWriter
from models.features import FEATURES

DURATION = FEATURES.index("duration_ms")
UNKNOWN = -1.0


def heldout_block(known: Known, settings: Settings) -> Block:
    """Return the latest half block of plays: what a model is measured on."""
    return _later(last_block(known, track_stats(known)[-1], settings))


def examples(known: Known, settings: Settings, folder: Path) -> Examples:
    """Return all blocks but the last to fit to, in ``folder``, with labels from before the last one
    opens; of the last, the first half tunes and the second half is held out."""
    stats = track_stats(known)
    writer = ExamplesWriter(folder / "examples", known.features, stats)
    edges = known.edges[:-1]
    feedback = known.feedback.before(int(edges[-1]))
    for bucket in range(len(known.log.files)):
        plays = known.log.bucket(bucket)
        for number, (opens, closes) in enumerate(pairwise(edges.tolist())):
            writer.add(block(known, plays, feedback, stats[number], opens, closes, settings), number)
    last = last_block(known, stats[-1], settings)
    return writer.close(last.take(slice(0, len(last) // 2)), _later(last))


def last_block(known: Known, stats: TrackStats, settings: Settings) -> Block:
    """Return the last block of the first bucket of listeners, which is a sample if there are many."""
    opens, closes = known.edges[-2:].tolist()
    return block(known, known.log.bucket(0), known.feedback, stats, opens, closes, settings)


def track_stats(known: Known) -> list[TrackStats]:
    """Return, for each block, how many plays and skips each track had before it, and how many skips."""
    n_tracks, n_blocks = len(known.features), len(known.edges) - 1
    totals = np.zeros((2, n_blocks + 1, n_tracks))
    for bucket in range(len(known.log.files)):
        plays = known.log.bucket(bucket)
        seen = np.searchsorted(known.edges, plays["at"], side="right")
        cell = seen * n_tracks + plays["track"]
        for kind, weight in enumerate((None, plays["is_skip"])):
            counted = np.bincount(cell, weight, totals[kind].size)
            totals[kind] += counted.reshape(totals[kind].shape)
    before = totals.cumsum(axis=1)
    return [TrackStats(before[0, b], before[1, b]) for b in range(n_blocks)]


def block(
    known: Known,
    plays: Records,
    feedback: Feedback,
    stats: TrackStats,
    opens: int,
    closes: int,
    settings: Settings,
) -> Block:
    """Plays of the time ``opens <= at < closes`` that are likes or dislikes, by themselves or by
    ``feedback``, and what was known of their listeners when the block opened."""
    first, end = np.searchsorted(plays["at"], [opens, closes])
    before, now = plays[:first], plays[first:end]
    liked = labels(now, feedback, known.features, settings.taste)
    rows = np.flatnonzero(liked != UNKNOWN)
    now, liked = now[rows], liked[rows]
    users, listener_of = np.unique(now["user"].astype(np.int64), return_inverse=True)
    age_days = (int(known.edges[-1]) - now["at"]) / DAY_US
    listeners = listeners_before(before, known.feedback, known.features, opens, users, settings.taste)
    return Block(
        listeners,
        stats,
        listener_of,
        now["track"].astype(np.int64),
        liked.astype(np.float32),
        (0.5 ** (age_days / settings.train.half_life_days)).astype(np.float32),
    )


def labels(plays: Records, feedback: Feedback, features: Floats, taste: TasteSettings) -> Floats:
    """Return 1 for a like, 0 for a dislike, UNKNOWN for neither, one for each of ``plays``.

    The listener's latest feedback on the track decides, if given since the play: an earlier one is known
    when the play comes. Else a skip is a dislike, and a play that ``is_to_the_end`` a like; a play that
    is none (cut short, or skipped later on) counts for the track in its rating, and is neither here.
    Tracks not played are no dislikes; starts and private listens are not among the plays.
    """
    duration_ms = np.nan_to_num(features[plays["track"], DURATION])
    liked = is_to_the_end(
        ~plays["is_skip"], plays["told_skipped"], plays["ms_played"], duration_ms, taste.play_ms
    )
    by_play = np.where(plays["is_skip"], 0.0, np.where(liked, 1.0, UNKNOWN))
    by_feedback = feedback_since(plays, feedback, len(features))
    return np.where(by_feedback == UNKNOWN, by_play, by_feedback)


def feedback_since(plays: Records, feedback: Feedback, n_tracks: int) -> Floats:
    """Return 1 if the listener's latest feedback on the track, since the play, is a like, 0 if it is a
    rejection, UNKNOWN if there is none."""
    given, liked_at, rejected_at = verdicts(feedback, n_tracks)
    if not len(given):
        return np.full(len(plays), UNKNOWN)
    played = plays["user"].astype(np.int64) * n_tracks + plays["track"]
    place = np.minimum(np.searchsorted(given, played), len(given) - 1)
    latest = np.maximum(liked_at, rejected_at)[place]
    since = (given[place] == played) & (latest >= plays["at"])
    return np.where(since, is_liked(liked_at, rejected_at)[place], UNKNOWN)


def _later(last: Block) -> Block:
    return last.take(slice(len(last) // 2, None))
