"""Listeners whose plays several files tell of: one play a play, whatever comes first."""

import json
from datetime import date

import pytest

from jobs.ingest.stage import ingest_landing
from jobs.settings import IngestSettings
from jobs.stage import Night
from jobs.window import Window
from tests.ingest.test_stage import elsewhere, lake_content, rows, track

pytestmark = pytest.mark.spark
D26, D27, D28 = (date(2026, 6, day) for day in (26, 27, 28))
SONGS = ("Lanterns", "Undertow", "Harbour")
# 12:00, 12:04 and 12:08 of the 27th, as seconds since 1970.
NOON = 1_782_561_600


def catalog(land, day=D27):
    land("tracks", [track(n, title=title, artist="Mira") for n, title in enumerate(SONGS)], day=day)


def spotify(n, at, **changes):
    ended = f"2026-06-27T12:{(at + 200) // 60:02}:{(at + 200) % 60:02}Z"
    return {
        "ts": ended, "ms_played": 200_000, "master_metadata_track_name": SONGS[n],
        "master_metadata_album_artist_name": "Mira", "spotify_track_uri": f"spotify:track:t{n}",
        "reason_end": "trackdone", "skipped": False, "incognito_mode": False,
    } | changes  # fmt: skip


def brainz(n, at, **more):
    return {
        "listened_at": NOON + at,
        "track_metadata": {
            "track_name": SONGS[n], "artist_name": "Mira",
            "additional_info": {"duration_ms": 200_000} | more,
        },
    }  # fmt: skip


def lastfm(*plays):
    lines = [f"{NOON + at},Mira,LP,{SONGS[n]}" for n, at in plays]
    return "\n".join(["uts,artist,album,track", *lines, ""]).encode()


def lay_three_logs(land, day=D28):
    heard = [(n, 240 * n) for n in range(3)]
    land("listens", json.dumps([spotify(*play) for play in heard]).encode(), "user=yan/s.json", day)
    land("listens", lastfm(*((n, at + 2) for n, at in heard)), "user=yan/l.csv", day)
    # The same second as Spotify's, with its id: the same listen_id.
    of_spotify = [brainz(n, at, spotify_id=f"https://open.spotify.com/track/t{n}") for n, at in heard]
    land("listens", of_spotify, "user=yan/listens/2026/6.jsonl", day)


def test_three_services_tell_of_the_same_plays(settings, land, ingest, spark):
    catalog(land)
    lay_three_logs(land)
    summary = ingest()
    assert rows(settings, "listens", "track_id", "ms_played", "source", "end_reason") == [
        (f"t{n}", 200_000, "spotify", "trackdone") for n in range(3)
    ]  # fmt: skip
    assert summary["rows_rejected"] == 0
    assert summary["details"]["kinds"]["listens"]["duplicate"] == 6
    counts = rows(
        settings, "landing_files", "landing_file", "rows_read", "rows_duplicate", "rows_retold"
    )
    of_yan = {name.rsplit("/", 1)[1]: tuple(n) for name, *n in counts if "yan" in name}
    assert of_yan == {"s.json": (3, 0, 0), "l.csv": (3, 3, 3), "6.jsonl": (3, 3, 3)}
    evidence = rows(settings, "listens_quarantine", "rule", "reason", "line", "raw")
    assert {rule for rule, *_ in evidence} == {"same play"} and len(evidence) == 6
    assert any("s.json tells too, 2 s apart" in reason for _, reason, *_ in evidence)
    assert all(raw for *_, raw in evidence)
    notes = summary["details"]["notes"]["listens/date=2026-06-28/user=yan/l.csv"]
    assert notes[0].startswith("3 rows tell again of plays that are there (in listens/date=2026-06-28/")


def test_the_setting_leaves_each_log_to_itself(settings, land, spark):
    catalog(land)
    land("listens", json.dumps([spotify(0, 0)]).encode(), "user=yan/s.json")
    land("listens", lastfm((0, 2)), "user=yan/l.csv")
    apart = settings.model_copy(update={"ingest": IngestSettings(same_play_s=0)})
    ingest_landing(Night(Window.night(D28), apart))
    assert len(rows(settings, "listens", "listen_id")) == 2


def test_a_producers_feed_and_a_listeners_log_are_one_and_other_listeners_keep_theirs(
    settings, land, ingest, spark
):
    catalog(land)
    feed = [
        {"listen_id": f"{user}-{n}", "user_id": user, "track_id": "t0", "ms_played": 200_000,
         "listened_at": f"2026-06-27T12:0{n}:00Z"}
        for user in ("yan", "zoe") for n in (0, 1)
    ]  # fmt: skip
    land("listens", feed, "feed.jsonl")
    land("listens", lastfm((0, 5)), "user=yan/l.csv")
    ingest()
    assert rows(settings, "listens", "listen_id") == [("yan-0",), ("yan-1",), ("zoe-0",), ("zoe-1",)]


