"""In which order a run is written, and what a reader finds who comes in between."""

import hashlib
import json
from datetime import date, timedelta
from io import BytesIO

import pytest

from jobs.publish import snapshot as publishing
from jobs.publish.snapshot import Snapshot, documents, move_latest, write_run
from jobs.publish.spool import Spool
from jobs.settings import StoreSettings
from jobs.store import ConflictError
from tests.publish.nights import NIGHT, by_neighbors, playlist, row
from tests.store.recording import PowerCutError, RecordingStore

FILES = StoreSettings(formats=("jspf",))
PACKS = StoreSettings(formats=("jspf",), layout="packs")
PLAYLISTS = [playlist([row(1, "t1"), row(2, "t2")], "ada"), playlist([by_neighbors(1, "t3")], "bob")]
OTHERS = [playlist([row(1, "t9")], "ada")]
LATEST = "playlists/latest.json"
# Two documents for each of two listeners, or a pack and its index; checksums, manifest, pointer.
N_WRITES = 7


def is_current() -> bool:
    return True


def publish(
    store: RecordingStore, lists=PLAYLISTS, night: date = NIGHT, backwards=False, settings=FILES
) -> str:
    spool = Spool(BytesIO())
    snapshot = publishing.survey(lists, night, settings, spool)
    write_run(store, spool, snapshot)
    return move_latest(store, snapshot, is_current, backwards=backwards)


def survey(lists=PLAYLISTS, night: date = NIGHT, settings: StoreSettings = FILES) -> Snapshot:
    return publishing.survey(lists, night, settings, Spool(BytesIO()))


def pointed_to(store: RecordingStore) -> str:
    return json.loads(store.objects[LATEST])["publish_id"]


def test_documents_then_checksums_then_manifest_then_pointer():
    store = RecordingStore()
    publish(store)
    folder = f"playlists/runs/{survey().publish_id}"
    *documents, checksums, manifest, pointer = store.written()
    assert len(documents) == 4
    assert all(key.startswith(f"{folder}/users/") for key in documents)
    assert (checksums, manifest, pointer) == (
        f"{folder}/SHA256SUMS", f"{folder}/manifest.json", LATEST,
    )  # fmt: skip


def test_the_manifest_is_new_and_the_pointer_swapped():
    store = RecordingStore()
    publish(store)
    publish_id = survey().publish_id
    assert store.called(f"playlists/runs/{publish_id}/manifest.json") == [
        "get", "put_new",
    ]  # fmt: skip
    assert store.called(LATEST) == ["tag", "get", "swap"]


def test_the_manifest_and_the_pointer_as_written():
    models = ["2026-06-28-c", "2026-06-28-a", "2026-06-28-d", "2026-06-28-b", "2026-06-28-e"]
    played = [row(n, f"t{n}", model_version=model) for n, model in enumerate(models, 1)]
    loved = row(1, "t9", strategy="rediscover", model_version=None)
    lists = [
        playlist([*played, by_neighbors(6, "t6")], "ada"),
        playlist([loved], "ada", "rediscover"),
        playlist([row(1, "é", model_version=models[0])], "bob"),
    ]
    snapshot = survey(lists)
    lines = checksums_of(lists)
    sums = hashlib.sha256(lines).hexdigest()
    publish_id = f"2026-06-28-{sums[:16]}"
    manifest = snapshot.manifest(lines)
    assert manifest.startswith(b'{\n "schema_version": 2,\n')
    assert manifest.endswith(b"\n}\n")
    assert json.loads(manifest) == {
        "schema_version": 2,
        "publish_id": publish_id,
        "as_of": "2026-06-28",
        "n_listeners": 2,
        "n_lists": {"discover": 2, "rediscover": 1},
        "n_tracks": 8,
        "n_objects": 6,
        "strategies": {"exploit": 1, "explore": 6, "rediscover": 1},
        "model_versions": sorted(models),
        "checksums": {"key": "SHA256SUMS", "sha256": sums},
    }
    assert list(json.loads(manifest)["strategies"]) == ["exploit", "explore", "rediscover"]
    assert json.loads(snapshot.pointer()) == {
        "schema_version": 2,
        "publish_id": publish_id,
        "as_of": "2026-06-28",
        "manifest": f"runs/{publish_id}/manifest.json",
    }


