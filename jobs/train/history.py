"""What was known at the end of a night, read from Delta without Spark: events as arrays.

The same reading as ``jobs.lake.history``: listens, features and words that had landed by the window's
end, listens of a bounded past. Rows come in one order, whatever the files' order is.
"""

from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from jobs.lake.arrow import open_table
from jobs.lake.catalog import FEATURES, TABLES
from jobs.lake.schemas import arrow_schema
from jobs.settings import Settings
from jobs.window import Window

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
LISTEN = ["listen_id", "user_id", "track_id", "listened_at", "ms_played", "skipped"]
WORD = ["user_id", "target_id", "kind", "at", "landed_on"]


@dataclass(frozen=True)
class Plays:
    """Plays in order of time: numbers of user and track, time in microseconds, milliseconds played,
    and ``skipped`` as logged: 1, 0 or -1 if the log does not say."""

    user: Ints
    track: Ints
    at: Ints
    ms_played: Ints
    skipped: Ints

    def __len__(self) -> int:
        return len(self.at)

    def take(self, rows: NDArray[np.bool_] | Ints | slice) -> "Plays":
        """These rows."""
        return Plays(*(getattr(self, name)[rows] for name in self.__dataclass_fields__))


@dataclass(frozen=True)
class Words:
    """Likes (``liked``) and dislikes or blocks of tracks, in order of time; at one instant a like
    comes first, so that the last word counts and a tie is not a like."""

    user: Ints
    track: Ints
    at: Ints
    liked: NDArray[np.bool_]


@dataclass(frozen=True)
class Known:
    """What a night knows. Users and tracks are numbered by the order of their ids.

    ``features`` float64[n_tracks, 13], NaN rows for tracks without. ``versions`` are the Delta
    versions read.
    """

    users: pa.Array
    tracks: pa.Array
    plays: Plays
    words: Words
    features: Floats
    versions: dict[str, int]


def read_known(settings: Settings, window: Window) -> Known | None:
    """All that a night may learn from; None if nobody listened to anything."""
    first = window.end - timedelta(days=settings.lake.lookback_days)
    versions: dict[str, int] = {}
    listens = _read(settings, "listens", LISTEN, window, versions, pc.field("listened_on") >= first)
    words = _read(settings, "feedback_history", WORD, window, versions)
    vectors = _read(
        settings, "audio_features_history", ["track_id", *FEATURES, "landed_on"], window, versions
    )
    listens = _without_excluded(listens, words)
    if not len(listens):
        return None
    words = words.filter(pc.is_in(words["kind"], pa.array(["like", "dislike", "block_track"])))
    users = _ids(listens["user_id"], words["user_id"])
    tracks = _ids(listens["track_id"], words["target_id"], vectors["track_id"])
    return Known(
        users,
        tracks,
        _plays(listens, users, tracks),
        _words(words, users, tracks),
        _features(vectors, tracks),
        versions,
    )


def _read(
    settings: Settings,
    name: str,
    columns: list[str],
    window: Window,
    versions: dict[str, int],
    where: pc.Expression | None = None,
) -> pa.Table:
    """Rows that had landed by the window's end, of plays also heard by then."""
    table = open_table(settings, name)
    if table is None:
        return arrow_schema(TABLES[name]).empty_table().select(columns)
    versions[name] = table.version()
    landed = pc.field("landed_on") < window.end
    if where is not None:
        landed &= where & (pc.field("listened_on") < window.end)
    return table.to_pyarrow_dataset().to_table(columns=columns, filter=landed)


def _ids(*columns: pa.ChunkedArray) -> pa.Array:
    """All ids, sorted."""
    found = pa.chunked_array([chunk for column in columns for chunk in column.chunks], pa.string())
    unique = pc.unique(found)
    return unique.take(pc.sort_indices(unique))


def _numbers(column: pa.ChunkedArray, ids: pa.Array) -> Ints:
    return np.asarray(pc.index_in(column, ids), np.int64)


def _microseconds(column: pa.ChunkedArray) -> Ints:
    return np.asarray(column.cast(pa.timestamp("us", "UTC")).cast(pa.int64()), np.int64)


def _plays(listens: pa.Table, users: pa.Array, tracks: pa.Array) -> Plays:
    plays = Plays(
        _numbers(listens["user_id"], users),
        _numbers(listens["track_id"], tracks),
        _microseconds(listens["listened_at"]),
        np.asarray(listens["ms_played"], np.int64),
        np.asarray(pc.fill_null(listens["skipped"].cast(pa.int64()), -1)),
    )
    order = np.lexsort((plays.skipped, plays.ms_played, plays.track, plays.user, plays.at))
    return plays.take(order)


def _words(words: pa.Table, users: pa.Array, tracks: pa.Array) -> Words:
    user, track = _numbers(words["user_id"], users), _numbers(words["target_id"], tracks)
    at = _microseconds(words["at"])
    liked = np.asarray(pc.equal(words["kind"], "like"))
    order = np.lexsort((~liked, track, user, at))
    return Words(user[order], track[order], at[order], liked[order])


def _features(vectors: pa.Table, tracks: pa.Array) -> Floats:
    """Each track's features as last landed."""
    features = np.full((len(tracks), len(FEATURES)), np.nan)
    landed = np.asarray(vectors["landed_on"].cast(pa.int32()))
    order = np.argsort(landed, kind="stable")
    rows = np.stack([np.asarray(vectors[name].cast(pa.float64())) for name in FEATURES], axis=1)
    features[_numbers(vectors["track_id"], tracks)[order]] = rows[order]
    return features


def _without_excluded(listens: pa.Table, words: pa.Table) -> pa.Table:
    """Without what a listener took back, by listen or track, up to the time of the word."""
    words = words.filter(pc.equal(words["kind"], "exclude"))
    latest: dict[tuple[str, str], object] = {}
    for user, target, at in zip(
        *(words[c].to_pylist() for c in ("user_id", "target_id", "at")), strict=True
    ):
        latest[user, target] = max(at, latest.get((user, target), at))
    if not latest:
        return listens
    targets = pa.array(sorted({target for _, target in latest}))
    spoken_of = pc.or_(pc.is_in(listens["listen_id"], targets), pc.is_in(listens["track_id"], targets))
    rows = np.flatnonzero(np.asarray(spoken_of))
    keep = np.ones(len(listens), bool)
    for row, play in zip(rows, listens.take(pa.array(rows)).to_pylist(), strict=True):
        words_on = (latest.get((play["user_id"], play[name])) for name in ("listen_id", "track_id"))
        keep[row] = not any(at is not None and play["listened_at"] <= at for at in words_on)
    return listens.filter(pa.array(keep))
