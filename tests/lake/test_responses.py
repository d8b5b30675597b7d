"""Responses to small lists, by hand: days count from NIGHT; a list is there from the day after on."""

import random
from datetime import UTC, date, datetime, timedelta

import pytest

from jobs.domain.responses import playlist_id
from jobs.lake.responses import any_from_lists, keep_responses, responses_known
from jobs.window import Window
from tests.validate.rows import NIGHT, listen, playlist, track, write

pytestmark = pytest.mark.spark
NIGHTS, PLAY_MS = 3, 30_000


def day(n: int) -> date:
    return NIGHT + timedelta(days=n)


def at(n: int, hour: float = 12) -> datetime:
    on = day(n)
    return datetime(on.year, on.month, on.day, tzinfo=UTC) + timedelta(hours=hour)


def heard(number, track_id, n, landed=None, user="ann", hour=12, **changes):
    """A listen of 200 s at a day and hour, landed on its day or a later one."""
    row = listen(f"l{number}", user, track_id, day(n))
    landed_on = day(n if landed is None else landed)
    return row | {"listened_at": at(n, hour), "landed_on": landed_on, **changes}


def word(kind, target_id, n, landed=None, user="ann", hour=12):
    landed_on = day(n if landed is None else landed)
    return {"user_id": user, "kind": kind, "target_id": target_id, "at": at(n, hour),
            "landed_on": landed_on, "landing_file": "f"}  # fmt: skip


def lists(night, *tracks, user="ann"):
    return [row | {"as_of": night} for row in playlist(user, *tracks)]


def land(lake, listens=(), words=(), playlists=(), tracks=()):
    write(lake.settings, "listens", list(listens))
    write(lake.settings, "feedback_history", list(words))
    write(lake.settings, "playlists", list(playlists))
    write(lake.settings, "tracks_history", list(tracks))
    write(lake.settings, "audio_features_history", [])


def kept(lake, *nights):
    for n in nights:
        keep_responses(lake, Window.night(day(n)), NIGHTS, PLAY_MS)
    return {(row.as_of, row.user_id, row.track_id): row for row in lake.read("responses").collect()}


SKIP, START = {"ms_played": 9_000, "skipped": True}, {"ms_played": 0, "end_reason": "trackerror"}
EVENTS = {
    "nothing": ([], [], "not_reached"),
    "error": ([heard(1, "t", 1, **START)], [], "started"),
    "skip": ([heard(1, "t", 1, **SKIP), heard(2, "t", 1, **START)], [], "skipped"),
    "play": ([heard(1, "t", 1), heard(2, "t", 2, **SKIP)], [], "played"),
    "again": ([heard(1, "t", 1), heard(2, "t", 2)], [], "repeated"),
    "like": ([heard(1, "t", 1)], [word("like", "t", 1)], "liked"),
    "dislike": ([heard(1, "t", 1), heard(2, "t", 1)], [word("dislike", "t", 1)], "disliked"),
    "block": ([], [word("block_track", "t", 1)], "blocked"),
    "block of the artist": ([], [word("block_artist", "by t", 1)], "blocked"),
    "block of another": ([], [word("block_artist", "by u", 1)], "not_reached"),
    "like, then dislike": ([], [word("like", "t", 1), word("dislike", "t", 2)], "disliked"),
    "dislike, then like": ([], [word("dislike", "t", 1), word("like", "t", 2)], "liked"),
    "both at once": ([], [word("dislike", "t", 1), word("like", "t", 1)], "disliked"),
    "before the list": ([heard(1, "t", 0, hour=23.9)], [word("like", "t", 0)], "not_reached"),
    "at its first instant": ([heard(1, "t", 1, hour=0)], [], "played"),
    "last night": ([heard(1, "t", 3, hour=23.9)], [], "played"),
    "too late": ([heard(1, "t", 4)], [word("like", "t", 4)], "not_reached"),
    "landed too late": ([heard(1, "t", 1, landed=4)], [word("like", "t", 1, landed=4)], "not_reached"),
    "landed late": ([heard(1, "t", 1, landed=3)], [], "played"),
    "another's": ([heard(1, "t", 1, user="bob")], [word("like", "t", 1, user="bob")], "not_reached"),
    "another track": ([heard(1, "u", 1)], [], "not_reached"),
    "private": ([heard(1, "t", 1, private=True)], [], "not_reached"),
    "not me": ([heard(1, "t", 1)], [word("exclude", "l1", 2)], "not_reached"),
    "not my track": ([heard(1, "t", 1)], [word("exclude", "t", 2)], "not_reached"),
    "not me, until then": ([heard(1, "t", 1), heard(2, "t", 3)], [word("exclude", "t", 2)], "played"),
    "not me, said too late": ([heard(1, "t", 1)], [word("exclude", "l1", 2, landed=4)], "played"),
}  # fmt: skip


