"""In which order a run is written, and what a reader finds who comes in between."""

import json
from datetime import date, timedelta

import pytest

from jobs.publish.snapshot import move_latest, survey, write_run
from jobs.store import ConflictError
from tests.publish.nights import NIGHT, by_neighbors, row
from tests.store.recording import PowerCutError, RecordingStore

LISTS = [("ada", [row(1, "t1"), row(2, "t2")]), ("bob", [by_neighbors(1, "t3")])]
OTHERS = [("ada", [row(1, "t9")])]
LATEST = "playlists/latest.json"
N_WRITES = 7  # two documents for each of two listeners, checksums, manifest, pointer


def is_current() -> bool:
    return True


def publish(store: RecordingStore, lists=LISTS, night: date = NIGHT, backwards: bool = False) -> str:
    snapshot = survey(lists, night)
    write_run(store, lists, snapshot)
    return move_latest(store, snapshot, is_current, backwards=backwards)


def pointed_to(store: RecordingStore) -> str:
    return json.loads(store.objects[LATEST])["publish_id"]


def test_documents_then_checksums_then_manifest_then_pointer():
    store = RecordingStore()
    publish(store)
    folder = f"playlists/runs/{survey(LISTS, NIGHT).publish_id}"
    *documents, checksums, manifest, pointer = store.written()
    assert len(documents) == 4
    assert all(key.startswith(f"{folder}/users/") for key in documents)
    assert (checksums, manifest, pointer) == (
        f"{folder}/SHA256SUMS", f"{folder}/manifest.json", LATEST,
    )  # fmt: skip


def test_the_manifest_is_new_and_the_pointer_swapped():
    store = RecordingStore()
    publish(store)
    assert store.called(f"playlists/runs/{survey(LISTS, NIGHT).publish_id}/manifest.json") == [
        "get", "put_new",
    ]  # fmt: skip
    assert store.called(LATEST) == ["tag", "get", "swap"]


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
    snapshot = survey(LISTS, NIGHT)

    def meanwhile() -> bool:
        publish(store, OTHERS)
        return True

    with pytest.raises(ConflictError):
        move_latest(store, snapshot, meanwhile, backwards=False)
    assert pointed_to(store) == survey(OTHERS, NIGHT).publish_id


def test_rows_rewritten_since_they_were_read_are_not_pointed_to():
    store = RecordingStore()
    publish(store, OTHERS)
    snapshot = survey(LISTS, NIGHT)
    with pytest.raises(ConflictError, match="2026-06-28 were written again"):
        move_latest(store, snapshot, lambda: False, backwards=True)
    assert pointed_to(store) == survey(OTHERS, NIGHT).publish_id


def test_the_rows_are_looked_at_after_the_pointers_tag():
    store = RecordingStore()
    seen = []
    move_latest(
        store, survey(LISTS, NIGHT), lambda: not seen.extend(store.calls), backwards=False
    )  # fmt: skip
    assert ("tag", LATEST) in seen


@pytest.mark.parametrize(
    ("days", "backwards", "became"),
    [(0, False, "moved"), (1, False, "moved"), (-1, False, "kept"), (-1, True, "moved")],
)
def test_the_pointer_goes_to_a_newer_night_or_another_run_of_its_own(days, backwards, became):
    store = RecordingStore()
    publish(store)
    assert publish(store, OTHERS, NIGHT + timedelta(days), backwards) == became
    there = survey(LISTS, NIGHT) if became == "kept" else survey(OTHERS, NIGHT + timedelta(days))
    assert pointed_to(store) == there.publish_id


def test_another_run_of_the_same_rows_that_was_first_is_no_conflict():
    store = RecordingStore()
    snapshot = survey(LISTS, NIGHT)

    class FirstElsewhere(RecordingStore):
        def put_new(self, key: str, body: bytes) -> None:
            self.objects[key] = snapshot.manifest()
            super().put_new(key, body)

    store = FirstElsewhere()
    assert write_run(store, LISTS, snapshot) == 0
