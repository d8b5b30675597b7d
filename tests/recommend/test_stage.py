from datetime import UTC, date, datetime, timedelta

import pytest

from jobs.errors import NoInputError, UsageError
from jobs.recommend.playlists import PlaylistRules
from jobs.recommend.preview import preview, set_for_preview
from jobs.recommend.stage import playlist_rules, promoted_model, recommend
from jobs.settings import NeighborsSettings, RecommendSettings, load_settings
from jobs.stage import Night
from jobs.window import Window
from tests.recommend.town import fixed
from tests.tables import put

DAY = date(2026, 6, 28)
AT = datetime(2026, 6, 28, 12, tzinfo=UTC)
LANDED = (DAY, "f")
TRACKS = [(f"t{n}", f"Title {n}", [f"artist-{n % 4}"], f"Artist {n % 4}") for n in range(8)]


def listen(n, user, track, days_ago=0):
    at = AT - timedelta(days=days_ago)
    return (f"l{n}", user, track, at, 200_000, False, None, None, None, None, at.date(), *LANDED)


@pytest.fixture
def town(lake, settings):
    """Two neighbors "a" and "b"; "new" has plays that nobody rates; artist-2 is blocked by "a".

    "b" heard t6 before the lookback, "lapsed" heard nothing since; "signed up" with a like."""
    put(settings, "tracks_history", [(*track, None, None, 200_000, *LANDED) for track in TRACKS])
    vector = (0.5, 0.5, 1, -9.0, 1, 0.1, 0.1, 0.1, 0.1, 0.5, 120.0, 200_000, 4)
    features = [(track[0], 0.1 * n, *vector[1:], "given", *LANDED) for n, track in enumerate(TRACKS[:7])]
    put(settings, "audio_features_history", features)
    plays = [("a", "t0"), ("a", "gone"), ("b", "t0"), ("b", "t1"), ("b", "t2"), ("new", "gone"),
             ("b", "t6", 366), ("lapsed", "t0", 366)]  # fmt: skip
    put(settings, "listens", [listen(n, *play) for n, play in enumerate(plays)])
    words = [("a", "block_artist", "artist-2"), ("a", "like", "t5"), ("b", "dislike", "t3"),
             ("signed up", "like", "t4")]  # fmt: skip
    put(settings, "feedback_history", [(*word, AT, *LANDED) for word in words])
    rated = [("a", "t0", 1.0), ("a", "gone", 1.0), ("b", "t0", 1.0), ("b", "t1", 2.0), ("b", "t2", 1.0)]
    put(settings, "ratings", [(DAY, *one, 1, 0, AT) for one in rated])
    centroid = [0.1, *(float(value) for value in vector[1:])]
    put(settings, "taste_profiles", [(DAY, user, 0, 1.0, 1, centroid) for user in ("a", "b")])
    put(settings, "neighbors", [(DAY, "a", "b", 0.9, 3, 0.8, 1, "most_similar")])
    put(settings, "candidates", [(DAY, "b", 1, "t4", 0.5, "own_artists", None, None)])
    return lake


def lists(lake):
    rows = lake.read("playlists_staged", DAY).orderBy("user_id", "rank").collect()
    found = {
        user: [row for row in rows if row.user_id == user] for user in {row.user_id for row in rows}
    }
    assert all([row.rank for row in rows] == list(range(1, len(rows) + 1)) for rows in found.values())
    return found


@pytest.mark.spark
def test_every_listener_with_a_listen_gets_the_same_list_and_funnel_in_every_run(town, settings):
    night = Night(Window.night(DAY), settings)
    recommend(night)
    found = lists(town)
    tracks = {user: {row.track_id for row in rows} for user, rows in found.items()}
    assert tracks == {
        "a": {"t1", "t3", "t4", "t7"},
        "b": {"t4", "t5", "t7"},
        "new": {f"t{n}" for n in range(8)},
        "signed up": {f"t{n}" for n in range(8) if n != 4},
    }
    by_track = {row.track_id: row for row in found["a"]}
    # One neighbor plays it: who that is must not show.
    assert (by_track["t1"].strategy, by_track["t1"].reason_kind) == ("neighbors", "popular")
    assert (found["b"][0].track_id, found["b"][0].strategy) == ("t4", "exploit")
    assert {row.strategy for row in found["new"]} == {"popular"}
    funnel = town.read("playlist_funnel", DAY).where("user_id = 'a'").orderBy("step").collect()
    assert [(row["filter"], row.n_before, row.n_after) for row in funnel][:2] == [
        ("heard", 8, 6),
        ("blocked", 6, 4),
    ]
    assert (night.summary.rows_in, night.summary.rows_out) == (4, 22)
    assert night.summary.details["n_short"] == 4
    recommend(Night(Window.night(DAY), settings))
    assert lists(town) == found


