"""Nights of ingestion: what is in the tables after them."""

import json
import random
from datetime import date, timedelta
from pathlib import Path

import pytest

from jobs.errors import NoInputError
from jobs.ingest.arrival import StillLandingError
from jobs.ingest.landing_files import FileCount
from jobs.ingest.names import name_id
from jobs.ingest.stage import ingest_landing
from jobs.lake.arrow import open_table, table_rows
from jobs.settings import IngestSettings, Settings
from jobs.stage import Night
from jobs.window import Window

pytestmark = pytest.mark.spark

D26, D27, D28 = (date(2026, 6, day) for day in (26, 27, 28))


def listen(n: int, day: date = D28, **changes) -> dict:
    row = {
        "listen_id": f"l-{n}", "user_id": f"u{n % 3}", "track_id": f"t{n % 5}",
        "listened_at": f"{day}T12:{n // 60 % 60:02}:{n % 60:02}+00:00", "ms_played": 1000 + n,
        "skipped": n % 2 == 0, "source": "library",
    }  # fmt: skip
    return {name: value for name, value in (row | changes).items() if value is not ...}


def track(n: int, **changes) -> dict:
    row = {"track_id": f"t{n}", "title": f"T{n}", "artist_id": "a", "artist": "A", "duration_ms": 9}
    return row | changes


def features(n: int, **changes) -> dict:
    row = dict.fromkeys(
        ("danceability", "energy", "speechiness", "acousticness", "instrumentalness", "liveness",
         "valence"), 0.5,
    )  # fmt: skip
    whole = {"key": 1, "mode": 1, "duration_ms": 9, "time_signature": 4}
    return {"track_id": f"t{n}", **row, "loudness": -5.0, "tempo": 120.0, **whole} | changes


def rows(settings: Settings, table: str, *columns: str) -> list[tuple]:
    found = table_rows(settings, table).to_table(list(columns)).to_pylist()
    return sorted((tuple(row[c] for c in columns) for row in found), key=repr)


CONTENT = {
    "listens": (
        "listen_id",
        "user_id",
        "track_id",
        "listened_at",
        "ms_played",
        "skipped",
        "listened_on",
    ),
    "tracks": ("track_id", "title", "artist_ids", "first_seen_on"),
    "tracks_history": ("track_id", "title", "landed_on", "landing_file"),
    "audio_features": ("track_id", "energy", "updated_on"),
    "audio_features_history": ("track_id", "energy", "landed_on"),
    "feedback": ("user_id", "kind", "target_id", "at"),
    "feedback_history": ("user_id", "kind", "target_id", "at", "landed_on"),
    "listens_quarantine": ("landing_file", "line", "rule", "raw"),
    "landing_files": ("landing_file", "fingerprint", "rows_read", "rows_accepted", "rows_duplicate"),
}


def lake_content(settings: Settings) -> dict[str, list[tuple]]:
    return {name: rows(settings, name, *columns) for name, columns in CONTENT.items()}


def versions(settings: Settings) -> dict[str, int]:
    return {name: table.version() for name in CONTENT if (table := open_table(settings, name))}


def elsewhere(settings: Settings, folder: Path) -> Settings:
    """The same settings with another lake."""
    return settings.model_copy(update={"lake": settings.lake.model_copy(update={"root": str(folder)})})


