import hashlib
import json
from datetime import date, timedelta
from pathlib import Path

import pytest

from jobs.errors import NocturneError, NoInputError
from jobs.lake.arrow import replace
from jobs.publish import playlists, stage
from jobs.publish.keys import user_key
from jobs.publish.stage import publish
from jobs.stage import Night
from jobs.store import ConflictError
from jobs.window import Window
from tests.publish.nights import NIGHT, by_neighbors, row, write_playlists

PLAYLISTS = {"b": [row(2, "t2"), by_neighbors(1, "t1")], "../a": [row(1, "t3")]}


def published(settings, as_of: date = NIGHT, force: str | None = None) -> Night:
    night = Night(Window.night(as_of), settings, force)
    publish(night)
    return night


def objects(night: Night) -> dict[str, bytes]:
    return {key: night.store.get(key) for key in night.store.list("playlists/")}


def latest(night: Night) -> str:
    return json.loads(night.store.get("playlists/latest.json"))["as_of"]


def test_a_night_is_published_whole_and_pointed_to(settings):
    write_playlists(settings, PLAYLISTS)
    night = published(settings)
    pointer = json.loads(night.store.get("playlists/latest.json"))
    manifest = json.loads(night.store.get(f"playlists/{pointer['manifest']}"))
    folder = f"playlists/runs/{manifest['publish_id']}"
    assert (manifest["n_listeners"], manifest["n_tracks"], manifest["n_objects"]) == (2, 3, 6)
    assert manifest["strategies"] == {"exploit": 1, "explore": 2}
    assert manifest["model_versions"] == ["2026-06-28-abc"]
    sums = night.store.get(f"{folder}/SHA256SUMS")
    assert hashlib.sha256(sums).hexdigest() == manifest["checksums"]["sha256"]
    listed = dict(line.split("  ")[::-1] for line in sums.decode().splitlines())
    found = {k: v for k, v in objects(night).items() if "/users/" in k}
    assert {f"{folder}/{key}": digest for key, digest in listed.items()} == {
        key: hashlib.sha256(body).hexdigest() for key, body in found.items()
    }
    assert (night.summary.rows_in, night.summary.rows_out) == (3, 8)


def test_tracks_are_in_the_order_of_their_rank(settings):
    write_playlists(settings, PLAYLISTS)
    night = published(settings)
    key = next(key for key in objects(night) if key.endswith("/b.json"))
    assert [t["track_id"] for t in json.loads(objects(night)[key])["tracks"]] == ["t1", "t2"]


def test_the_same_rows_in_any_order_are_published_once(settings):
    write_playlists(settings, PLAYLISTS)
    before = objects(published(settings))
    write_playlists(settings, dict(reversed(PLAYLISTS.items())))
    again = published(settings)
    assert objects(again) == before
    assert again.summary.rows_out == 0
    assert again.summary.details["latest"] == "unchanged"


def test_other_rows_of_a_night_are_another_run_and_the_first_stays(settings):
    write_playlists(settings, PLAYLISTS)
    before = objects(published(settings))
    write_playlists(settings, {"b": [row(1, "t9")]})
    after = objects(published(settings))
    moved = {"playlists/latest.json", "playlists/index.json"}
    assert {key: after[key] for key in before.keys() - moved} == {
        key: before[key] for key in before.keys() - moved
    }
    assert all(after[key] != before[key] for key in moved)


def test_the_index_says_which_run_of_a_night_counts_and_where_a_listeners_history_is(settings):
    older = NIGHT - timedelta(days=1)
    write_playlists(settings, PLAYLISTS, NIGHT)
    published(settings)
    write_playlists(settings, {"b": [row(1, "t7")]}, older)
    published(settings, older)
    write_playlists(settings, {"b": [row(1, "t9")]}, NIGHT)
    night = published(settings)
    nights = json.loads(night.store.get("playlists/index.json"))["nights"]
    assert [entry["as_of"] for entry in nights] == [str(older), str(NIGHT)]
    assert len({key.split("/")[2] for key in objects(night) if "/runs/" in key}) == 3
    history = [
        json.loads(night.store.get(f"playlists/runs/{entry['publish_id']}/{user_key('b')}.json"))
        for entry in nights
    ]
    assert [[track["track_id"] for track in list_["tracks"]] for list_ in history] == [["t7"], ["t9"]]
    assert nights[1]["n_tracks"] == 1
    manifest = json.loads(night.store.get(f"playlists/{nights[1]['manifest']}"))
    assert manifest["publish_id"] == nights[1]["publish_id"] == night.summary.details["publish_id"]


