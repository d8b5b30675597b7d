"""What a night may see, point in time. Every table here has rows on both sides of each bound."""

from datetime import date, timedelta

import pytest

from jobs.lake.history import (
    features_known,
    feedback_known,
    feedback_landed,
    listens_known,
    tracks_known,
)
from jobs.recommend.tracks import read_tracks
from jobs.train.history import read_known
from jobs.window import Window
from tests.train.lake import at, feedback, listen, put, vector

pytestmark = pytest.mark.spark
NIGHT = Window.night(date(2026, 6, 10))
DAY = timedelta(days=1)


def on(day: int) -> date:
    return date(2026, 6, day)


def track(track_id, title, day, file="file"):
    return {
        "track_id": track_id, "title": title, "artist_ids": [f"by {title}"], "artist": "A",
        "album": None, "release_date": None, "duration_ms": 200_000, "explicit": None,
        "landed_on": on(day), "landing_file": file,
    }  # fmt: skip


def seen(rows, *columns):
    return sorted(tuple(row[name] for name in columns) for row in rows.collect())


def test_a_night_knows_what_landed_up_to_its_last_day(lake, settings):
    put(settings, "listens", [
        listen("u", "tonight", at(10), landed_on=on(10)),
        listen("u", "late", at(9), landed_on=on(10)),
        listen("u", "tomorrow's file", at(9), landed_on=on(11)),
        listen("u", "far later", at(1), landed_on=on(30)),
    ])  # fmt: skip
    known = listens_known(lake, NIGHT, 365)
    assert seen(known, "track_id") == [("late",), ("tonight",)]


def test_the_lookback_counts_days_back_from_the_windows_end(lake, settings):
    put(settings, "listens", [
        listen("u", "first instant of the first day", at(8, 0)),
        listen("u", "last instant of the day before", at(7, 23, 59)),
        listen("u", "last instant of the night", at(10, 23, 59)),
        listen("u", "heard after the night", at(11, 0), landed_on=on(10)),
    ])  # fmt: skip
    known = listens_known(lake, NIGHT, 3)
    assert seen(known, "track_id") == [
        ("first instant of the first day",),
        ("last instant of the night",),
    ]
    assert listens_known(lake, NIGHT, 4).count() == 3


def test_a_window_of_several_days_ends_where_it_ends(lake, settings):
    put(settings, "listens", [listen("u", f"t{day}", at(day)) for day in (7, 8, 9, 10, 11)])
    known = listens_known(lake, Window(on(8), on(10)), 2)
    assert seen(known, "track_id") == [("t8",), ("t9",)]


def test_tracks_are_as_last_landed_and_remember_their_first_day(lake, settings):
    put(settings, "tracks_history", [
        track("a", "newest", 9), track("a", "oldest", 2), track("a", "middle", 5),
        track("a", "after the night", 11), track("z", "after the night too", 11),
        track("b", "the only one", 10),
    ])  # fmt: skip
    known = tracks_known(lake, NIGHT)
    assert seen(known, "track_id", "title", "first_seen_on") == [
        ("a", "newest", on(2)),
        ("b", "the only one", on(10)),
    ]


def test_feedback_is_known_from_the_day_on_which_it_landed(lake, settings):
    put(settings, "feedback_history", [
        feedback("u", "like", "t", at(3), landed_on=on(3)),
        feedback("u", "like", "t", at(8), landed_on=on(9)),
        feedback("u", "like", "t", at(6), landed_on=on(10)),
        feedback("u", "like", "t", at(9), landed_on=on(11)),
        feedback("u", "dislike", "t", at(1), landed_on=on(10)),
        feedback("u", "like", "s", at(2), landed_on=on(10)),
        feedback("v", "like", "t", at(1), landed_on=on(1)),
    ])  # fmt: skip
    columns = ("user_id", "kind", "target_id", "at")
    naive = {day: at(day).replace(tzinfo=None) for day in range(1, 12)}
    assert seen(feedback_known(lake, NIGHT), *columns) == [
        ("u", "dislike", "t", naive[1]), ("u", "like", "s", naive[2]), ("u", "like", "t", naive[8]),
        ("v", "like", "t", naive[1]),
    ]  # fmt: skip
    assert [day for *_, day in seen(feedback_landed(lake, NIGHT), *columns)] == [
        naive[day] for day in (1, 2, 3, 6, 8, 1)
    ]


def test_of_feedback_given_at_one_instant_the_last_landed_counts(lake, settings):
    rows = [(9, "f1"), (10, "f0"), (10, "f2"), (10, "f1"), (11, "f9")]
    put(settings, "feedback_history", [
        feedback("u", "like", "t", at(3), landed_on=on(day), landing_file=file) for day, file in rows
    ])  # fmt: skip
    assert seen(feedback_known(lake, NIGHT), "landed_on", "landing_file") == [(on(10), "f2")]


@pytest.mark.parametrize("order", [(0, 1, 2, 3), (3, 2, 1, 0), (1, 3, 0, 2)])
def test_of_two_files_of_one_day_all_readers_take_the_same(lake, settings, tmp_path, order):
    # The file's name, the day, and the order in which rows were written disagree.
    landed = [("f9", 8, "older day"), ("f1", 9, "first"), ("f2", 9, "second"), ("f0", 9, "zeroth")]
    for file, day, title in (landed[i] for i in order):
        value = {"older day": 0.1, "first": 0.2, "second": 0.3, "zeroth": 0.4}[title]
        put(settings, "tracks_history", [track("a", title, day, file)])
        put(settings, "audio_features_history", [
            vector("a", value, landed_on=on(day)) | {"landing_file": file}
        ])  # fmt: skip
    put(settings, "listens", [listen("u", "a", at(10))])
    for_recommend = read_tracks(settings, NIGHT)
    known = read_known(settings, NIGHT, tmp_path)
    assert seen(tracks_known(lake, NIGHT), "title") == [("second",)]
    assert for_recommend.titles == ("second",)
    assert for_recommend.artist_ids == ("by second",)
    assert seen(features_known(lake, NIGHT), "danceability") == [(0.3,)]
    assert for_recommend.features[0, 0] == known.features[0, 0] == 0.3