def test_a_night_fills_every_table_and_again_changes_nothing(settings, land, ingest, spark):
    land("listens", [listen(1), listen(2, listen_id=...), listen(3, user_id="")], "a.jsonl.gz")
    # Repeated in the file and in others, and one id for two plays.
    land("listens", [listen(1), listen(5), listen(5), listen(6, listen_id="l-5")], "b 5%\n'.jsonl")
    land("listens", [listen(2, listen_id=...)], "c.jsonl")
    land("tracks", [track(1), track(2, artist_id=None, artist_ids=["a", "b"])])
    land("audio_features", [features(1)])
    land("feedback", [{"user_id": "u", "kind": "like", "target_id": "t1", "at": "2026-06-28T01:00:00Z"}])
    summary = ingest()
    assert (summary["rows_in"], summary["rows_out"], summary["rows_rejected"]) == (12, 7, 2)
    assert summary["details"]["kinds"]["listens"] == {
        "files": 3, "read": 8, "accepted": 3, "quarantined": 2, "duplicate": 3,
    }  # fmt: skip
    assert rows(settings, "tracks", "track_id", "artist_ids") == [("t1", ["a"]), ("t2", ["a", "b"])]
    assert rows(settings, "audio_features", "track_id", "energy", "source") == [("t1", 0.5, "given")]
    given, made = zip(*rows(settings, "listens", "listen_id", "track_id"), strict=True)
    assert [name for name in given if name.startswith("l-")] == ["l-1", "l-5"]
    assert [len(name) for name in given if name.startswith("n-")] == [34] and "t2" in made
    entries = rows(settings, "listens_quarantine", "rule", "line", "raw")
    assert [(rule, line) for rule, line, _ in entries][1] == ("missing field: user_id", 3)
    rule, line, raw = entries[0]
    assert (
        rule == "conflicting listen_id" and line in (2, 3, 4) and json.loads(raw)["listen_id"] == "l-5"
    )
    before = versions(settings)
    again = ingest()
    assert versions(settings) == before
    assert again["details"]["files_ingested"] == 0
    assert (again["rows_in"], again["rows_out"], again["rows_rejected"]) == (12, 7, 2)


def test_a_corrected_file_replaces_its_rows_and_revives_what_yielded_to_them(
    settings, land, ingest, spark
):
    plays = [listen(7), listen(8, listen_id="l-7")]
    land("listens", [listen(1), listen(2)], "a.jsonl")
    land("listens", [listen(2), listen(3), *plays], "b.jsonl")
    cut = land("listens", [listen(4)], "cut.jsonl.gz")
    whole = cut.read_bytes()
    cut.write_bytes(whole[:-6])
    land("tracks", [track(1), track(2)])
    land("tracks", [track(2, title="new")], "z.jsonl")
    details = ingest()["details"]
    assert list(details["files_refused"]) == ["listens/date=2026-06-28/cut.jsonl.gz"]
    assert dict(rows(settings, "listens", "listen_id", "landing_file"))["l-2"].endswith("a.jsonl")
    winner = dict(rows(settings, "listens", "listen_id", "ms_played"))["l-7"]
    assert (None, "truncated file") in rows(settings, "listens_quarantine", "line", "rule")

    land("listens", [listen(1, ms_played=7)], "a.jsonl")
    land("listens", [*plays[::-1], listen(2), listen(3)], "b.jsonl")
    cut.write_bytes(whole)
    land("tracks", [track(1, title="other")])
    assert ingest()["details"]["files_refused"] == {}
    assert rows(settings, "listens", "listen_id", "ms_played") == [
        ("l-1", 7), ("l-2", 1002), ("l-3", 1003), ("l-4", 1004), ("l-7", winner),
    ]  # fmt: skip
    assert rows(settings, "tracks", "track_id", "title") == [("t1", "other"), ("t2", "new")]
    assert rows(settings, "listens_quarantine", "rule") == [("conflicting listen_id",)]


def test_nights_in_any_order_give_the_same_tables(settings, land, ingest, spark, tmp_path):
    for nth, day in enumerate((D27, D28)):
        plays = [listen(n, day) for n in range(nth * 10, nth * 10 + 10)]
        late = [listen(50 + nth, D26), listen(1, D27), listen(9 + nth, D28, listen_id="x")][: 2 + nth]
        land("listens", [*plays, *late], day=day)
        land("tracks", [track(1, title=f"seen {nth}"), track(nth + 2)], day=day)
        land("audio_features", [features(1, energy=nth / 10)], day=day)
        word = {"user_id": "u", "kind": "like", "target_id": "t1"}
        land("feedback", [word | {"at": f"{D26}T0{5 - nth}:00:00Z"}], day=day)
    ingest(D27)
    ingest(D28)
    in_order = lake_content(settings)
    other = elsewhere(settings, tmp_path / "other")
    for day in (D28, D27):
        ingest_landing(Night(Window.night(day), other))
    assert lake_content(other) == in_order
    assert dict(rows(settings, "tracks", "track_id", "first_seen_on")) == {
        "t1": D27,
        "t2": D27,
        "t3": D28,
    }
    assert dict(rows(settings, "tracks", "track_id", "title"))["t1"] == "seen 1"
    assert rows(settings, "audio_features", "energy", "updated_on") == [(0.1, D28)]
    ((at,),) = rows(settings, "feedback", "at")
    assert at.hour == 5 and len(rows(settings, "feedback_history", "at")) == 2


