from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from jobs.errors import NoInputError
from jobs.evaluate.contenders import PEERS, fitted_peer
from jobs.lake import split as split_module
from jobs.lake.arrow import replace, table_rows
from jobs.lake.split import read_split
from tests.evaluate.small_night import DAYS, LISTS, NIGHT, features, listen, track, write
from tests.tables import put

TRACKS = ["t1", "t2", "t3", "t4", "t5", "t6", "t7", "t8"]


def by_name(split, matrix):
    """Entries (listener, track) to value."""
    entries = matrix.tocoo()
    return {
        (split.user_ids[row].as_py(), split.track_ids[column].as_py()): value
        for row, column, value in zip(entries.row, entries.col, entries.data.tolist(), strict=True)
    }


def test_what_was_known_and_what_was_played_later(settings):
    write(settings)
    split = read_split(settings, NIGHT, DAYS)
    assert split.user_ids.to_pylist() == ["ada", "bob", "cy"]
    assert split.track_ids.to_pylist() == TRACKS
    assert by_name(split, split.heard) == {
        ("ada", "t1"): 2, ("ada", "t3"): 1, ("bob", "t1"): 1, ("bob", "t5"): 1, ("cy", "t5"): 1,
    }  # fmt: skip
    assert ("ada", "t3") not in by_name(split, split.plays)
    assert by_name(split, split.later) == {
        ("ada", "t2"): 1, ("ada", "t4"): 1, ("ada", "t5"): 1, ("ada", "t8"): 1, ("ada", "t1"): 1,
        ("bob", "t6"): 1,
    }  # fmt: skip


def test_what_was_heard_long_ago_or_liked_is_not_new(settings):
    """Beyond the lookback nothing is fitted on; a like that lands later is not known yet."""
    long_ago = [
        listen("o1", "cy", "t7", -400, 200_000, None),
        listen("o2", "cy", "t6", -364, 200_000, None),
    ]
    write(settings, listens=long_ago)
    like = datetime(2026, 6, 10, 12, tzinfo=UTC)
    put(settings, "feedback_history", [
        ("bob", "like", "t7", like, NIGHT, "f"), ("bob", "dislike", "t2", like, NIGHT, "f"),
        ("bob", "like", "t3", like, NIGHT + timedelta(days=1), "f"),
        ("bob", "like", "none", like, NIGHT, "f"),
    ])  # fmt: skip
    split = read_split(settings, NIGHT, DAYS)
    heard, plays = by_name(split, split.heard), by_name(split, split.plays)
    assert {track for user, track in heard if user == "cy"} == {"t5", "t6", "t7"}
    assert {track for user, track in plays if user == "cy"} == {"t5", "t6"}
    assert {track for user, track in heard if user == "bob"} == {"t1", "t5", "t7"}
    assert {track for user, track in plays if user == "bob"} == {"t1", "t5"}


def test_a_like_stands_until_the_track_is_turned_down_and_for_the_lookback(settings):
    write(settings)
    noon = datetime(2026, 6, 9, 12, tzinfo=UTC)
    hour, start = timedelta(hours=1), datetime(2025, 6, 11, tzinfo=UTC)
    said = [
        ("signed up", "like", "t2", noon), ("signed up", "dislike", "t2", noon - hour),
        ("signed up", "like", "t3", noon), ("signed up", "block_track", "t3", noon + hour),
        ("signed up", "like", "t4", noon), ("signed up", "dislike", "t4", noon),
        ("signed up", "like", "t5", start), ("signed up", "like", "t6", start - hour),
        ("signed up", "like", "t7", noon), ("signed up", "like", "t7", noon + hour),
        ("signed up", "exclude", "t7", noon + 2 * hour), ("signed up", "like", "unknown", noon),
    ]  # fmt: skip
    put(settings, "feedback_history", [(*one, NIGHT, "f") for one in said])
    split = read_split(settings, NIGHT, DAYS)
    assert by_name(split, split.likes) == dict.fromkeys(
        [("signed up", track) for track in ("t2", "t5", "t7")], 1.0
    )
    heard = {track for user, track in by_name(split, split.heard) if user == "signed up"}
    assert heard == {"t2", "t3", "t4", "t5", "t6", "t7"}


