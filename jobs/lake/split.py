"""A split in time: what a night knew, and what was played in the days after it.

Read without Spark, batch by batch: memory is that of the pairs (listener, track), not of the listens.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
from scipy.sparse import csr_matrix

from jobs.domain.arrays import Floats, Ints, Mask
from jobs.domain.durations import DURATION_COLUMNS, deciding_rows, newest_duration_rows
from jobs.domain.features import feature_matrix
from jobs.domain.feedback import LIKE, VERDICTS
from jobs.domain.landed import AS_LANDED, newest_rows
from jobs.domain.listening import SIGNALS, decide, signals_of_rows
from jobs.errors import NoInputError
from jobs.lake.arrow import table_rows
from jobs.lake.lists import discover_rows
from jobs.settings import Settings
from jobs.window import DAY, Window
from models.features import FEATURES
from models.ranking.lists import PADDING, Credits, Lists

LISTEN = ["user_id", "track_id", "listened_at", *SIGNALS]
# A track is what the night knew of it; one that landed after it, what has landed since.
KNOWN = "known"
KNOWN_FIRST = (KNOWN, *AS_LANDED)
HALF_LIFE_DAYS = 14.0
DAY_US = 86_400_000_000
# Weights are whole parts of this: sums of them in double precision do not depend on the order of rows.
UNIT = 2.0**20
MERGE_PAIRS = 2**22


@dataclass(frozen=True)
class Split:
    """Listeners known at the night's end, numbered by id, and tracks, also those played later.

    Matrices are float32, listeners x tracks: ``heard`` counts listens before, however long ago, and
    likes (what is heard is what ``jobs.lake.heard`` says), ``plays`` and ``skips`` those of the
    lookback, ``decayed`` weighs plays by their age (halved every 14 days), ``likes`` has a 1 for a track
    liked in the lookback and not turned down since, ``later`` counts plays after.
    ``lists`` are the night's playlists, ``strategies`` the number in ``strategy_names`` of each entry.
    ``features`` float64[n_tracks, 13], NaN where none had landed. ``age_days`` counts the nights since a
    track landed first, NaN where it had not.
    """

    night: date
    days: int
    user_ids: pa.Array
    track_ids: pa.Array
    credits: Credits
    features: Floats
    heard: csr_matrix
    plays: csr_matrix
    decayed: csr_matrix
    skips: csr_matrix
    likes: csr_matrix
    later: csr_matrix
    lists: Lists
    strategies: Lists
    strategy_names: tuple[str, ...]
    age_days: Floats

    @property
    def n_listeners(self) -> int:
        """Listeners with a listen or a like before the night's end, or with a list."""
        return len(self.user_ids)

    @property
    def n_tracks(self) -> int:
        """Tracks that had landed by the night's end, or were heard."""
        return len(self.track_ids)


def read_split(settings: Settings, night: date, days: int) -> Split:
    """Split at the end of ``night``: before it what had landed by then, after it the plays of the next
    ``days`` days that landed within them; 0 days for what the night knows alone. NoInputError if either
    has no listens."""
    window = Window.night(night)
    known_by = window.end + timedelta(days=days)
    after = Window(window.end, max(known_by, window.end + DAY))
    past = _landed(settings, "listens", window.end)
    future = _listens_of(settings, after) if days else past.filter(ds.scalar(False))
    lookback = Window(window.end - timedelta(days=settings.lake.lookback_days), window.end)
    feedback = _landed(settings, "feedback_history", window.end)
    likes = feedback.filter(ds.field("kind") == LIKE)
    history = _history(settings, "tracks_history", [*DURATION_COLUMNS, "artist_ids"], known_by, night)
    lengths = _history(settings, "audio_features_history", [*DURATION_COLUMNS], known_by, night)
    durations = newest_duration_rows(history, lengths, before=(KNOWN,))
    tracks = newest_rows(history, "track_id", order=KNOWN_FIRST)
    playlists = discover_rows(settings, night)
    users = _ids((past, likes, playlists), "user_id")
    if not len(users):
        raise NoInputError(f"no listen had landed by {night} in {settings.lake.root}")
    if days and not future.head(1).num_rows:
        raise NoInputError(
            f"no listen of {after.start} to {after.as_of} has landed, so nobody can tell what became of "
            f"the lists of {night}: evaluate a night that is {days} days old, or pass fewer --days"
        )
    track_ids = _ids((past, playlists, future, ds.dataset(tracks)), "track_id")
    numbers, decided = _Numbers(users, track_ids), _Plays.of(durations, settings.taste.play_ms)
    listens, plays, decayed, skips = numbers.matrices(past, lookback, decided)
    lists, strategies, names = _lists(playlists, numbers)
    return Split(
        night, days, users, track_ids, _credits(tracks, track_ids),
        _features(settings, window, track_ids),
        csr_matrix(listens + numbers.likes(likes)), plays, decayed, skips,
        numbers.likes(_standing_likes(feedback, lookback)),
        numbers.matrices(future, after, decided)[1], lists, strategies, names,
        _age_days(settings, window, track_ids),
    )  # fmt: skip


