"""What was known at the end of a night, read from Delta without Spark.

The same reading as ``jobs.lake.history``: listens, features and feedback that had landed by the window's
end, listens of a bounded past. Days are read one by one, and everything is numbered and sorted by its
values, so that neither the files' layout nor the table's size matters.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds

from jobs.domain.arrays import Floats, Ints, Mask
from jobs.domain.durations import DURATION_COLUMNS, deciding_rows, newest_duration_rows
from jobs.domain.features import feature_matrix
from jobs.domain.feedback import EXCLUDE, LIKE, NEVER, VERDICTS, is_taken_back
from jobs.domain.landed import AS_LANDED, newest_rows
from jobs.domain.listening import SIGNALS, decide, signals_of_rows
from jobs.lake.arrow import open_table, table_rows
from jobs.lake.catalog import TABLES
from jobs.lake.schemas import arrow_schema
from jobs.settings import Settings
from jobs.train.plays import PLAY, PlayLog, Records
from jobs.window import Window
from models.features import FEATURES

# What a listener took back, a listen or a track by its id, up to which instant.
Exclusions = dict[tuple[str, str], int]

LISTEN = ["listen_id", "user_id", "track_id", "listened_at", *SIGNALS]
FEEDBACK = ["user_id", "target_id", "kind", "at"]


class Numbering:
    """Numbers of ids, from 0 in the order met; ids met together are numbered in their own order."""

    def __init__(self) -> None:
        self.ids: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self.ids)

    def numbers(self, column: pa.ChunkedArray, grow: bool = True) -> Ints:
        """Return the ids' numbers; without ``grow``, -1 for an id not met before."""
        encoded = column.combine_chunks().dictionary_encode()
        ids = encoded.dictionary.to_pylist()
        if grow:
            for new in sorted(set(ids) - self.ids.keys()):
                self.ids[new] = len(self.ids)
        numbers = np.array([self.ids.get(one, -1) for one in ids], np.int64)
        return np.asarray(numbers[np.asarray(encoded.indices)])


@dataclass(frozen=True)
class Feedback:
    """Likes (``liked``) and rejections of tracks, in order of time."""

    user: Ints
    track: Ints
    at: Ints
    liked: Mask

    def before(self, at: int) -> "Feedback":
        """Return what was given before this instant."""
        n = int(np.searchsorted(self.at, at))
        return Feedback(self.user[:n], self.track[:n], self.at[:n], self.liked[:n])


@dataclass(frozen=True)
class Known:
    """What a night knows. ``edges`` are the instants that cut the training window into blocks of
    equally many plays, its end included; ``features`` is float64[n_tracks, 13], NaN for tracks
    without; ``versions`` are the Delta versions read.
    """

    users: Numbering
    tracks: Numbering
    log: PlayLog
    edges: Ints
    feedback: Feedback
    features: Floats
    versions: dict[str, int]


def read_known(settings: Settings, window: Window, folder: Path) -> Known | None:
    """Return all that a night may learn from, its plays in ``folder``; None if nobody listened."""
    reading = _Reading(settings, window)
    days = reading.days()
    if not days:
        return None
    feedback = reading.rows("feedback_history", FEEDBACK)
    users, tracks = Numbering(), Numbering()
    opens = window.end - timedelta(days=settings.train.window_days)
    edges = _Edges({day: n for day, (n, _) in days.items() if day >= opens}, settings.train.n_blocks)
    exclusions, play_ms = exclusions_of(feedback), settings.taste.play_ms
    vectors = reading.rows("audio_features_history", ["track_id", *FEATURES, *AS_LANDED])
    lengths = reading.rows("tracks_history", [*DURATION_COLUMNS])
    durations = deciding_rows(newest_duration_rows(lengths, vectors), play_ms)

    def plays() -> Iterator[Records]:
        for day, (_, fragments) in days.items():
            listens = reading.listens(fragments)
            edges.see(day, np.sort(_microseconds(listens["listened_at"])))
            yield counted_plays(listens, durations, exclusions, play_ms, users, tracks)

    log = PlayLog.write(plays(), sum(n for n, _ in days.values()), folder)
    features = _features(newest_rows(vectors, "track_id"), tracks)
    return Known(
        users,
        tracks,
        log,
        edges.instants(window),
        verdicts_of(feedback, users, tracks),
        features,
        reading.versions,
    )


class _Reading:
    """Rows of the tables that had landed by the window's end."""

    def __init__(self, settings: Settings, window: Window) -> None:
        self.settings, self.window = settings, window
        self.first = window.end - timedelta(days=settings.lake.lookback_days)
        self.landed = pc.field("landed_on") < window.end
        self.versions: dict[str, int] = {}

    def rows(self, name: str, columns: list[str]) -> pa.Table:
        """Of a table that fits into memory."""
        dataset = self._dataset(name)
        if dataset is None:
            return arrow_schema(TABLES[name]).empty_table().select(columns)
        return dataset.to_table(columns=columns, filter=self.landed)

    def days(self) -> dict[date, tuple[int, list[ds.Fragment]]]:
        """Days listened on, in order: how many listens, and where they are."""
        dataset = self._dataset("listens")
        if dataset is None:
            return {}
        heard = (pc.field("listened_on") >= self.first) & (pc.field("listened_on") < self.window.end)
        days: dict[date, tuple[int, list[ds.Fragment]]] = {}
        for fragment in dataset.get_fragments(heard):
            n = fragment.count_rows(filter=self.landed)
            if n:
                day = ds.get_partition_keys(fragment.partition_expression)["listened_on"]
                before, fragments = days.get(day, (0, []))
                days[day] = (before + n, [*fragments, fragment])
        return dict(sorted(days.items()))

    def listens(self, fragments: list[ds.Fragment]) -> pa.Table:
        """Listens of a day."""
        # A file's own timestamps are Spark's INT96, without a zone: the table's schema has it.
        schema = arrow_schema(TABLES["listens"])
        tables = [one.to_table(schema, columns=LISTEN, filter=self.landed) for one in fragments]
        return pa.concat_tables(tables)

    def _dataset(self, name: str) -> ds.Dataset | None:
        table = open_table(self.settings, name)
        if table is None:
            return None
        self.versions[name] = table.version()
        return table_rows(self.settings, name, table.version())