def checksums_of(lists) -> bytes:
    """Lines as of sha256sum, a line a document."""
    return "".join(
        f"{hashlib.sha256(body).hexdigest()}  {key}\n"
        for one in lists
        for key, body in documents(one, 2, ["jspf"])
    ).encode()


def test_checksums_are_lines_of_sha256sum_by_listener():
    store = RecordingStore()
    publish(store)
    [sums] = [body for key, body in store.objects.items() if key.endswith("SHA256SUMS")]
    assert sums == checksums_of(PLAYLISTS)
    assert [line.rpartition("/")[2] for line in sums.decode().splitlines()] == [
        "ada.json", "ada.jspf", "bob.json", "bob.jspf",
    ]  # fmt: skip


def test_packs_have_the_documents_end_to_end_and_an_index_says_where():
    """Of SHA-256, ada's begins with f, bob's and eve's with 8."""
    lists = [*PLAYLISTS, playlist([row(1, "t5")], "eve"), playlist([row(1, "t6")], "eve", "rediscover")]
    files, store = RecordingStore(), RecordingStore()
    publish(files, lists)
    publish(store, lists, settings=PACKS)
    run = f"playlists/runs/{survey(lists).publish_id}/"
    *packs, checksums, manifest, _ = store.written()
    names = ["packs/8.pack", "packs/8.json", "packs/f.pack", "packs/f.json"]
    assert [*packs, checksums, manifest] == [
        f"{run}{name}" for name in (*names, "packs/SHA256SUMS", "manifest.json")
    ]
    keys = [f"users/81/bob.{end}" for end in ("json", "jspf")]
    keys += [f"users/85/eve.{end}" for end in ("json", "jspf", "rediscover.json", "rediscover.jspf")]
    bodies = [files.objects[f"{run}{key}"] for key in keys]
    assert store.objects[f"{run}packs/8.pack"] == b"".join(bodies)
    index = json.loads(store.objects[f"{run}packs/8.json"])
    assert index["schema_version"] == 2
    assert index["documents"] == {
        key: [sum(map(len, bodies[:n])), len(body), hashlib.sha256(body).hexdigest()]
        for n, (key, body) in enumerate(zip(keys, bodies, strict=True))
    }
    sums = store.objects[checksums]
    assert sums == b"".join(
        f"{hashlib.sha256(store.objects[run + name]).hexdigest()}  {name}\n".encode() for name in names
    )
    of_files, of_packs = (json.loads(one.objects[manifest]) for one in (files, store))
    assert of_packs == of_files | {
        "n_objects": 4,
        "checksums": {"key": "packs/SHA256SUMS", "sha256": hashlib.sha256(sums).hexdigest()},
        "packs": {"digits": 1},
    }


def test_a_run_that_is_there_in_one_layout_is_not_written_in_another():
    store = RecordingStore()
    publish(store)
    before = dict(store.objects)
    assert publish(store, settings=PACKS) == "unchanged"
    assert store.objects == before


def test_each_list_is_rendered_once(monkeypatch):
    rendered = []

    def told(one, *arguments):
        rendered.append(one.user_id)
        return documents(one, *arguments)

    monkeypatch.setattr(publishing, "documents", told)
    for settings in (FILES, PACKS):
        publish(RecordingStore(), settings=settings)
        assert rendered == ["ada", "bob"]
        rendered.clear()


def test_each_list_of_a_listener_has_a_key_of_its_own():
    lists = [
        playlist([row(1, "t1")], "a.b", name) for name in ("discover", "rediscover", "new_releases")
    ]
    keys = [key.rpartition("/")[2] for one in lists for key, _ in documents(one, 2, ["jspf"])]
    assert keys == [
        "a~2eb.json", "a~2eb.jspf", "a~2eb.rediscover.json", "a~2eb.rediscover.jspf",
        "a~2eb.new_releases.json", "a~2eb.new_releases.jspf",
    ]  # fmt: skip