def _landed(settings: Settings, name: str, end: date) -> ds.Dataset:
    return table_rows(settings, name).filter(ds.field("landed_on") < end)


def _listens_of(settings: Settings, window: Window) -> ds.Dataset:
    """Listens of the window that had landed by its end."""
    listened = (ds.field("listened_on") >= window.start) & (ds.field("listened_on") < window.end)
    return _landed(settings, "listens", window.end).filter(listened)


def _standing_likes(feedback: ds.Dataset, window: Window) -> ds.Dataset:
    """Return the window's likes that no rejection of the track followed; at one instant that counts."""
    said = feedback.filter(ds.field("kind").isin(VERDICTS))
    said = said.to_table(["user_id", "target_id", "kind", "at"])
    said = said.append_column("liked", pc.equal(said["kind"], LIKE))
    order = [(name, "ascending") for name in ("user_id", "target_id", "at")] + [("liked", "descending")]
    last = said.sort_by(order).group_by(["user_id", "target_id"], use_threads=False)
    last = last.aggregate([("liked", "last"), ("at", "last")])
    first = datetime.combine(window.start, time(), UTC)
    recent = pc.greater_equal(last["at_last"], pa.scalar(first, last["at_last"].type))
    return ds.dataset(last.filter(pc.and_(last["liked_last"], recent)).select(["user_id", "target_id"]))


def _history(settings: Settings, name: str, columns: list[str], end: date, night: date) -> pa.Table:
    """Rows that landed before ``end``, and whether the night knew them (``KNOWN``)."""
    rows = _landed(settings, name, end).to_table(columns)
    known = pc.less_equal(rows["landed_on"], pa.scalar(night, pa.date32()))
    return rows.append_column(KNOWN, known)


def _ids(datasets: Sequence[ds.Dataset], column: str) -> pa.Array:
    """Ids in any of them, sorted."""
    found: set[str] = set()
    for dataset in datasets:
        for batch in dataset.to_batches(columns=[column]):
            found.update(pc.unique(batch[column]).to_pylist())
    return pa.array(sorted(found), pa.string())


@dataclass(frozen=True)
class _Plays:
    """Which listens are plays; ``short`` are the tracks whose duration decides it."""

    short: pa.Table
    play_ms: int

    @classmethod
    def of(cls, durations: pa.Table, play_ms: int) -> "_Plays":
        """Decide by these durations."""
        return cls(deciding_rows(durations, play_ms), play_ms)

    def among(self, listens: pa.RecordBatch) -> tuple[Mask, Mask]:
        """Tell of each listen whether it is a play, and whether a skip: bool[n] each."""
        signals = signals_of_rows(pa.Table.from_batches([listens]), self.short)
        decision = decide(signals, self.play_ms)
        return np.asarray(decision.play), np.asarray(decision.skip)


class _Numbers:
    """Rows of ids to matrices of numbers."""

    def __init__(self, users: pa.Array, tracks: pa.Array) -> None:
        self.users, self.tracks = users, tracks
        self.shape = (len(users), len(tracks))

    def pairs(self, batch: pa.RecordBatch) -> tuple[Ints, Ints]:
        """Return listener and track of each row; -1 for an unknown one."""
        return located(batch["user_id"], self.users), located(batch["track_id"], self.tracks)

    def matrices(self, listens: ds.Dataset, window: Window, plays: _Plays) -> list[csr_matrix]:
        """Return listens, whenever they were; plays of the window; these decayed by their age at its
        end; skips of the window."""
        sums = [_Sums(self.shape) for _ in range(4)]
        end_us = int(window.end_at.timestamp()) * 1_000_000
        n_days = len(window.days)
        for batch in listens.to_batches(columns=LISTEN):
            user, track = self.pairs(batch)
            at = batch["listened_at"].cast(pa.timestamp("us", "UTC")).cast(pa.int64()).to_numpy()
            age = (end_us - at) / DAY_US
            within = (age > 0) & (age <= n_days)
            play, skip = (kind & within for kind in plays.among(batch))
            weight = np.round(0.5 ** (age / HALF_LIFE_DAYS) * UNIT) / UNIT
            for total, values in zip(sums, (np.ones(len(play)), play, play * weight, skip), strict=True):
                counted = (user >= 0) & (values > 0)
                total.add(user[counted], track[counted], values[counted].astype(float))
        return [total.matrix() for total in sums]

    def likes(self, words: ds.Dataset) -> csr_matrix:
        """Return a row for each like of a track."""
        total = _Sums(self.shape)
        for batch in words.to_batches(columns=["user_id", "target_id"]):
            user, track = located(batch["user_id"], self.users), located(batch["target_id"], self.tracks)
            known = (user >= 0) & (track >= 0)
            total.add(user[known], track[known], np.ones(int(known.sum())))
        return total.matrix()


