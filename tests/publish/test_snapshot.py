"""In which order a run is written, and what a reader finds who comes in between."""

import hashlib
import json
from datetime import date, timedelta

import pytest

from jobs.publish.snapshot import documents, move_latest, survey, write_run
from jobs.store import ConflictError
from tests.publish.nights import NIGHT, by_neighbors, playlist, row
from tests.store.recording import PowerCutError, RecordingStore

FORMATS = ("jspf",)
PLAYLISTS = [playlist([row(1, "t1"), row(2, "t2")], "ada"), playlist([by_neighbors(1, "t3")], "bob")]
OTHERS = [playlist([row(1, "t9")], "ada")]
LATEST = "playlists/latest.json"
N_WRITES = 7  # two documents for each of two listeners, checksums, manifest, pointer


def is_current() -> bool:
    return True


def publish(store: RecordingStore, lists=PLAYLISTS, night: date = NIGHT, backwards: bool = False) -> str:
    snapshot = survey(lists, night, 2, FORMATS)
    write_run(store, lists, snapshot)
    return move_latest(store, snapshot, is_current, backwards=backwards)


def pointed_to(store: RecordingStore) -> str:
    return json.loads(store.objects[LATEST])["publish_id"]


def test_documents_then_checksums_then_manifest_then_pointer():
    store = RecordingStore()
    publish(store)
    folder = f"playlists/runs/{survey(PLAYLISTS, NIGHT, 2, ['jspf']).publish_id}"
    *documents, checksums, manifest, pointer = store.written()
    assert len(documents) == 4
    assert all(key.startswith(f"{folder}/users/") for key in documents)
    assert (checksums, manifest, pointer) == (
        f"{folder}/SHA256SUMS", f"{folder}/manifest.json", LATEST,
    )  # fmt: skip


def test_the_manifest_is_new_and_the_pointer_swapped():
    store = RecordingStore()
    publish(store)
    publish_id = survey(PLAYLISTS, NIGHT, 2, FORMATS).publish_id
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
    snapshot = survey(lists, NIGHT, 2, FORMATS)
    sums = hashlib.sha256(snapshot.checksums).hexdigest()
    publish_id = f"2026-06-28-{sums[:16]}"
    manifest = snapshot.manifest()
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


def test_checksums_are_lines_of_sha256sum_by_listener():
    bodies = {key: hashlib.sha256(body).hexdigest() for key, body in documents(PLAYLISTS, 2, FORMATS)}
    assert [key.partition("/")[2][3:] for key in bodies] == [
        "ada.json",
        "ada.jspf",
        "bob.json",
        "bob.jspf",
    ]
    lines = "".join(f"{digest}  {key}\n" for key, digest in bodies.items())
    assert survey(PLAYLISTS, NIGHT, 2, FORMATS).checksums == lines.encode()


def test_each_list_of_a_listener_has_a_key_of_its_own():
    lists = [
        playlist([row(1, "t1")], "a.b", name) for name in ("discover", "rediscover", "new_releases")
    ]
    keys = [key.rpartition("/")[2] for key, _ in documents(lists, 2, ["jspf"])]
    assert keys == [
        "a~2eb.json", "a~2eb.jspf", "a~2eb.rediscover.json", "a~2eb.rediscover.jspf",
        "a~2eb.new_releases.json", "a~2eb.new_releases.jspf",
    ]  # fmt: skip


def test_by_the_first_schema_a_run_is_as_it_was():
    snapshot = survey(PLAYLISTS, NIGHT, 1, FORMATS)
    assert json.loads(snapshot.manifest())["schema_version"] == 1
    assert "n_lists" not in json.loads(snapshot.manifest())
    assert json.loads(snapshot.pointer())["schema_version"] == 1
    (_, body), *_ = documents(PLAYLISTS, 1, [])
    assert json.loads(body)["schema_version"] == 1
    assert not {"playlist", "title"} & json.loads(body).keys()


@pytest.mark.parametrize("n", range(N_WRITES))
def test_a_run_cut_off_at_any_write_shows_nothing_half_and_its_retry_ends_the_same(n):
    whole = RecordingStore()
    publish(whole)
    store = RecordingStore(fail_at=n)
    with pytest.raises(PowerCutError):
        publish(store)
    assert LATEST not in store.objects
    manifests = [key for key in store.objects if key.endswith("manifest.json")]
    assert len(manifests) == (n == N_WRITES - 1)
    store.fail_at = None
    publish(store)
    assert store.objects == whole.objects


def test_a_pointer_moved_after_it_was_looked_at_is_not_overwritten():
    store = RecordingStore()
    snapshot = survey(PLAYLISTS, NIGHT, 2, FORMATS)

    def meanwhile() -> bool:
        publish(store, OTHERS)
        return True

    with pytest.raises(ConflictError):
        move_latest(store, snapshot, meanwhile, backwards=False)
    assert pointed_to(store) == survey(OTHERS, NIGHT, 2, FORMATS).publish_id


def test_rows_rewritten_since_they_were_read_are_not_pointed_to():
    store = RecordingStore()
    publish(store, OTHERS)
    snapshot = survey(PLAYLISTS, NIGHT, 2, FORMATS)
    with pytest.raises(ConflictError, match="2026-06-28 were written again"):
        move_latest(store, snapshot, lambda: False, backwards=True)
    assert pointed_to(store) == survey(OTHERS, NIGHT, 2, FORMATS).publish_id


def test_the_rows_are_looked_at_after_the_pointers_tag():
    store = RecordingStore()
    seen = []
    snapshot = survey(PLAYLISTS, NIGHT, 2, FORMATS)
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
    there = (
        survey(PLAYLISTS, NIGHT, 2, FORMATS)
        if became == "kept"
        else survey(OTHERS, NIGHT + timedelta(days), 2, FORMATS)
    )
    assert pointed_to(store) == there.publish_id


def test_another_run_of_the_same_rows_that_was_first_is_no_conflict():
    store = RecordingStore()
    snapshot = survey(PLAYLISTS, NIGHT, 2, FORMATS)

    class FirstElsewhere(RecordingStore):
        def put_new(self, key: str, body: bytes) -> None:
            self.objects[key] = snapshot.manifest()
            super().put_new(key, body)

    store = FirstElsewhere()
    assert write_run(store, PLAYLISTS, snapshot) == 0