def test_by_the_first_schema_a_run_is_as_it_was():
    snapshot = survey(settings=StoreSettings(formats=("jspf",), schema_version=1))
    assert json.loads(snapshot.manifest(b""))["schema_version"] == 1
    assert "n_lists" not in json.loads(snapshot.manifest(b""))
    assert json.loads(snapshot.pointer())["schema_version"] == 1
    (_, body), *_ = documents(PLAYLISTS[0], 1, [])
    assert json.loads(body)["schema_version"] == 1
    assert not {"playlist", "title"} & json.loads(body).keys()


@pytest.mark.parametrize("settings", [FILES, PACKS], ids=["files", "packs"])
@pytest.mark.parametrize("n", range(N_WRITES))
def test_a_run_cut_off_at_any_write_shows_nothing_half_and_its_retry_ends_the_same(n, settings):
    whole = RecordingStore()
    publish(whole, settings=settings)
    store = RecordingStore(fail_at=n)
    with pytest.raises(PowerCutError):
        publish(store, settings=settings)
    assert LATEST not in store.objects
    manifests = [key for key in store.objects if key.endswith("manifest.json")]
    assert len(manifests) == (n == N_WRITES - 1)
    store.fail_at = None
    publish(store, settings=settings)
    assert store.objects == whole.objects


def test_a_pointer_moved_after_it_was_looked_at_is_not_overwritten():
    store = RecordingStore()
    snapshot = survey()

    def meanwhile() -> bool:
        publish(store, OTHERS)
        return True

    with pytest.raises(ConflictError):
        move_latest(store, snapshot, meanwhile, backwards=False)
    assert pointed_to(store) == survey(OTHERS).publish_id


def test_rows_rewritten_since_they_were_read_are_not_pointed_to():
    store = RecordingStore()
    publish(store, OTHERS)
    snapshot = survey()
    with pytest.raises(ConflictError, match="2026-06-28 were written again"):
        move_latest(store, snapshot, lambda: False, backwards=True)
    assert pointed_to(store) == survey(OTHERS).publish_id


def test_the_rows_are_looked_at_after_the_pointers_tag():
    store = RecordingStore()
    seen = []
    snapshot = survey()
    move_latest(store, snapshot, lambda: not seen.extend(store.calls), backwards=False)
    assert ("tag", LATEST) in seen


@pytest.mark.parametrize(
    ("days", "backwards", "became"),
    [(0, False, "moved"), (1, False, "moved"), (-1, False, "kept"), (-1, True, "moved")],
)
def test_the_pointer_goes_to_a_newer_night_or_another_run_of_its_own(days, backwards, became):
    store = RecordingStore()
    publish(store)
    assert publish(store, OTHERS, NIGHT + timedelta(days), backwards) == became
    there = survey() if became == "kept" else survey(OTHERS, NIGHT + timedelta(days))
    assert pointed_to(store) == there.publish_id


@pytest.mark.parametrize("settings", [FILES, PACKS], ids=["files", "packs"])
def test_another_run_of_the_same_rows_that_was_first_is_no_conflict(settings):
    first = RecordingStore()
    publish(first)
    manifest = f"{survey().folder}/manifest.json"

    class FirstElsewhere(RecordingStore):
        def put(self, key: str, body: bytes) -> None:
            self.objects |= first.objects
            del self.objects[manifest]
            super().put(key, body)

        def put_new(self, key: str, body: bytes) -> None:
            self.objects[key] = first.objects[key]
            super().put_new(key, body)

    store = FirstElsewhere()
    spool = Spool(BytesIO())
    snapshot = publishing.survey(PLAYLISTS, NIGHT, settings, spool)
    assert write_run(store, spool, snapshot) == 0
    # Its checksums are as its manifest says, whatever the second one's layout.
    assert {key: store.objects[key] for key in first.objects} == first.objects
