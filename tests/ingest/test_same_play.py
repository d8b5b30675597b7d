"""When two rows tell of one play of a track, and which of them is kept."""

from datetime import date

import pytest

from jobs.ingest.same_play import Telling, is_same, repeats

D27, D28 = date(2026, 6, 27), date(2026, 6, 28)
LIMIT = 90_000
SCROBBLE = 240_000


def telling(name, at_s, ms=200_000, file="a", day=D28, known=0, shared=False) -> Telling:
    return Telling(name, int(at_s * 1000), ms, day, file, known, shared)


def kept(*rows: Telling) -> list[str]:
    again = {listen_id for listen_id, *_ in repeats(rows, LIMIT)}
    return sorted(row.listen_id for row in rows if row.listen_id not in again)


@pytest.mark.parametrize(
    ("second", "same"),
    [
        (telling("x", 2), True),
        (telling("x", 90), True),
        (telling("x", 90.001), False),
        # 45 s of a track of 200 s at the same time: less than half.
        (telling("x", 0, ms=45_000), False),
        (telling("x", 0, ms=100_000), True),
        # A scrobble tells no length; what was heard for less than half a minute is not scrobbled.
        (telling("x", 2, ms=SCROBBLE), True),
        (telling("x", 0, shared=True), True),
    ],
)
def test_two_logs_tell_of_one_play(second, same):
    assert is_same(telling("a", 0), second, LIMIT) is same
    assert is_same(second, telling("a", 0), LIMIT) is same


def test_a_start_of_seconds_is_no_scrobble():
    assert not is_same(telling("a", 0, ms=29_999), telling("b", 1, ms=SCROBBLE), LIMIT)
    assert is_same(telling("a", 0, ms=30_000), telling("b", 1, ms=SCROBBLE), LIMIT)


def test_a_log_of_minutes_has_the_right_length_at_a_wrong_time():
    # Heard from 59 s to 99 s of the hour; the account data says that it ended in minute 1.
    exact, minutes = telling("a", 59, ms=40_000), telling("b", 20, ms=40_000)
    assert is_same(exact, minutes, LIMIT) and is_same(minutes, exact, LIMIT)
    assert not is_same(exact, telling("b", 19, ms=40_000), LIMIT)
    assert not is_same(exact, telling("b", 20.5, ms=39_500), LIMIT)


def test_rows_of_producers_are_never_one_play():
    assert not is_same(telling("a", 0, shared=True), telling("b", 0, file="b", shared=True), LIMIT)


def test_three_logs_of_four_songs_tell_of_four_plays_and_the_fullest_is_kept():
    spotify = [telling(f"s{n}", 240 * n, file="z", known=4) for n in range(4)]
    lastfm = [telling(f"l{n}", 240 * n + 2, ms=SCROBBLE, file="a", known=2) for n in range(4)]
    brainz = [telling(f"b{n}", 240 * n + 1, file="b", known=3) for n in range(4)]
    assert kept(*lastfm, *brainz, *spotify) == ["s0", "s1", "s2", "s3"]


def test_a_true_repeat_stays_two_plays_in_each_log():
    first = [telling("a1", 0, ms=60_000), telling("a2", 60, ms=60_000)]
    second = [telling("b1", 3, ms=60_000, file="b"), telling("b2", 63, ms=60_000, file="b")]
    assert kept(*first, *second) == ["a1", "a2"]
    assert kept(*first, second[1]) == ["a1", "a2"]
    assert kept(first[1], *second) == ["a2", "b2"] or kept(first[1], *second) == ["a2", "b1"]


def test_what_landed_first_is_kept_however_full_a_later_day_is():
    early = telling("early", 5, ms=SCROBBLE, file="z", day=D27)
    late = telling("late", 0, file="a", known=5)
    assert repeats([late, early], LIMIT) == [("late", "early", "z", 5000)]


def test_a_row_between_two_plays_takes_neither_away():
    plays = [telling("a", 0, ms=100_000, day=D27), telling("c", 100, ms=100_000, day=D27)]
    between = telling("b", 50, ms=100_000, file="b")
    assert kept(*plays, between) == ["a", "c"]
    # Without the middle one they are as far apart as they are with it.
    assert kept(plays[0], telling("c", 100, ms=100_000, file="b")) == ["a", "c"]


def test_the_order_of_the_rows_does_not_matter():
    logs = (("a", 0, 2), ("b", 9, 3), ("c", 4, 3))
    rows = [
        telling(f"{file}{n}", 200 * n + drift, file=file, known=known)
        for file, drift, known in logs
        for n in range(3)
    ]
    found = sorted(repeats(rows, LIMIT))
    assert sorted(repeats(rows[::-1], LIMIT)) == found
    assert sorted({play for _, play, *_ in found}) == ["b0", "b1", "b2"]