def test_plays_lose_half_their_weight_in_two_weeks(settings):
    """All were at noon, half a day before the night's end."""
    write(settings)
    split = read_split(settings, NIGHT, DAYS)
    decayed = by_name(split, split.decayed)
    assert decayed["cy", "t5"] == pytest.approx(0.5 ** (14.5 / 14), abs=1e-6)
    assert decayed["ada", "t1"] == pytest.approx(0.5 ** (0.5 / 14) + 0.5 ** (3.5 / 14), abs=2e-6)


def test_lists_credits_and_features_go_by_number(settings):
    write(settings)
    split = read_split(settings, NIGHT, DAYS)
    assert split.lists.tolist() == [[4, 6, 1], [6, 5, -1], [0, -1, -1]]
    assert split.strategy_names == ("exploit", "explore")
    assert split.strategies.tolist() == [[0, 1, 0], [1, 0, -1], [0, -1, -1]]
    assert split.credits.ptr.tolist() == list(range(9))
    assert split.credits.of.tolist() == [0, 0, 1, 1, 2, 2, 3, 4]
    assert split.features[1, 0] == pytest.approx(0.2)
    assert np.isnan(split.features[7]).all()


def test_other_lists_are_not_judged_as_what_was_to_be_discovered(settings):
    write(settings)
    whole = read_split(settings, NIGHT, DAYS)
    again = [{**row, "playlist": name} for name in ("rediscover", "new_releases")
             for row in table_rows(settings, "playlists").to_table().to_pylist()]  # fmt: skip
    rows = [*table_rows(settings, "playlists").to_table().to_pylist(), *again]
    replace(settings, "playlists", rows, "true")
    assert read_split(settings, NIGHT, DAYS).lists.tolist() == whole.lists.tolist()


def test_nothing_later_than_the_night_is_fitted_on(settings):
    """Poison: late listens of known days, other artists and features, plays after; the peers do not see
    any of it, and what landed after the week is not in the truth either."""
    write(settings)
    clean = read_split(settings, NIGHT, DAYS)
    poison = [
        listen("p1", "ada", "t7", -1, 200_000, None, landed=1),
        listen("p2", "cy", "t3", 0, 200_000, None, landed=DAYS),
        listen("p3", "bob", "t4", 2, 200_000, None, landed=DAYS + 1),
        listen("p4", "bob", "t2", DAYS + 1, 200_000, None),
        *(listen(f"p5{n}", "cy", "t4", 3, 200_000, None, landed=90) for n in range(50)),
    ]
    write(settings, listens=poison, tracks=[track(name, "Z", 1) for name in TRACKS])
    put(settings, "audio_features_history", [
        *(features(name, 0.1 * int(name[1])) for name in TRACKS[:7]),
        *(features(name, 9.0, 1) for name in TRACKS),
    ])  # fmt: skip
    poisoned = read_split(settings, NIGHT, DAYS)
    for name in ("heard", "plays", "decayed", "later"):
        assert (getattr(clean, name) != getattr(poisoned, name)).nnz == 0, name
    assert np.array_equal(clean.features, poisoned.features, equal_nan=True)
    known = slice(0, 7)
    assert np.array_equal(clean.credits.first[known], poisoned.credits.first[known])


def test_peers_do_not_depend_on_what_is_played_after_the_night(settings):
    write(settings)
    everything = {"discovery": np.ones((3, 8), bool)}

    def lists(name):
        split = read_split(settings, NIGHT, DAYS)
        return fitted_peer(split, name, 5, 2).lists(0, 3, everything)["discovery"].tolist()

    before = {name: lists(name) for name in PEERS if name != "iALS"}
    write(settings, listens=[listen(f"x{n}", "cy", "t7", 1 + n % 7, 200_000, None) for n in range(40)])
    assert {name: lists(name) for name in before} == before