def test_the_outcome_is_the_strongest_thing_they_did(lake):
    """Each case is a listener of its own; "bob" is nobody's name."""

    def of(case, rows):
        renamed = {"ann": case, "bob": f"not {case}"}
        ids = {"listen_id": lambda v: v + case, "target_id": lambda v: v + case if v == "l1" else v}
        return [
            {name: ids.get(name, lambda v: v)(value) for name, value in row.items()}
            | {"user_id": renamed[row["user_id"]]}
            for row in rows
        ]

    listens = [row for case, (rows, _, _) in EVENTS.items() for row in of(case, rows)]
    words = [row for case, (_, rows, _) in EVENTS.items() for row in of(case, rows)]
    playlists = [row for case in EVENTS for row in lists(NIGHT, "t", user=case)]
    land(lake, listens, words, playlists, [track("t"), track("u")])
    found = {user: row.outcome for (_, user, _), row in kept(lake, 0).items()}
    assert found == {case: outcome for case, (_, _, outcome) in EVENTS.items()}


@pytest.mark.parametrize(
    ("row", "told"),
    [
        (heard(1, "t", 1, playlist_id=playlist_id(NIGHT)), True),
        (heard(1, "t", 1, playlist_id="mine"), False),
        (heard(1, "t", 1), False),
        (heard(1, "t", -3, playlist_id=playlist_id(NIGHT)), False),
        (heard(1, "t", 1, landed=2, playlist_id=playlist_id(NIGHT)), False),
    ],
)
def test_whether_anything_was_played_from_lists_lately(lake, row, told):
    land(lake, [row])
    assert any_from_lists(lake, Window.night(day(1)), NIGHTS) is told


def test_a_row_tells_when_and_how_much(lake):
    long, short = track("t") | {"duration_ms": 400_000}, track("s") | {"duration_ms": 40_000}
    listens = [
        heard(1, "t", 1, hour=9, **SKIP), heard(2, "t", 1, hour=12, ms_played=100_000),
        heard(3, "t", 2, ms_played=500_000), heard(4, "s", 2, ms_played=20_000),
        heard(5, "?", 1, ms_played=30_000),
    ]  # fmt: skip
    words = [word("like", "t", 1, hour=13), word("like", "t", 2, hour=13)]
    land(lake, listens, words, lists(NIGHT, "t", "s", "?"), [long, short])
    rows = kept(lake, 0)
    row = rows[NIGHT, "ann", "t"]
    assert (row["rank"], row.strategy, row.outcome) == (1, "explore", "liked")
    assert (row.n_plays, row.n_skips, row.n_starts, row.share_heard) == (2, 1, 0, 0.25)
    assert (row.first_skipped_at, row.first_played_at) == (
        at(1, 9).replace(tzinfo=None), at(1, 12).replace(tzinfo=None),
    )  # fmt: skip
    assert (row.liked_at, row.rejected_at) == (at(2, 13).replace(tzinfo=None), None)
    # Half of a short track is a play; of a track without a duration nobody knows the share.
    assert (rows[NIGHT, "ann", "s"].outcome, rows[NIGHT, "ann", "s"].share_heard) == ("played", 0.5)
    assert (rows[NIGHT, "ann", "?"].outcome, rows[NIGHT, "ann", "?"].share_heard) == ("played", None)


def test_a_row_tells_how_often_the_track_was_played_from_this_very_list(lake):
    from_list, from_the_next = ({"playlist_id": playlist_id(day(n))} for n in (0, 1))
    listens = [
        heard(1, "t", 1, **from_list), heard(2, "t", 1, **from_list, **SKIP),
        heard(3, "t", 2, **from_the_next), heard(4, "t", 2), heard(5, "u", 2, playlist_id="mine"),
    ]  # fmt: skip
    land(lake, listens, playlists=[*lists(NIGHT, "t", "u"), *lists(day(1), "t")])
    rows = kept(lake, 0, 1)
    assert {(on, track): row.n_from_list for (on, _, track), row in rows.items()} == {
        (NIGHT, "t"): 2, (NIGHT, "u"): 0, (day(1), "t"): 1,
    }  # fmt: skip


def test_two_lists_of_a_night_are_told_apart_by_what_the_listen_says(lake):
    """The same track on both; a list of before there were two has no name, and is discover."""
    listens = [
        heard(1, "t", 1, playlist_id=playlist_id(NIGHT)),
        heard(2, "t", 1, playlist_id=playlist_id(NIGHT, "new_releases")),
        heard(3, "t", 1, playlist_id=playlist_id(NIGHT, "new_releases")),
        heard(4, "t", 1, playlist_id=playlist_id(NIGHT, "rediscover")),
        heard(5, "t", 1, playlist_id=f"{playlist_id(NIGHT)}:"),
    ]
    [unnamed] = lists(NIGHT, "t")
    land(lake, listens, playlists=[unnamed, unnamed | {"playlist": "new_releases", "rank": 2}])
    keep_responses(lake, Window.night(NIGHT), NIGHTS, 30_000)
    rows = lake.read("responses").collect()
    assert {row.playlist: (row["rank"], row.n_from_list, row.n_plays) for row in rows} == {
        "discover": (1, 1, 5), "new_releases": (2, 2, 5),
    }  # fmt: skip


