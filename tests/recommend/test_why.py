from datetime import UTC, date, datetime, timedelta

import pytest

from jobs.embedded.night_result import read_lists
from jobs.errors import UsageError
from jobs.recommend.why import why
from jobs.window import Window
from tests.evaluate.small_night import features, listen
from tests.tables import put

NIGHT = date(2026, 6, 10)
ALBUM = [
    "Song",
    "Song (Live)",
    "Second",
    "Third",
    "Fourth",
    "Solo",
    "Late",
    "Twin",
    "Twin",
    "Far",
    "Good",
]
ARTIST = ["A", "A", "A", "A", "A", "B", "B", "B", "C", "D", "E"]
IDS = [f"t{number:02d}" for number in range(len(ALBUM))]


def catalog(day_of_late=1):
    return [
        (track_id, title, [artist], artist, None, None, 180_000,
         NIGHT + timedelta(days=day_of_late if title == "Late" else 0), "f")
        for track_id, title, artist in zip(IDS, ALBUM, ARTIST, strict=True)
    ]  # fmt: skip


def said(kind, target, days=0):
    at = datetime(2026, 6, 8, 12, tzinfo=UTC) + timedelta(days=days)
    return ("ada", kind, target, at, (at + timedelta(days=1)).date(), "f")


def on_list(rank, track_id, night=NIGHT, user="ada"):
    return (
        night,
        user,
        rank,
        track_id,
        "",
        "",
        1.0,
        "exploit",
        "own_artist",
        f"Reason {rank}.",
        "{}",
        None,
        rank,
    )


@pytest.fixture
def ask(settings):
    """Ask about a track of a lake in which ada and bob have lists, and nothing else has happened."""

    def asked(wanted, **tables):
        rows = {
            "tracks_history": catalog(),
            "audio_features_history": [features(IDS[0], 0.5)],
            "playlists": [on_list(1, "t05"), on_list(1, "t09", user="bob")],
            "listens": [], "feedback_history": [], "candidates": [],
        } | tables  # fmt: skip
        for name, values in rows.items():
            put(settings, name, values)
        return why(settings, "ada", wanted, Window.night(NIGHT), read_lists(settings, "ada", NIGHT))

    return asked


def test_what_is_on_the_list_has_its_reason(ask):
    assert ask("t05") == "“Solo” by B (t05): number 1 of the list discover, as exploit. Reason 1."
    assert ask("solo") == ask("t05")


def test_what_was_heard_tells_when_and_in_which_version(ask):
    listens = [listen(1, "ada", "t01", -3, 1, None), listen(2, "ada", "t01", -5, 1, None)]
    listens += [listen(3, "bob", "t02", -1, 1, None), listen(4, "ada", "t03", 0, 1, None, landed=1)]
    # Days of that table count from the same night.
    assert ask("t01", listens=listens).endswith(": heard on 2026-06-05.")
    assert ask("t00", listens=listens).endswith(": heard on 2026-06-05 in another version (t01).")
    for unheard in ("t02", "t03"):
        assert "heard" not in ask(unheard, listens=listens)


def test_a_like_counts_as_heard_and_a_no_as_blocked(ask):
    feedback = [said("like", "t02"), said("dislike", "t03"), said("block_track", "t01"),
                said("block_artist", "D"), said("like", "t10", days=5)]  # fmt: skip
    assert ask("t02", feedback_history=feedback).endswith(": liked on 2026-06-08.")
    assert ask("t03", feedback_history=feedback).endswith(": turned down by dislike.")
    assert ask("t00", feedback_history=feedback).endswith("by block_track in another version (t01).")
    assert ask("t09", feedback_history=feedback).endswith(": its artist D is blocked.")
    assert "liked on" not in ask("t10", feedback_history=feedback)


@pytest.mark.parametrize(("days", "rests"), [(1, True), (7, True), (8, False)])
def test_what_was_offered_rests(ask, days, rests):
    earlier = NIGHT - timedelta(days=days)
    lists = [on_list(1, "t05"), on_list(4, "t00", earlier)]
    told = f": offered on {earlier}, as number 4: it rests for some nights."
    assert ask("t01", playlists=lists).endswith(told) == rests


def test_a_version_or_two_tracks_of_its_artist_on_the_list_leave_no_place(ask):
    assert ask("t01", playlists=[on_list(3, "t00")]).endswith(
        ": another version of it is number 3 of the list (t00)."
    )
    two = [on_list(1, "t02"), on_list(2, "t03")]
    assert ask("t04", playlists=two).endswith(": the list has 2 tracks of A already.")
    assert "already" not in ask("t04", playlists=two[:1])


def test_a_candidate_tells_its_rank_and_anything_else_that_it_is_none(ask):
    ranked = [(NIGHT, "ada", 31, "t10", 0.0123456, "popular", None, None),
              (NIGHT, "bob", 2, "t09", 0.5, "popular", None, None)]  # fmt: skip
    assert ask("t10", candidates=ranked).endswith(
        ": candidate number 31 (by popular, chance to be played 0.0123): "
        "others were likelier to be played and liked."
    )
    assert ask("t09", candidates=ranked).endswith(
        ": not among their 300 best candidates, and not drawn by its sound."
    )


def test_a_track_is_asked_for_by_one_id_or_one_title(ask):
    with pytest.raises(UsageError, match=r"2 tracks have the title 'twin', .*: t07 by B, t08 by C"):
        ask("twin")
    for unknown in ("nothing", "Late"):
        with pytest.raises(UsageError, match=f"no track with the id or the title '{unknown}'"):
            ask(unknown)
