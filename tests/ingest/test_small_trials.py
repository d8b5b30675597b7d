"""Files as people have them, small and invented, through a night of ingestion."""

import json

import pytest

from tests.ingest.test_several_logs import spotify
from tests.ingest.test_stage import rows, track

pytestmark = pytest.mark.spark
# The head of a widely used features file: an index without a name, a track once for each genre.
HEADER = (
    ",track_id,artists,track_name,duration_ms,danceability,energy,key,loudness,mode,speechiness,"
    "acousticness,instrumentalness,liveness,valence,tempo,time_signature,track_genre"
)


def line(n: int, track_id: str, *, ms=200_000, key=0, loudness=-11.3, tempo=135.7, meter=4, genre="pop"):
    named = f"{n},{track_id},A,T,{ms},0.2453,0.8162,{key},{loudness},1,0.2415,0.2714,1.01e-06,0.2808"
    return f"{named},0.288,{tempo},{meter},{genre}"


def test_a_features_file_with_a_row_for_each_genre_and_what_was_not_detected(
    settings, land, ingest, spark
):
    lines = [
        HEADER, line(0, "a"), line(1000, "a", genre="folk"), line(2000, "a", genre="rock"),
        line(3, "b", tempo=0.0, meter=0), line(4, "c", meter=0), line(5, "d", loudness=1.23),
        line(6, "e", key=-1), line(7, "f", ms=0),
    ]  # fmt: skip
    land("audio_features", "\n".join(lines).encode(), "dataset.csv")
    summary = ingest()
    assert summary["details"]["kinds"]["audio_features"] == {
        "files": 1, "read": 8, "accepted": 5, "quarantined": 1, "duplicate": 2,
    }  # fmt: skip
    assert rows(settings, "audio_features", "track_id", "tempo", "key", "time_signature") == [
        ("a", 135.7, 0, 4), ("b", None, 0, None), ("c", 135.7, 0, None), ("d", 135.7, 0, 4),
        ("e", 135.7, None, 4),
    ]  # fmt: skip
    assert rows(settings, "audio_features_quarantine", "line", "rule") == [
        (9, "out of range: duration_ms")
    ]
    ((notes, unknown),) = rows(settings, "landing_files", "notes", "unknown_columns")
    assert notes[:3] == [
        "key: not detected in 1 rows: null",
        "tempo: not detected in 1 rows: null",
        "time_signature: not detected in 2 rows: null",
    ]
    assert unknown == ["", "artists", "track_genre", "track_name"]


def test_exports_with_the_same_file_names_are_of_the_accounts_that_they_name(
    settings, land, ingest, spark
):
    land("tracks", [track(n) for n in range(3)])
    for folder, account, plays in (("one", "dora.k", (0, 1)), ("two", "emil_w", (0,))):
        body = [spotify(n, 240 * n, username=account) for n in plays]
        land("listens", json.dumps(body).encode(), f"export-{folder}/MyData/endsong_0.json")
        land("listens", json.dumps([spotify(0, 0)]).encode(), f"unnamed-{folder}/endsong_0.json")
    refused = ingest()["details"]["files_refused"]
    assert rows(settings, "listens", "user_id", "track_id") == [
        ("dora.k", "t0"), ("dora.k", "t1"), ("emil_w", "t0"),
    ]  # fmt: skip
    assert len(refused) == 2
    assert all("user=<id>/" in why for why in refused.values())


def test_a_name_finds_its_recording_and_no_other_version(settings, land, ingest, spark):
    titles = ("Lanterns", "Lanterns - 2018 Remaster", "Lanterns - Live", "Lanterns II", "C", "C#")
    land("tracks", [track(n, title=title, artist="Ode") for n, title in enumerate(titles)])
    heard = ("LANTERNS (feat. Ravn)", "Lanterns (Live)", "Lanterns II", "C#", "Lanterns III")
    plays = "".join(f"178256160{n},Ode,LP,{title}\n" for n, title in enumerate(heard))
    land("listens", f"uts,artist,album,track\n{plays}".encode(), "user=yara/s.csv")
    ingest()
    found = [track_id for (track_id,) in rows(settings, "listens", "track_id")]
    assert sorted(found)[-4:] == ["t0", "t2", "t3", "t5"]
    assert sorted(found)[0].startswith("name-")


def test_what_a_rule_rejects_is_told_with_its_value(settings, land, ingest, spark):
    lines = [HEADER, line(0, "a", loudness=-300.5), line(1, "b", ms=0), line(2, "c")]
    land("audio_features", "\n".join(lines).encode(), "features.csv")
    heard = {"user_id": "u", "track_id": "a", "ms_played": 200_000}
    times = ("1970-01-01T00:00:05Z", "2026-06-30T10:00:00Z")
    land("listens", [heard | {"listened_at": at} for at in times])
    said = {"user_id": "u", "target_id": "a", "at": times[1]}
    dial = {"kind": "list_length", "target_id": "ten", "at": "2026-06-28T10:00:00Z"}
    land("feedback", [said | {"kind": "Like\u2028x"}, said | {"kind": "like"}, said | dial])
    ingest()
    assert rows(settings, "audio_features_quarantine", "reason") == [
        ("duration_ms is not above 0 and at most a day (0)",),
        ("loudness is not -100 to 20 dB (-300.5)",),
    ]
    assert rows(settings, "listens_quarantine", "reason") == [
        ("listened_at is after the day on which the row landed (2026-06-30 10:00:00)",),
        ("listened_at is before 2002-01-01: a clock that was never set (1970-01-01 00:00:05)",),
    ]
    assert rows(settings, "feedback_quarantine", "reason") == [
        ("at is after the day on which the row landed (2026-06-30 10:00:00)",),
        (
            "kind is not one of like, dislike, block_artist, block_track, exclude, list_length, "
            "adventurousness, known_share, explicit (Like?x)",
        ),
        ("the target of list_length is its value, a whole number from 1 to 100 (ten)",),
    ]
