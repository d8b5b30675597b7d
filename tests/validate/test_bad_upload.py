"""A night with bad uploads of two listeners, stage by stage: their lists stay, the others' go on."""

import json
from datetime import date
from pathlib import Path

import pytest

from jobs.ingest.stage import ingest_landing
from jobs.lake.arrow import night_rows, table_rows
from jobs.recommend.stage import recommend
from jobs.stage import Night
from jobs.validate.inputs.stage import gate_inputs
from jobs.validate.playlists.stage import gate_playlists
from jobs.window import Window

FIRST, SECOND = date(2026, 6, 27), date(2026, 6, 28)
OLD = "1970-01-01T00:00:01Z"


def land(settings, name: str, rows: list[dict] | str) -> None:
    place = Path(settings.landing.root, name)
    place.parent.mkdir(parents=True, exist_ok=True)
    text = rows if isinstance(rows, str) else "".join(f"{json.dumps(row)}\n" for row in rows)
    place.write_text(text)


def play(user: str, track: int, day: date, hour: int = 12, at: str | None = None) -> dict:
    when = at or f"{day}T{hour:02}:00:00Z"
    return {"user_id": user, "track_id": f"t{track}", "listened_at": when, "ms_played": 200_000}


@pytest.fixture
def house(settings):
    """A service that logs for ann and bob, and mia and sol, who hand in their own."""
    tracks = [
        {"track_id": f"t{n}", "title": f"Song {n}", "artist": f"Artist {n}", "artist_id": f"a{n}",
         "duration_ms": 200_000} for n in range(12)
    ]  # fmt: skip
    land(settings, f"tracks/date={FIRST}/tracks.jsonl", tracks)
    for day in (FIRST, SECOND):
        shared = [play("ann", 0, day), play("bob", 1, day), play("bob", 2, day, 13)]
        land(settings, f"listens/date={day}/app.jsonl", shared)
    land(settings, f"listens/date={FIRST}/user=mia/export.jsonl", [play("mia", 3, FIRST)])
    land(settings, f"listens/date={FIRST}/user=sol/export.jsonl", [play("sol", 4, FIRST)])
    recommend_ = settings.recommend.model_copy(update={"n_tracks": 3})
    return settings.model_copy(update={"recommend": recommend_})


def lists(settings, day: date) -> dict[str, list[str]]:
    rows = night_rows(settings, "playlists", day).to_table().to_pylist()
    ordered = sorted(rows, key=lambda row: (row["user_id"], row["rank"]))
    return {
        user: [row["track_id"] for row in ordered if row["user_id"] == user]
        for user in {row["user_id"] for row in rows}
    }


@pytest.mark.spark
def test_two_bad_uploads_cost_two_listeners_tonights_list_and_the_night_goes_on(spark, house):
    def night(day: date) -> Night:
        return Night(Window.night(day), house)

    for stage in (ingest_landing, recommend, gate_playlists):
        stage(night(FIRST))
    before = lists(house, FIRST)
    assert set(before) == {"ann", "bob", "mia", "sol"}
    # What they were recommended, they play: tonight's own list could not have it.
    landed = f"listens/date={SECOND}"
    land(house, f"{landed}/user=mia/history.pdf", "%PDF-1.7 \x00\x01\x02\n")
    heard = int(before["mia"][0].removeprefix("t"))
    land(house, f"{landed}/user=mia/export.jsonl", [play("mia", heard, SECOND)])
    land(house, f"{landed}/user=sol/scrobbles.jsonl",
         [play("sol", n, SECOND, at=OLD) for n in range(3)] + [play("sol", 9, SECOND)])  # fmt: skip
    ingest_landing(night(SECOND))
    gate_inputs(night(SECOND))
    rows = night_rows(house, "set_aside", SECOND).to_table().to_pylist()
    told = {
        (row["user_id"], row["landing_file"].split("/")[-1], row["n_rows"], row["list_of"])
        for row in rows
    }
    assert told == {("mia", "history.pdf", 0, FIRST), ("sol", "scrobbles.jsonl", 3, FIRST)}
    recommend(night(SECOND))
    gate_playlists(night(SECOND))
    after = lists(house, SECOND)
    assert set(after) == set(before)
    assert (after["mia"], after["sol"]) == (before["mia"], before["sol"])
    assert f"t{heard}" in after["mia"]

    # A rerun after the file is gone: nobody is set aside, and mia's list is tonight's.
    Path(house.landing.root, f"{landed}/user=mia/history.pdf").unlink()
    ingest_landing(night(SECOND))
    gate_inputs(night(SECOND))
    recommend(night(SECOND))
    gate_playlists(night(SECOND))
    assert [r["user_id"] for r in table_rows(house, "set_aside").to_table().to_pylist()] == ["sol"]
    assert f"t{heard}" not in lists(house, SECOND)["mia"]
    assert lists(house, SECOND)["sol"] == before["sol"]