def test_the_order_of_rows_and_of_merging_changes_nothing(settings, monkeypatch):
    write(settings)
    first = read_split(settings, NIGHT, DAYS)
    extra = [listen(f"e{n}", "ada", "t1", -n, 60_000, None) for n in range(1, 9)]
    write(settings, listens=extra)
    forward = read_split(settings, NIGHT, DAYS)
    write(settings, listens=extra[::-1])
    monkeypatch.setattr(split_module, "MERGE_PAIRS", 1)
    backward = read_split(settings, NIGHT, DAYS)
    assert (forward.decayed != backward.decayed).nnz == 0
    assert (forward.decayed != first.decayed).nnz == 1


def test_a_night_without_lists_has_none(settings):
    write(settings, night=NIGHT - timedelta(days=1))
    assert read_split(settings, NIGHT, DAYS).lists.size == 0


def test_without_listens_before_or_after_it_says_so(settings):
    with pytest.raises(NoInputError, match=f"no listen had landed by {NIGHT}"):
        read_split(settings, NIGHT, DAYS)
    write(settings)
    with pytest.raises(NoInputError, match=r"2026-06-21 to 2026-06-27 has landed.*pass fewer --days"):
        read_split(settings, NIGHT + timedelta(days=10), DAYS)


def test_a_listener_without_a_listen_but_with_a_list_is_judged(settings):
    write(settings, lists=LISTS | {"eve": [("t1", "popular")]})
    assert read_split(settings, NIGHT, DAYS).user_ids.to_pylist() == ["ada", "bob", "cy", "eve"]


def test_half_of_a_short_track_is_a_play_and_a_private_listen_is_none(settings):
    short = ("t9", "t9", ["A"], "A", None, None, 40_000, NIGHT, "f")
    listens = [
        listen("s1", "cy", "t9", 0, 20_000, None),
        listen("s2", "bob", "t9", 0, 19_999, None),
        (*listen("s3", "ada", "t9", 0, 40_000, None)[:8], True, *listen("", "", "", 0, 0, None)[9:]),
    ]
    write(settings, listens=listens, tracks=[short])
    split = read_split(settings, NIGHT, DAYS)
    assert {user for user, track in by_name(split, split.heard) if track == "t9"} == {"ada", "bob", "cy"}
    assert {user for user, track in by_name(split, split.plays) if track == "t9"} == {"cy"}


def test_a_tracks_duration_is_the_catalogs_and_else_that_of_the_features_known_first(settings):
    """Half of 40 s is a play. What lands after the night, of one kind or the other, changes no play of a
    track whose duration it knew; of a track that it did not know, what landed since counts."""
    names = ("featured", "listed", "listed since", "new", "none")
    write(
        settings,
        listens=[listen(name, "cy", name, 0, 20_000, None) for name in names],
        tracks=[
            length("listed", 40_000),
            length("listed", 200_000, 1),
            length("listed since", 200_000, 1),
        ],
    )
    put(settings, "audio_features_history", [
        *(features(name, 0.1 * int(name[1])) for name in TRACKS[:7]),
        *(features(name, 0.5, day, ms) for name, day, ms in (
            ("featured", -1, 200_000), ("featured", 0, 40_000), ("featured", 1, 200_000),
            ("listed", 0, 200_000), ("listed since", 0, 40_000), ("new", 1, 40_000), ("none", 0, 0),
        )),
    ])  # fmt: skip
    split = read_split(settings, NIGHT, DAYS)
    plays = by_name(split, split.plays)
    assert {name for user, name in plays if user == "cy"} - set(TRACKS) == {
        "featured", "listed", "listed since", "new",
    }  # fmt: skip


def length(name, duration_ms, day=0):
    """A row of tracks_history."""
    return (name, name, ["A"], "A", None, None, duration_ms, NIGHT + timedelta(days=day), "f")