def test_what_is_known_of_a_track_is_what_had_landed_by_the_night(settings):
    """Of two landings the later counts, of two files of a day the one whose name comes last."""
    write_playlists(settings, {"u": [row(1, "t1"), row(2, "t2"), row(3, "t3")]})
    tomorrow, before = NIGHT + timedelta(days=1), NIGHT - timedelta(days=1)
    landed = [
        ("t1", "Tomorrow's", tomorrow, "a"), ("t1", "First", before, "z"),
        ("t1", None, NIGHT, "b"), ("t1", "Tonight's", NIGHT, "a"), ("t2", "Second", before, "a"),
    ]  # fmt: skip
    rows = [
        {"track_id": track, "title": "T", "artist_ids": ["a"], "artist": "A", "album": album,
         "release_date": None if album else "2020", "duration_ms": 1000 + len(file + str(album)),
         "landed_on": day, "landing_file": file}
        for track, album, day, file in landed
    ]  # fmt: skip
    replace(settings, "tracks_history", rows, "true")
    one, *_ = playlists.open_playlists(settings, NIGHT)
    first, second, third = one.rows
    assert (first["album"], first["release_date"], first["duration_ms"]) == (None, "2020", 1005)
    assert (second["album"], second["duration_ms"]) == ("Second", 1007)
    assert (third["album"], third["release_date"], third["duration_ms"]) == (None, None, None)


def test_tracks_have_their_address_at_the_service_that_the_settings_name(settings):
    recording = "8f3471b5-7e6a-48da-86a9-c1c07a0f47ae"
    write_playlists(settings, {"u": [row(1, recording), row(2, "named")]})
    store = settings.store.model_copy(update={"track_ids": "musicbrainz"})
    night = published(settings.model_copy(update={"store": store}))
    (key,) = [key for key in objects(night) if key.endswith("u.jspf")]
    first, second = json.loads(objects(night)[key])["playlist"]["track"]
    assert first["identifier"][0] == f"https://musicbrainz.org/recording/{recording}"
    assert second["identifier"] == ["urn:nocturne:track:named"]


def test_one_listeners_rows_are_those_of_the_whole(settings):
    write_playlists(settings, PLAYLISTS)
    read = playlists.open_playlists(settings, NIGHT)
    assert {user: read.of(user) for user in PLAYLISTS} == {
        one.user_id: {"discover": one} for one in read
    }
    assert read.of("nobody") == {}


def test_other_lists_stand_beside_and_stay_away_by_the_first_schema(settings):
    lists = [row(1, "t1"), row(1, "t2", playlist="rediscover", strategy="rediscover")]
    write_playlists(settings, {"u": lists, "only": [row(1, "t3", playlist="new_releases")]})
    night = published(settings)
    keys = {key.rpartition("/")[2] for key in objects(night) if "/users/" in key}
    assert keys == {"u.json", "u.jspf", "u.svg", "u.rediscover.json", "u.rediscover.jspf",
                    "u.rediscover.svg", "only.new_releases.json", "only.new_releases.jspf",
                    "only.new_releases.svg"}  # fmt: skip
    manifest = json.loads(
        night.store.get(f"playlists/runs/{night.summary.details['publish_id']}/manifest.json")
    )
    assert manifest["n_listeners"] == 2
    assert manifest["n_lists"] == {"discover": 1, "new_releases": 1, "rediscover": 1}
    first = settings.store.model_copy(update={"schema_version": 1, "formats": ()})
    again = published(settings.model_copy(update={"store": first}))
    run = f"playlists/runs/{again.summary.details['publish_id']}/"
    assert [key.rpartition("/")[2] for key in objects(again) if key.startswith(f"{run}users/")] == [
        "u.json"
    ]


def test_an_older_night_never_moves_the_pointer_backwards_unless_forced(settings):
    older = NIGHT - timedelta(days=1)
    for day in (NIGHT, older):
        write_playlists(settings, PLAYLISTS, day)
    published(settings)
    kept = published(settings, older)
    assert kept.summary.details["latest"] == "kept"
    assert latest(kept) == str(NIGHT)
    assert any(f"/runs/{older}-" in key for key in objects(kept))
    assert latest(published(settings, older, force="the newer one was wrong")) == str(older)
    assert latest(published(settings)) == str(NIGHT)


def test_a_run_cut_off_before_its_manifest_is_finished_by_the_next(settings):
    write_playlists(settings, PLAYLISTS)
    night = published(settings)
    whole = objects(night)
    for key in whole:
        if key.endswith(("manifest.json", "latest.json", "/b.json")):
            night.store.delete(key)
    assert objects(published(settings)) == whole


