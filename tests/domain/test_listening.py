"""What a listen counts as: one table, by hand, for both engines."""

from itertools import product

import numpy as np
import pyarrow as pa
import pytest

from jobs.domain.listening import (
    MOVED_ON,
    decide,
    decides,
    is_to_the_end,
    signals_of_columns,
    signals_of_rows,
    with_durations,
)
from jobs.lake.session import arrow_frame

PLAY_MS = 30_000
LONG, SHORT, UNKNOWN = 200_000, 40_000, None
CLASSES = ("play", "skip", "start", "private")
# ms_played, duration, skipped, end_reason, private -> what it counts as
TABLE = [
    # From 30 seconds on, whatever else is said.
    (30_000, LONG, False, "trackdone", False, "play"),
    (30_000, LONG, True, "fwdbtn", False, "play"),
    (30_000, UNKNOWN, None, None, None, "play"),
    (29_999, LONG, True, None, None, "skip"),
    # From half of a track of less than a minute on.
    (20_000, SHORT, True, "fwdbtn", False, "play"),
    (19_999, SHORT, True, "fwdbtn", False, "skip"),
    (19_999, SHORT, False, "trackdone", False, "start"),
    (20_000, 59_999, None, None, None, "skip"),
    (29_999, 59_999, None, None, None, "skip"),
    (30_000, 59_999, None, None, None, "play"),
    (5, 10, None, None, None, "play"),
    # Longer than the track is one play too.
    (780_000, LONG, False, "trackdone", False, "play"),
    # Failures, ends of the app and logouts are the listener's in no way.
    (0, LONG, False, "trackerror", False, "start"),
    (3_000, LONG, False, "endplay", False, "start"),
    (5_000, LONG, False, "logout", False, "start"),
    (7_000, LONG, False, "unexpected-exit", False, "start"),
    (7_000, LONG, None, "unexpected-exit-while-paused", None, "start"),
    (9_000, UNKNOWN, None, "endplay", None, "start"),
    (9_000, UNKNOWN, None, "logout", None, "start"),
    # Buttons and other choices are, also where an export says "skipped: false" of them.
    (3_000, LONG, None, "backbtn", None, "skip"),
    (3_000, LONG, False, "fwdbtn", False, "skip"),
    (3_000, LONG, False, "clickrow", False, "skip"),
    (0, LONG, None, "fwdbtn", None, "skip"),
    # So is what the log calls skipped.
    (3_000, LONG, True, "endplay", False, "skip"),
    (0, LONG, True, None, None, "skip"),
    # Nothing but the length: short is a skip, unless told otherwise, or nothing was heard.
    (3_000, LONG, None, None, None, "skip"),
    (1, UNKNOWN, None, None, None, "skip"),
    (3_000, LONG, False, None, None, "start"),
    (0, LONG, None, None, None, "start"),
    (0, UNKNOWN, False, None, None, "start"),
    # In private.
    (200_000, LONG, False, "trackdone", True, "private"),
    (3_000, LONG, True, "fwdbtn", True, "private"),
    (0, LONG, False, "trackerror", True, "private"),
]


def arrow(rows):
    """Listens and durations of rows, each of a track of its own."""
    ms, duration, skipped, reason, private = (list(column) for column in zip(*rows, strict=True))
    ids = [f"t{number:03}" for number in range(len(rows))]
    listens = pa.table({
        "track_id": ids, "ms_played": pa.array(ms, pa.int64()), "skipped": pa.array(skipped, pa.bool_()),
        "end_reason": pa.array(reason, pa.string()), "private": pa.array(private, pa.bool_()),
    })  # fmt: skip
    known = [(one, length) for one, length in zip(ids, duration, strict=True) if length is not None]
    durations = pa.table({
        "track_id": pa.array([one for one, _ in known], pa.string()),
        "duration_ms": pa.array([length for _, length in known], pa.int64()),
    })  # fmt: skip
    return listens, durations


def by_numpy(rows):
    decision = decide(signals_of_rows(*arrow(rows)), PLAY_MS)
    masks = np.stack([getattr(decision, name) for name in CLASSES])
    assert (masks.sum(axis=0) == 1).all()
    return [CLASSES[number] for number in masks.argmax(axis=0)]


def by_spark(spark, rows):
    listens, durations = (arrow_frame(spark, table) for table in arrow(rows))
    decision = decide(signals_of_columns(), PLAY_MS)
    truths = (getattr(decision, name).alias(name) for name in CLASSES)
    told = with_durations(listens, durations, PLAY_MS).select("track_id", *truths)
    found = {row.track_id: [name for name in CLASSES if row[name]] for row in told.collect()}
    assert all(len(names) == 1 for names in found.values())
    return [found[track_id][0] for track_id in sorted(found)]


def test_what_a_listen_counts_as():
    rows = [row[:5] for row in TABLE]
    assert list(zip(rows, by_numpy(rows), strict=True)) == [(row[:5], row[5]) for row in TABLE]


@pytest.mark.parametrize("reason", MOVED_ON)
def test_each_choice_of_the_listener_is_a_skip(reason):
    assert by_numpy([(3_000, LONG, False, reason, False)]) == ["skip"]


@pytest.mark.spark
def test_spark_and_numpy_decide_alike_whatever_a_log_says(spark):
    rows = list(
        product(
            (0, 1, 19_999, 20_000, 29_999, 30_000, 780_000),
            (UNKNOWN, SHORT, LONG),
            (None, False, True),
            (None, "fwdbtn", "endplay"),
            (None, False, True),
        )
    )
    assert by_spark(spark, rows) == by_numpy(rows)


@pytest.mark.spark
def test_spark_decides_as_the_table_says(spark):
    assert by_spark(spark, [row[:5] for row in TABLE]) == [row[5] for row in TABLE]


def test_no_track_need_be_known():
    listens, _ = arrow([(3_000, None, None, None, None), (40_000, None, None, None, None)])
    _, durations = arrow([(0, None, None, None, None)])
    decision = decide(signals_of_rows(listens, durations), PLAY_MS)
    assert decision.play.tolist() == [False, True]


def test_only_tracks_under_twice_the_least_play_need_a_duration():
    durations = np.array([-1, 0, 1, 59_999, 60_000])
    assert decides(durations, PLAY_MS).tolist() == [False, False, True, True, False]


def test_a_play_to_the_end_is_of_half_the_track_and_not_said_to_be_skipped():
    # Half of 200 s and just less; of an unknown track 30 s and just less; skipped, and no play.
    ms_played = np.array([100_000, 99_999, 30_000, 29_999, 200_000, 200_000, 15_000])
    duration_ms = np.array([LONG, LONG, 0, 0, LONG, LONG, 30_000])
    told_skipped = np.array([False, False, False, False, True, False, False])
    play = np.array([True, True, True, True, True, False, True])
    found = is_to_the_end(play, told_skipped, ms_played, duration_ms, PLAY_MS)
    assert found.tolist() == [True, False, True, False, False, False, True]