@pytest.mark.spark
def test_a_preview_is_the_list_of_the_stage_and_writes_nothing(town, settings):
    night = Night(Window.night(DAY), settings)
    recommend(night)
    versions = town.versions("playlists_staged", "playlist_funnel")
    rows = preview(night, "b", "discover")
    assert rows == [{name: row[name] for name in rows[0]} for row in lists(town)["b"]]
    short = settings.model_copy(update={"recommend": RecommendSettings(n_tracks=2)})
    shorter = preview(Night(Window.night(DAY), short), "b", "discover")
    assert [row["track_id"] for row in shorter] == [row["track_id"] for row in rows[:2]]
    with pytest.raises(UsageError, match="2026-06-28 makes no list for 'lapsed'"):
        preview(night, "lapsed", "discover")
    with pytest.raises(UsageError, match="2026-06-28 makes no list new_releases for 'b'"):
        preview(night, "b", "new_releases")
    assert town.versions("playlists_staged", "playlist_funnel") == versions


@pytest.mark.parametrize("text", ["like_weight", "=1", "recommend.like_weight=1", ""])
def test_a_change_that_is_no_name_and_value_is_refused(text):
    with pytest.raises(UsageError, match="give name=value"):
        set_for_preview([text])


def test_changes_are_settings_of_recommend(monkeypatch):
    monkeypatch.setenv("NOCTURNE__RECOMMEND__LIKE_WEIGHT", "3")
    set_for_preview(["like_weight=1.5"])
    assert load_settings().recommend.like_weight == 1.5


@pytest.mark.spark
def test_what_stood_on_a_list_of_the_last_nights_rests(town, settings):
    def put_lists(*nights_ago):
        said = ("", "", 1.0, "exploit", "k", "r", "{}", None, None)
        rows = [(DAY - timedelta(days=ago), "b", 1, "t7", *said) for ago in nights_ago]
        put(settings, "playlists", rows)
        recommend(Night(Window.night(DAY), settings))
        return {row.track_id: row.strategy for row in lists(town)["b"]}["t7"]

    assert put_lists(8) == "popular"
    assert put_lists(7) == "returning"


@pytest.mark.spark
@pytest.mark.spark
def test_what_was_loved_comes_again_and_what_came_out_is_offered_until_it_is_heard(town, settings):
    released = {"t4": "2026-06-20", "t7": "2026-06-01", "t5": "2026-05-31", "t0": "2026-06-20"}
    put(settings, "tracks_history", [
        (*track, None, released.get(track[0]), 200_000, *LANDED) for track in TRACKS
    ])  # fmt: skip
    first, last = AT - timedelta(days=29), AT - timedelta(days=20)
    rows = [(DAY, "b", track, 1.0, 4, 0, last, first) for track in ("t0", "t1", "t3")]
    put(settings, "ratings", [*rows, (DAY, "b", "t2", 1.0, 4, 0, AT, first)])

    def other_lists(*offered):
        said = ("", "", 1.0, "s", "k", "r", "{}", None, None)
        before = [(DAY - timedelta(days=1), "b", 1, track, *said, name) for name, track in offered]
        put(settings, "playlists", before)
        recommend(Night(Window.night(DAY), settings))
        rows = town.read("playlists_staged", DAY).where("user_id = 'b'").orderBy("playlist", "rank")
        others = [(row.playlist, row.track_id) for row in rows.collect() if row.playlist != "discover"]
        assert {row.strategy for row in rows.collect()} >= {name for name, _ in others}
        return others

    # They dislike t3, heard t2 today and t0 ever.
    new = [("new_releases", "t4"), ("new_releases", "t7")]
    assert other_lists() == [*new, ("rediscover", "t0"), ("rediscover", "t1")]
    offered = [("new_releases", "t4"), ("rediscover", "t0"), ("discover", "t1")]
    assert other_lists(*offered) == [*new, ("rediscover", "t1")]
    only = settings.model_copy(update={"recommend": RecommendSettings(lists=())})
    recommend(Night(Window.night(DAY), only))
    assert town.read("playlists_staged", DAY).where("playlist <> 'discover'").count() == 0


def test_no_catalog_is_said(lake, settings):
    with pytest.raises(NoInputError, match="no track had landed by 2026-06-28"):
        recommend(Night(Window.night(DAY), settings))


@pytest.mark.parametrize("support", ["co_rated", "all"])
def test_every_rule_is_a_setting(settings, support):
    chosen = RecommendSettings(
        n_tracks=7,
        artist_cap=3,
        new_artist_share=0.3,
        explore_floor=0.1,
        explore_ceiling=0.4,
        n_candidates=99,
        like_weight=0.5,
        lists=("rediscover",),
        release_days=8,
        reach_weight=0.25,
    )
    neighbors = NeighborsSettings(support=support)
    settings = settings.model_copy(update={"seed": 5, "recommend": chosen, "neighbors": neighbors})
    explore = fixed(0.4)
    assert playlist_rules(
        Night(Window(DAY, DAY + timedelta(days=3)), settings), explore
    ) == PlaylistRules(
        night=DAY + timedelta(days=2),
        seed=5,
        lists=frozenset({"rediscover"}),
        n_tracks=7,
        artist_cap=3,
        new_artist_share=0.3,
        explore=explore,
        n_candidates=99,
        like_weight=0.5,
        release_days=8,
        reach_weight=0.25,
        support=support,
    )


def test_without_a_promoted_network_there_is_no_model(settings):
    assert promoted_model(Night(Window.night(DAY), settings)) is None