def test_a_duration_is_what_was_known_when_the_listen_landed(lake):
    """Three nights' catalogs, the features' word being less than any catalog's."""
    catalog = [
        track("t") | {"duration_ms": ms, "landed_on": day(n), "landing_file": file}
        for n, file, ms in ((1, "a", 250_000), (2, "a", 400_000), (2, "b", 800_000), (3, "a", 100_000))
    ]
    listens = [heard(1, "t", 1, user="ann"), heard(2, "t", 1, 2, user="bob")]
    playlists = [*lists(NIGHT, "t"), *lists(NIGHT, "t", user="bob")]
    land(lake, listens, [], playlists, catalog)
    rows = kept(lake, 0)
    assert [rows[NIGHT, user, "t"].share_heard for user in ("ann", "bob")] == [0.8, 0.25]


def test_each_list_has_rows_of_its_own(lake):
    playlists = [*lists(NIGHT, "t"), *lists(day(1), "t"), *lists(day(2), "t", user="bob")]
    land(lake, [heard(1, "t", 1), heard(2, "t", 3)], [], playlists)
    rows = kept(lake, 0, 1, 2)
    assert {key[:2]: row.n_plays for key, row in rows.items()} == {
        (NIGHT, "ann"): 2, (day(1), "ann"): 1, (day(2), "bob"): 0,
    }  # fmt: skip


def test_nights_in_any_order_give_the_same_table(lake):
    """A night ingests all that has landed by then, makes its list, then responses. Late plays and
    words land on any later night; the table depends on none of the orders."""
    rng = random.Random(12)  # whose lists come to every outcome that is asked for below
    tracks = ["t", "u", "v"]
    listens = []
    for number in range(40):
        n = rng.randrange(1, 4)
        changes = rng.choice([{}, {}, SKIP, START, {"private": True}])
        landed = min(n + rng.choice([0, 0, 1, 2]), 3)
        listens.append(heard(number, rng.choice(tracks), n, landed, hour=rng.randrange(24), **changes))
    words = [
        word(kind, target, n, min(n + rng.randrange(3), 3), hour=rng.randrange(24))
        for n in range(1, 4)
        for kind, target in (
            rng.choice([("like", "t"), ("dislike", "u"), ("exclude", "v"), ("block_artist", "by v")]),
            ("exclude", f"l{rng.randrange(40)}"),
        )
    ]
    catalog = [
        track(name) | {"duration_ms": rng.randrange(20, 400) * 1000, "landed_on": day(n)}
        for name in tracks for n in rng.sample(range(4), 3)
    ]  # fmt: skip
    nights = list(range(4))
    tables = []
    for order in (nights, [3, 2, 0, 1]):
        lake.delete("responses", "true")
        for n in order:
            done = {*order[: order.index(n) + 1]}
            landed = [
                [row for row in rows if row["landed_on"] <= day(max(done))]
                for rows in (listens, words, catalog)
            ]
            playlists = [row for d in done for row in lists(day(d), *tracks)]
            land(lake, landed[0], landed[1], playlists, landed[2])
            keep_responses(lake, Window.night(day(n)), NIGHTS, PLAY_MS)
        tables.append(sorted(map(tuple, lake.read("responses").collect()), key=str))
    assert len(tables[0]) == 12
    assert {row[5] for row in tables[0]} >= {"not_reached", "played", "repeated", "disliked", "blocked"}
    assert tables[0] == tables[1]


def test_a_night_knows_nothing_that_landed_later(lake):
    """Poison: later plays and words, and late ones of days before; the list of the night itself is not
    among those that it can know of."""
    good = ([heard(1, "t", 1), heard(2, "t", 2)], [word("dislike", "u", 2)])
    poison = (
        [heard(3, "t", 1, 3), heard(4, "v", 3)],
        [word("like", "u", 2, landed=3), word("exclude", "l1", 2, landed=3)],
    )
    playlists = [*lists(NIGHT, "t", "u", "v"), *lists(day(1), "t"), *lists(day(2), "t")]
    seen = []
    for listens, words in (good, [[*a, *b] for a, b in zip(good, poison, strict=True)]):
        land(lake, listens, words, playlists, [track("t")])
        rows = responses_known(lake, Window.night(day(2)), NIGHTS, PLAY_MS).collect()
        seen.append(sorted((row.as_of, row.track_id, row.outcome, row.n_plays) for row in rows))
    assert seen[0] == seen[1] == [
        (NIGHT, "t", "repeated", 2), (NIGHT, "u", "disliked", 0), (NIGHT, "v", "not_reached", 0),
        (day(1), "t", "played", 1),
    ]  # fmt: skip


def test_nobody_without_a_list_has_a_row_and_a_second_run_changes_nothing(lake):
    land(lake, [heard(1, "t", 1)], [], lists(NIGHT, "u", user="bob"))
    first = kept(lake, 0)
    assert set(first) == {(NIGHT, "bob", "u")}
    assert kept(lake, 0) == first