def test_rows_rewritten_while_they_are_published_are_not_pointed_to(settings, monkeypatch):
    write_playlists(settings, PLAYLISTS)
    write_run = stage.write_run

    def slow(store, spool, snapshot):
        write_playlists(settings, {"b": [row(1, "t9")]})
        published_meanwhile.append(published(settings).summary.details["publish_id"])
        return write_run(store, spool, snapshot)

    published_meanwhile = []
    with monkeypatch.context() as patched:
        patched.setattr(stage, "write_run", lambda *a: (patched.undo(), slow(*a))[1])
        with pytest.raises(ConflictError, match="2026-06-28 were written again"):
            published(settings)
    pointer = Night(Window.night(NIGHT), settings).store.get("playlists/latest.json")
    assert json.loads(pointer)["publish_id"] == published_meanwhile[0]


def test_another_night_written_meanwhile_does_not_matter(settings):
    write_playlists(settings, PLAYLISTS)
    read = playlists.open_playlists(settings, NIGHT)
    write_playlists(settings, PLAYLISTS, NIGHT - timedelta(days=1))
    assert read.is_current()
    write_playlists(settings, PLAYLISTS)
    assert not read.is_current()


def test_packs_are_by_a_setting_and_nothing_of_their_making_stays(settings):
    write_playlists(settings, PLAYLISTS)
    as_files = published(settings)
    files = objects(as_files)
    packs = settings.store.model_copy(update={"root": f"{settings.store.root}-packs", "layout": "packs"})
    night = published(settings.model_copy(update={"store": packs}))
    assert night.summary.details["publish_id"] == as_files.summary.details["publish_id"]
    run = f"playlists/runs/{night.summary.details['publish_id']}/"
    found = objects(night)
    # SHA-256 of ../a begins with 6, that of b with 3.
    assert sorted(key.removeprefix(run) for key in found if key.startswith(run)) == [
        "manifest.json", "packs/3.json", "packs/3.pack", "packs/6.json", "packs/6.pack",
        "packs/SHA256SUMS",
    ]  # fmt: skip
    assert night.summary.rows_out == 6
    documents = sorted(body for key, body in files.items() if "/users/" in key)
    held = [(found[f"{run}packs/{n}.pack"], json.loads(found[f"{run}packs/{n}.json"])) for n in (3, 6)]
    assert documents == sorted(
        pack[offset : offset + length]
        for pack, index in held
        for offset, length, _ in index["documents"].values()
    )
    assert list(Path(settings.home).iterdir()) == []


def test_pieces_do_not_change_what_is_published(settings, monkeypatch):
    # Neither artists nor titles lie between the first and the last listener of a piece.
    write_playlists(settings, {f"u{n}": [row(1, f"t{n}")] for n in (3, 0, 4, 1, 2)})
    expected = [(f"u{n}", [f"t{n}"]) for n in range(5)]
    for size in (5, 2, 1):
        monkeypatch.setattr(playlists, "LISTENERS_A_PIECE", size)
        monkeypatch.setattr(playlists, "ROWS_AT_A_TIME", size)
        read = [
            (one.user_id, [r["track_id"] for r in one.rows])
            for one in playlists.open_playlists(settings, NIGHT)
        ]
        assert read == expected


def test_the_summary_says_what_was_published_from_which_version(settings):
    write_playlists(settings, PLAYLISTS)
    write_playlists(settings, PLAYLISTS)
    summary = published(settings).summary
    assert summary.table_versions == {"playlists": 1}
    assert summary.details["n_listeners"] == 2
    assert summary.details["latest"] == "moved"
    folder = f"{settings.store.root}/playlists/runs/{summary.details['publish_id']}"
    assert summary.details["url"] == f"{folder}/manifest.json"


def test_nothing_to_publish_is_said(settings):
    with pytest.raises(NoInputError, match="run recommend and gate_playlists for 2026-06-28"):
        published(settings)
    write_playlists(settings, PLAYLISTS, NIGHT - timedelta(days=1))
    with pytest.raises(NoInputError, match="no playlists of 2026-06-28 have passed"):
        published(settings)


def test_a_pointer_nobody_here_wrote_is_not_overwritten(settings):
    write_playlists(settings, PLAYLISTS)
    night = Night(Window.night(NIGHT), settings)
    night.store.put("playlists/latest.json", b"{}")
    with pytest.raises(NocturneError, match="not as publish writes it"):
        publish(night)
