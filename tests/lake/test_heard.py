from datetime import UTC, datetime, timedelta

import pytest

from jobs.lake.heard import heard_known
from jobs.window import DAY, Window
from tests.validate.rows import NIGHT, listen, write

pytestmark = pytest.mark.spark


def play(listen_id, user_id, track_id, heard_on, landed_on, **changes):
    row = listen(listen_id, user_id, track_id, heard_on)
    return row | {"landed_on": landed_on, **changes}


def word(kind, target_id, landed_on, month=6):
    at = datetime(2026, month, 1, tzinfo=UTC)
    return {"user_id": "ann", "kind": kind, "target_id": target_id, "at": at, "landed_on": landed_on,
            "landing_file": "f"}  # fmt: skip


def heard(lake, night=NIGHT):
    rows = heard_known(lake, Window.night(night), lookback_days=30).distinct().collect()
    return {tuple(row) for row in rows}


@pytest.fixture
def house(lake, settings):
    """A lookback of 30 days before the end of the night: the first of them is its day less 29."""
    long_ago, first = NIGHT - timedelta(days=4000), NIGHT - timedelta(days=29)
    rows = [
        play("1", "ann", "years ago", long_ago, NIGHT),
        play("2", "ann", "first day", first, NIGHT),
        play("3", "ann", "day before", first - DAY, NIGHT),
        play("4", "ann", "twice", long_ago, NIGHT - DAY),
        play("5", "ann", "twice", NIGHT, NIGHT),
        play("6", "bob", "started", NIGHT, NIGHT, ms_played=1, skipped=True),
        play("7", "bob", "private", NIGHT, NIGHT, private=True),
        play("8", "bob", "late", NIGHT, NIGHT + DAY),
    ]
    write(settings, "listens", rows)
    words = [word("like", "liked", NIGHT), word("dislike", "disliked", NIGHT),
             word("like", "liked long ago", NIGHT, month=5),
             word("like", "liked later", NIGHT + DAY)]  # fmt: skip
    write(settings, "feedback_history", words)
    return lake


def test_what_was_ever_heard_or_liked_is_heard_whichever_way_and_however_long_ago(house):
    assert heard(house) == {
        ("ann", "years ago", False), ("ann", "first day", True), ("ann", "day before", False),
        ("ann", "twice", False), ("ann", "twice", True), ("ann", "liked", True),
        ("ann", "liked long ago", False),
        ("bob", "started", True), ("bob", "private", True),
    }  # fmt: skip


def test_an_earlier_night_knows_what_had_landed_by_then_whenever_it_is_made(house):
    assert heard(house, NIGHT - DAY) == {("ann", "twice", False)}
    later = heard(house, NIGHT + DAY)
    assert {("bob", "late", True), ("ann", "liked later", True)} <= later
    assert ("ann", "first day", False) in later


def test_what_is_removed_is_unheard_again(house):
    house.delete("listens", "listen_id IN ('1', '4')")
    assert {track for user, track, _ in heard(house) if user == "ann"} == {
        "first day", "day before", "twice", "liked", "liked long ago",
    }  # fmt: skip