class _Edges:
    """Finds the instants that cut plays into blocks of equal size while days stream by."""

    def __init__(self, n_by_day: dict[date, int], n_blocks: int) -> None:
        self.places = np.linspace(0, sum(n_by_day.values()), n_blocks + 1).astype(np.int64)[:-1]
        starts = np.cumsum([0, *n_by_day.values()])
        self.starts = dict(zip(n_by_day, starts.tolist(), strict=False))
        self.found: list[int] = []

    def see(self, day: date, at: Ints) -> None:
        """Return the instants of a day's plays, sorted."""
        if day in self.starts:
            offsets = self.places - self.starts[day]
            self.found += at[offsets[(offsets >= 0) & (offsets < len(at))]].tolist()

    def instants(self, window: Window) -> Ints:
        """Return the first instant of each block, and the window's end."""
        return np.array([*self.found, _instant(window.end_at)], np.int64)


def _instant(at: datetime) -> int:
    return int(at.timestamp() * 1_000_000)


def _microseconds(column: pa.ChunkedArray) -> Ints:
    return np.asarray(column.cast(pa.timestamp("us", "UTC")).cast(pa.int64()), np.int64)


def counted_plays(
    listens: pa.Table,
    durations: pa.Table,
    exclusions: Exclusions,
    play_ms: int,
    users: Numbering,
    tracks: Numbering,
) -> Records:
    """Return those of a day's listens that are plays or skips and were not taken back, in order of time;
    equal ones are interchangeable.

    ``durations`` has the tracks (track_id, duration_ms) whose duration decides.
    """
    decision = decide(signals_of_rows(listens, durations), play_ms)
    at = _microseconds(listens["listened_at"])
    by_listen, by_track = (_excluded_at(listens, n, exclusions) for n in ("listen_id", "track_id"))
    counts = (decision.play | decision.skip) & ~is_taken_back(at, by_listen, by_track)
    listens = listens.filter(pa.array(counts))
    plays = np.empty(len(listens), PLAY)
    plays["user"] = users.numbers(listens["user_id"])
    plays["track"] = tracks.numbers(listens["track_id"])
    plays["at"] = at[counts]
    plays["ms_played"] = np.clip(np.asarray(listens["ms_played"]), 0, np.iinfo(np.int32).max)
    plays["is_skip"] = decision.skip[counts]
    plays["told_skipped"] = np.asarray(pc.fill_null(listens["skipped"], False))
    names = ("told_skipped", "is_skip", "ms_played", "track", "user", "at")
    return plays[np.lexsort([plays[name] for name in names])]


def _excluded_at(listens: pa.Table, target: str, exclusions: Exclusions) -> Ints:
    """The instant up to which each listen's listener took back its ``target``; ``NEVER`` if not."""
    excluded_at = np.full(len(listens), NEVER)
    targets = pa.array(sorted({name for _, name in exclusions}), pa.string())
    rows = np.flatnonzero(np.asarray(pc.is_in(listens[target], targets)))
    named = listens.select(["user_id", target]).take(pa.array(rows, pa.int64())).to_pylist()
    excluded_at[rows] = [exclusions.get((row["user_id"], row[target]), NEVER) for row in named]
    return excluded_at


def verdicts_of(feedback: pa.Table, users: Numbering, tracks: Numbering) -> Feedback:
    """Return the likes and rejections of tracks that are numbered, by listeners who are."""
    feedback = feedback.filter(pc.is_in(feedback["kind"], pa.array(VERDICTS)))
    user, track = (
        users.numbers(feedback["user_id"], grow=False),
        tracks.numbers(feedback["target_id"], grow=False),
    )
    at, liked = _microseconds(feedback["at"]), np.asarray(pc.equal(feedback["kind"], LIKE))
    known = np.flatnonzero((user >= 0) & (track >= 0))
    order = known[np.lexsort((~liked[known], track[known], user[known], at[known]))]
    return Feedback(user[order], track[order], at[order], liked[order])


def _features(vectors: pa.Table, tracks: Numbering) -> Floats:
    """The features of each track, of which ``vectors`` has one row or none; NaN where it has none."""
    track = tracks.numbers(vectors["track_id"])
    features = np.full((len(tracks), len(FEATURES)), np.nan)
    features[track] = feature_matrix(vectors)
    return features


def exclusions_of(feedback: pa.Table) -> Exclusions:
    """Return what listeners took back, each with the instant of its latest exclusion."""
    given = feedback.filter(pc.equal(feedback["kind"], EXCLUDE))
    latest: Exclusions = {}
    users, targets = given["user_id"].to_pylist(), given["target_id"].to_pylist()
    for key, at in zip(
        zip(users, targets, strict=True), _microseconds(given["at"]).tolist(), strict=True
    ):
        latest[key] = max(at, latest.get(key, NEVER))
    return latest
