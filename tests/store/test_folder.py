"""What is on the disk when a write to a folder returns."""

import os
from pathlib import Path

import pytest

from jobs.errors import UsageError
from jobs.store.folder import FolderStore


@pytest.fixture
def steps(monkeypatch):
    """What was synced to the disk (a folder's or a draft's name) and renamed, in order."""
    found = []
    fsync, replace, sync = os.fsync, Path.replace, os.sync

    def told_fsync(handle):
        path = Path(f"/proc/self/fd/{handle}").readlink()
        found.append(("synced", path))
        if path.is_file():
            assert path.read_bytes(), "synced before Python's own buffer was written"
        fsync(handle)

    def told_replace(path, target):
        found.append(("renamed", Path(target)))
        return replace(path, target)

    def told_sync():
        found.append(("synced", Path("/")))
        sync()

    monkeypatch.setattr(os, "fsync", told_fsync)
    monkeypatch.setattr(os, "sync", told_sync)
    monkeypatch.setattr(Path, "replace", told_replace)
    return found


def test_an_object_is_on_the_disk_before_and_its_name_after_it_gets_it(tmp_path, steps):
    FolderStore(str(tmp_path)).put("a/b/object", b"1")
    (draft, first), renamed, *folders = steps
    assert draft == "synced"
    assert first.parent == tmp_path / "a" / "b"
    assert first.name != "object"
    assert renamed == ("renamed", tmp_path / "a" / "b" / "object")
    assert folders == [
        ("synced", tmp_path / "a" / "b"),
        ("synced", tmp_path / "a"),
        ("synced", tmp_path),
    ]


def test_many_objects_are_on_the_disk_when_they_are_said_to_be_written(tmp_path, steps):
    FolderStore(str(tmp_path)).put_many([("a", b"1"), ("b", b"2")])
    assert steps == [("renamed", tmp_path / "a"), ("renamed", tmp_path / "b"), ("synced", Path("/"))]


def test_a_write_that_fails_leaves_the_object_and_no_draft(tmp_path, monkeypatch):
    store = FolderStore(str(tmp_path))
    store.put("object", b"1")

    def full(handle):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        store.put("object", b"2")
    assert store.get("object") == b"1"
    assert [path.name for path in tmp_path.iterdir()] == ["object"]


@pytest.mark.parametrize("write", ["put", "put_new", "put_many"])
def test_an_object_whose_name_cannot_be_given_is_told_and_leaves_no_draft(tmp_path, monkeypatch, write):
    def refuse(path, target):
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(Path, "replace", refuse)
    arguments = ([("object", b"1")],) if write == "put_many" else ("object", b"1")
    with pytest.raises(OSError, match="Input/output error"):
        getattr(FolderStore(str(tmp_path)), write)(*arguments)
    assert list(tmp_path.glob("[!.]*")) == list(tmp_path.glob(".draft-*")) == []


def test_an_interruption_right_after_the_object_got_its_name_stays_one(tmp_path, monkeypatch):
    replace = Path.replace

    def interrupted(path, target):
        replace(path, target)
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "replace", interrupted)
    store = FolderStore(str(tmp_path))
    with pytest.raises(KeyboardInterrupt):
        store.put("object", b"1")
    assert store.get("object") == b"1"


def test_a_write_leaves_no_file_open(tmp_path):
    store = FolderStore(str(tmp_path))
    before = set(Path("/proc/self/fd").iterdir())
    store.put("a/b/object", b"1")
    assert set(Path("/proc/self/fd").iterdir()) == before


def test_others_may_read_an_object(tmp_path):
    store = FolderStore(str(tmp_path))
    store.put("one", b"1")
    store.put_many([("many", b"1")])
    assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o644}


def test_drafts_and_the_lock_are_no_objects(tmp_path):
    store = FolderStore(str(tmp_path))
    store.put_new("a/object", b"1")
    (tmp_path / "a" / ".draft-left").write_bytes(b"half")
    assert (tmp_path / ".lock").exists()
    assert list(store.list("")) == list(store.list("a/")) == ["a/object"]


@pytest.mark.parametrize("prefix", ["../", "../other/", "a/../../", "/", "a//b", "./a"])
def test_nothing_outside_the_root_is_listed(tmp_path, prefix):
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "secret").write_text("1")
    store = FolderStore(str(tmp_path / "store"))
    store.put("a/b", b"1")
    with pytest.raises(UsageError, match="not a key"):
        list(store.list(prefix))


def test_a_prefix_may_end_within_a_name(tmp_path):
    store = FolderStore(str(tmp_path))
    for key in ("a/bc", "a/bd", "a/c"):
        store.put(key, b"")
    assert list(store.list("a/b")) == ["a/bc", "a/bd"]