class _Sums:
    """A sparse matrix that is added to; parts are merged when they outgrow it."""

    def __init__(self, shape: tuple[int, int]) -> None:
        self.whole, self.parts, self.pending = csr_matrix(shape), list[csr_matrix](), 0

    def add(self, row: Ints, column: Ints, values: Floats) -> None:
        part = csr_matrix((values, (row, column)), shape=self.whole.shape)
        self.parts.append(part)
        self.pending += part.nnz
        if self.pending > max(self.whole.nnz, MERGE_PAIRS):
            self._merge()

    def _merge(self) -> None:
        for part in self.parts:
            self.whole = self.whole + part
        self.parts, self.pending = [], 0

    def matrix(self) -> csr_matrix:
        self._merge()
        self.whole.sort_indices()
        return csr_matrix(self.whole.astype(np.float32))


def located(ids: pa.Array, among: pa.Array) -> Ints:
    """Return the place of each id; -1 for one that is not among them."""
    return np.asarray(pc.fill_null(pc.index_in(ids, value_set=among), -1), np.int64)


def _credits(tracks: pa.Table, track_ids: pa.Array) -> Credits:
    """Artists of the tracks by number of their sorted ids; none for a track that never landed."""
    place = located(tracks["track_id"], track_ids)
    order = np.argsort(place, kind="stable")
    artists = tracks["artist_ids"].combine_chunks().take(pa.array(order))
    n_artists = np.zeros(len(track_ids), np.int64)
    n_artists[place[order]] = artists.value_lengths().to_numpy()
    names = artists.flatten().to_numpy(zero_copy_only=False).astype(str)
    number = np.unique(names, return_inverse=True)[1].astype(np.int64)
    return Credits(np.concatenate([[0], np.cumsum(n_artists)]), number)


def _features(settings: Settings, window: Window, track_ids: pa.Array) -> Floats:
    history = _landed(settings, "audio_features_history", window.end)
    rows = newest_rows(history.to_table(["track_id", *FEATURES, *AS_LANDED]), "track_id")
    features = np.full((len(track_ids), len(FEATURES)), np.nan)
    place = located(rows["track_id"], track_ids)
    features[place[place >= 0]] = feature_matrix(rows)[place >= 0]
    return features


def lists_beside(settings: Settings, split: Split) -> tuple[Lists, int]:
    """Return another lake's lists of the same night, by the split's listeners and tracks, and how many
    of their tracks were left out because the split knows the listener or the track not. NoInputError
    without lists."""
    playlists = discover_rows(settings, split.night)
    numbers = _Numbers(split.user_ids, split.track_ids)
    lists = _lists(playlists, numbers)[0]
    n = playlists.count_rows()
    if not n:
        raise NoInputError(
            f"{settings.lake.root} has no lists of {split.night}: run the night with its settings"
        )
    return lists, n - int((lists != PADDING).sum())


def _age_days(settings: Settings, window: Window, track_ids: pa.Array) -> Floats:
    landed = table_rows(settings, "tracks_history").to_table(
        columns=["track_id", "landed_on"], filter=ds.field("landed_on") < window.end
    )
    first = landed.group_by("track_id").aggregate([("landed_on", "min")])
    days = np.datetime64(window.as_of) - first["landed_on_min"].to_numpy().astype("datetime64[D]")
    age = np.full(len(track_ids), np.nan)
    age[located(first["track_id"].combine_chunks(), track_ids)] = days.astype(float)
    return age


def _lists(playlists: ds.Dataset, numbers: _Numbers) -> tuple[Lists, Lists, tuple[str, ...]]:
    """Tracks and strategies by rank, and the strategies' names, sorted."""
    names = sorted(_ids((playlists,), "strategy").to_pylist())
    n_ranks = max(
        (pc.max(b["rank"]).as_py() or 0 for b in playlists.to_batches(columns=["rank"])), default=0
    )
    lists = np.full((len(numbers.users), n_ranks), PADDING, np.int32)
    strategies = np.full_like(lists, PADDING)
    for batch in playlists.to_batches(columns=["user_id", "track_id", "rank", "strategy"]):
        user, track = numbers.pairs(batch)
        known = (user >= 0) & (track >= 0)
        place = (batch["rank"].to_numpy() - 1)[known]
        lists[user[known], place] = track[known]
        strategy = located(batch["strategy"], pa.array(names, pa.string()))
        strategies[user[known], place] = strategy[known]
    return lists, strategies, tuple(names)