@pytest.mark.parametrize("order", [(D26, D27, D28), (D28,), (D27, D28), (D28, D27)])
def test_logs_of_several_days_give_the_same_plays_in_any_order(settings, land, spark, tmp_path, order):
    catalog(land, D26)
    land("listens", lastfm((0, 3), (1, 243)), "user=yan/l.csv", D27)
    land("listens", json.dumps([spotify(0, 0), spotify(2, 480)]).encode(), "user=yan/s.json", D28)
    for day in order:
        ingest_landing(Night(Window.night(day), settings))
    assert rows(settings, "listens", "track_id", "source", "landed_on") == [
        ("t0", "lastfm", D27), ("t1", "lastfm", D27), ("t2", "spotify", D28),
    ]  # fmt: skip


def test_a_log_that_comes_late_into_an_earlier_day_takes_its_place(
    settings, land, ingest, spark, tmp_path
):
    catalog(land, D26)
    land("listens", json.dumps([spotify(0, 0)]).encode(), "user=yan/s.json", D28)
    shared = {"listen_id": "x", "user_id": "u", "track_id": "t1", "ms_played": 9,
              "listened_at": "2026-06-27T09:00:00Z"}  # fmt: skip
    land(
        "listens",
        [shared | {"ms_played": 8}, shared | {"listen_id": "v", "user_id": "v"}],
        "b.jsonl",
        D28,
    )
    ingest(D28)
    land("listens", lastfm((0, 3)), "user=yan/l.csv", D27)
    land("listens", [shared], "a.jsonl", D27)
    ingest(D28)
    late = lake_content(settings)
    assert rows(settings, "listens", "listen_id", "ms_played", "landed_on")[-1] == ("x", 9, D27)
    other = elsewhere(settings, tmp_path / "other")
    for day in (D27, D28):
        ingest_landing(Night(Window.night(day), other))
    assert lake_content(other) == late
    counts = dict(rows(settings, "landing_files", "landing_file", "rows_duplicate"))
    assert counts["listens/date=2026-06-28/b.jsonl"] == 1


def test_rows_of_one_play_are_merged_the_fuller_first_then_the_later(settings, land, ingest, spark):
    row = {"listen_id": "x", "user_id": "u", "track_id": "t", "listened_at": "2026-06-28T09:00:00Z"}
    other = row | {"listen_id": "y"}
    third = row | {"listen_id": "z"}
    land("listens", [
        row | {"ms_played": 240_000, "playlist_id": "p"},
        row | {"ms_played": 90_000, "skipped": True, "source": "app"},
        other | {"ms_played": 5, "skipped": True}, other | {"ms_played": 6, "skipped": False},
        third | {"ms_played": 1}, third | {"ms_played": 1, "track_id": "other"},
    ])  # fmt: skip
    assert ingest()["rows_rejected"] == 1
    merged = {name: values for name, *values in rows(
        settings, "listens", "listen_id", "ms_played", "skipped", "source", "playlist_id"
    )}  # fmt: skip
    assert merged["x"] == [90_000, True, "app", "p"]
    assert merged["y"] == [6, False, None, None]
    assert sorted(rule for (rule,) in rows(settings, "listens_quarantine", "rule")) == [
        "conflicting listen_id", "same play", "same play",
    ]  # fmt: skip


def test_a_count_that_lands_again_adds_what_it_counts_more(settings, land, ingest, spark):
    land("listens", b"user_id\ttrack_id\tplays\nu\tt\t2\nv\tt\t1\n", "counts.tsv", D26)
    ingest(D26)
    land("listens", b"user_id\ttrack_id\tplays\nu\tt\t3\nv\tt\t1\n", "counts.tsv", D28)
    assert ingest(D28)["details"]["kinds"]["listens"]["duplicate"] == 3
    assert rows(settings, "listens", "user_id", "landed_on") == [
        ("u", D26), ("u", D26), ("u", D28), ("v", D26),
    ]  # fmt: skip


def test_a_catalog_that_comes_after_the_plays_gives_them_their_ids(settings, land, ingest, spark):
    land("listens", lastfm((0, 0), (1, 240)), "user=yan/l.csv")
    land("tracks", [track(9)])
    ingest()
    assert all(track_id.startswith("name-") for (track_id,) in rows(settings, "listens", "track_id"))
    catalog(land)
    ingest()
    assert rows(settings, "listens", "user_id", "track_id") == [("yan", "t0"), ("yan", "t1")]
    assert rows(settings, "landing_files", "kind", "rows_accepted") == [
        ("listens", 2), ("tracks", 1), ("tracks", 3),
    ]  # fmt: skip