def test_a_month_landed_twice_shuffled_late_and_repeated_is_the_clean_month(
    settings, land, ingest, spark
):
    """5 % of plays and words land late, 2 % of all rows land twice, and then everything once more."""
    dice = random.Random(7)
    days = [date(2026, 6, 1) + timedelta(days=n) for n in range(30)]
    clean = {
        "listens": [listen(n, days[n // 40], ms_played=10_000 + n) for n in range(1200)],
        "tracks": [track(n % 100, title=f"T{n}") for n in range(300)],
        "audio_features": [features(n % 100, energy=n / 300) for n in range(300)],
        "feedback": [
            {"user_id": f"u{n % 9}", "kind": "like", "target_id": f"t{n % 50}",
             "at": f"{days[n // 20]}T12:00:{n % 20:02}+00:00"}
            for n in range(600)
        ],
    }  # fmt: skip
    for kind, words in clean.items():
        landed: dict[date, list[dict]] = {day: [] for day in days}
        for nth, row in enumerate(words):
            late = kind in ("listens", "feedback") and dice.random() < 0.05
            at = nth * 30 // len(words) + (dice.randint(1, 5) if late else 0)
            landed[days[min(at, 29)]].extend([row] * (2 if dice.random() < 0.02 else 1))
        for day, given in landed.items():
            land(kind, dice.sample(given, len(given)), day=day)
            land(kind, dice.sample(given, len(given)), "again.jsonl", day=day)
    ingest(days[14])
    ingest(days[29])
    plays = rows(settings, "listens", *clean["listens"][0], "listened_on")
    assert [(*row[:3], row[3].isoformat(), *row[4:7], str(row[7])) for row in plays] == sorted(
        ((*play.values(), play["listened_at"][:10]) for play in clean["listens"]), key=repr
    )
    assert rows(settings, "tracks", "track_id", "title") == sorted(
        (row["track_id"], row["title"]) for row in clean["tracks"][200:]
    )
    assert rows(settings, "audio_features", "track_id", "energy") == sorted(
        (row["track_id"], row["energy"]) for row in clean["audio_features"][200:]
    )
    words = rows(settings, "feedback_history", "user_id", "kind", "target_id", "at")
    assert sorted((*row[:3], row[3].isoformat()) for row in words) == sorted(
        tuple(word.values()) for word in clean["feedback"]
    )
    latest = {(w["user_id"], w["target_id"]): w["at"] for w in clean["feedback"]}
    now = rows(settings, "feedback", "user_id", "target_id", "at")
    assert {row[:2]: row[2].isoformat() for row in now} == latest
    counts = rows(settings, "landing_files", "rows_read", "rows_accepted", "rows_duplicate")
    assert all(read == accepted + duplicate for read, accepted, duplicate in counts)


def test_late_plays_and_belated_files_are_told(settings, land, ingest, spark):
    night = Night(Window.night(D28), settings)
    for day in (D26, D27):
        night.store.put(f"ledger/{day}/ingest.json", b"{}")
    land("listens", [listen(3, D28), listen(4, D26)], day=D28)
    details = ingest(D28)["details"]
    assert details["late_plays"] == {"2026-06-26": 1}
    assert details["stale_nights"] == {
        "2026-06-26": "1 of its plays landed later and count from 2026-06-28 on"
    }
    land("listens", [listen(5, D27)], "belated.jsonl", day=D27)
    assert ingest(D28)["details"]["stale_nights"] == {
        "2026-06-27": "made before its files came; re-run with: nocturne night --date 2026-06-27"
    }
    assert len(rows(settings, "listens", "listen_id")) == 3


def test_a_play_that_comes_again_with_another_day_is_not_taken_twice(settings, land, ingest, spark):
    land("listens", [listen(1, D27), listen(2, D27)], day=D27)
    ingest(D27)
    land("listens", [listen(1, D28), listen(3, D28)], day=D28)
    assert ingest(D28)["rows_rejected"] == 1
    assert rows(settings, "listens", "listen_id", "listened_on") == [
        ("l-1", D27), ("l-2", D27), ("l-3", D28),
    ]  # fmt: skip
    assert rows(settings, "listens_quarantine", "rule", "line") == [("conflicting listen_id", 1)]


def test_a_log_of_names_is_matched_to_the_tracks_that_had_landed(settings, land, spark):
    land("tracks", [track(1, title="Parabola", artist="Tool")], day=D27)
    land(
        "tracks", [track(2, title="PARABOLA", artist="Tool"), track(3, title="Lateralus", artist="Tool")]
    )
    scrobbles = (
        b"ts,track,artist,album\n2026-06-27 12:00:00+03:00,Parabola,TOOL,x\n"
        b"2026-06-27 12:10:00+03:00,Lateralus,Tool,x\n2026-06-27 12:20:00+03:00,Unheard,Nobody,x\n"
    )
    land("listens", scrobbles, "user=ann/s.csv", day=D27)
    land("listens", scrobbles, "user=bob/s.csv")
    land("listens", scrobbles, "odd.csv")
    chosen = settings.model_copy(update={"ingest": IngestSettings(sources={"listens/*/odd*": "native"})})
    night = Night(Window.night(D28), chosen)
    ingest_landing(night)
    details = night.summary.details
    unheard = name_id("Nobody", "Unheard")
    assert set(rows(settings, "listens", "user_id", "track_id")) == {
        ("ann", "t1"), ("ann", name_id("Tool", "Lateralus")), ("ann", unheard),
        ("bob", "t1"), ("bob", "t3"), ("bob", unheard),
    }  # fmt: skip
    assert details["matched"]["listens/date=2026-06-28/user=bob/s.csv"] == {
        "rows": 3, "matched": 2, "share": 0.6667,
    }  # fmt: skip
    assert list(details["files_refused"]) == ["listens/date=2026-06-28/odd.csv"]


def test_nothing_landed_is_told_with_the_folder(settings, land, ingest):
    land("listens", [listen(1)], day=D27)
    with pytest.raises(NoInputError, match="listens/date=2026-06-28"):
        ingest(D28)
    stray = Path(settings.landing.root) / "listen" / "date=2026-06-28" / "a.csv"
    stray.parent.mkdir(parents=True)
    stray.write_bytes(b"x")
    with pytest.raises(NoInputError, match="in no such folder lies 'listen/date=2026-06-28/a"):
        ingest(D28)


def test_a_landing_that_is_being_written_waits_unless_forced(settings, land, monkeypatch):
    land("listens", [listen(1)])
    waiting = settings.model_copy(update={"ingest": IngestSettings(needs_success=True)})
    with pytest.raises(StillLandingError, match="neither _SUCCESS nor"):
        ingest_landing(Night(Window.night(D28), waiting))
    went_on: list[int] = []
    monkeypatch.setattr(
        "jobs.ingest.stage.ingest_files", lambda _, files, __: went_on.append(len(files)) or []
    )
    ingest_landing(Night(Window.night(D28), waiting, force="the writer never finishes"))
    assert went_on == [1]


def test_a_run_cut_off_before_its_files_are_entered_is_repeated_to_the_same_rows(
    settings, land, ingest, spark, monkeypatch
):
    land("listens", [listen(1), listen(2), listen(2), listen(3, user_id=None)])
    land("tracks", [track(1)])

    def cut(_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(FileCount, "check", cut)
        with pytest.raises(KeyboardInterrupt):
            ingest()
    cut_off = lake_content(settings)
    assert cut_off["landing_files"] == [] and len(cut_off["listens"]) == 2
    ingest()
    whole = lake_content(settings)
    assert [row[2:] for row in whole.pop("landing_files")] == [(4, 2, 1), (1, 1, 0)]
    assert whole == {name: table for name, table in cut_off.items() if name != "landing_files"}
