"""In which order a version and the champion are written, and what is there when it is cut off."""

import json
from datetime import date

import pytest

from jobs.store import ConflictError
from models.errors import UnknownVersionError
from models.registry import Card, Interval, Registry
from models.registry.card import checksum
from tests.store.recording import PowerCutError, RecordingStore

# In an order that is neither that of the names nor its reverse.
FILES = {"b.npz": b"2", "c.keras": b"3", "a.json": b"1"}
FIRST, SECOND = "2026-06-03-first", "2026-06-04-second"
CHAMPION = "models/content/champion.json"


def card(version: str, files=FILES) -> Card:
    return Card(
        model="content",
        version=version,
        as_of=date.fromisoformat(version[:10]),
        seed=1,
        metrics={"auc": Interval(value=0.5, low=0.25, high=0.75)},
        files={name: checksum(body) for name, body in files.items()},
    )


def publish(store: RecordingStore, version: str) -> Registry:
    registry = Registry(store, "content")
    registry.publish(card(version), FILES)
    return registry


def test_files_by_name_then_the_card():
    store = RecordingStore()
    publish(store, FIRST)
    folder = f"models/content/{FIRST}"
    assert store.written() == [
        f"{folder}/a.json", f"{folder}/b.npz", f"{folder}/c.keras", f"{folder}/card.json",
    ]  # fmt: skip


@pytest.mark.parametrize("n", range(4))
def test_a_version_cut_off_at_any_write_is_none_and_its_retry_ends_the_same(n):
    whole = RecordingStore()
    publish(whole, FIRST)
    store = RecordingStore(fail_at=n)
    with pytest.raises(PowerCutError):
        publish(store, FIRST)
    registry = Registry(store, "content")
    assert registry.versions() == []
    with pytest.raises(UnknownVersionError):
        registry.promote(FIRST)
    store.fail_at = None
    publish(store, FIRST)
    assert store.objects == whole.objects


def test_the_champions_tag_is_read_before_the_document_and_both_after_the_files():
    store = RecordingStore()
    registry = publish(store, FIRST)
    store.calls.clear()
    registry.promote(FIRST)
    assert store.called(CHAMPION) == ["tag", "get", "swap"]
    files = [place for place, (_, key) in enumerate(store.calls) if key.endswith(".npz")]
    assert max(files) < store.calls.index(("tag", CHAMPION))


@pytest.mark.parametrize("before", ["tag", "get", "swap"])
def test_a_promotion_by_another_at_any_moment_is_seen_or_not_overwritten(before):
    class Raced(RecordingStore):
        """Another writer promotes FIRST just before one call that concerns the champion."""

        raced = False

        def race(self, method: str, key: str) -> None:
            if (method, key, self.raced) == (before, CHAMPION, False):
                self.raced = True
                Registry(self, "content").promote(FIRST)

        def tag(self, key):
            self.race("tag", key)
            return super().tag(key)

        def get(self, key):
            self.race("get", key)
            return super().get(key)

        def swap(self, key, body, expected_tag):
            self.race("swap", key)
            super().swap(key, body, expected_tag)

    store = Raced()
    publish(store, FIRST)
    registry = publish(store, SECOND)
    if before == "tag":
        registry.promote(SECOND)
    else:
        with pytest.raises(ConflictError):
            registry.promote(SECOND)
    promoted = [promotion["version"] for promotion in json.loads(store.objects[CHAMPION])["promoted"]]
    assert promoted == ([FIRST, SECOND] if before == "tag" else [FIRST])


def test_a_change_that_changes_nothing_writes_nothing():
    store = RecordingStore()
    registry = publish(store, FIRST)
    registry.promote(FIRST)
    n_writes = len(store.written())
    registry.promote(FIRST)
    registry.demote(SECOND)
    assert len(store.written()) == n_writes


def test_the_champions_as_written():
    store = RecordingStore()
    publish(store, SECOND).promote(SECOND, by_hand=True)
    publish(store, FIRST).promote(FIRST)
    Registry(store, "content").withdraw(FIRST)
    assert store.objects[CHAMPION].endswith(b"}\n")
    assert json.loads(store.objects[CHAMPION]) == {
        "schema_version": 1,
        "champion": SECOND,
        "promoted": [
            {"version": SECOND, "as_of": "2026-06-04", "by_hand": True},
            {"version": FIRST, "as_of": "2026-06-03", "by_hand": False},
        ],
        "withdrawn": [FIRST],
    }


def test_a_card_as_written():
    store = RecordingStore()
    publish(store, FIRST)
    body = store.objects[f"models/content/{FIRST}/card.json"]
    assert body.endswith(b"}\n")
    assert json.loads(body) == {
        "schema_version": 1,
        "model": "content",
        "version": FIRST,
        "as_of": "2026-06-03",
        "seed": 1,
        "data_versions": {},
        "config": {},
        "metrics": {"auc": {"value": 0.5, "low": 0.25, "high": 0.75}},
        "libraries": {},
        # SHA-256 of the texts 2, 3 and 1.
        "files": {
            "b.npz": "d4735e3a265e16eee03f59718b9b5d03019c07d8b6c51f90da3a666eec13ab35",
            "c.keras": "4e07408562bedb8b60ce05c1decfe3ad16b72230967de01f640b7e4729b49fce",
            "a.json": "6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b",
        },
    }


def test_versions_by_night_then_name():
    store = RecordingStore()
    for version in (SECOND, "2026-06-03-x", FIRST, "2026-06-05-a"):
        registry = publish(store, version)
    registry.promote(SECOND)
    assert [card.version for card in registry.versions()] == [
        FIRST, "2026-06-03-x", SECOND, "2026-06-05-a",
    ]  # fmt: skip
