"""A store in a local folder. Writes go to a draft beside the object and are renamed over it.

What was written is on the disk, not only in memory, before a write returns: after a power cut no
manifest stands before its documents.
"""

import fcntl
import hashlib
import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from jobs.store.objects import ConflictError, checked, checked_prefix

DRAFT = ".draft-"


class FolderStore:
    """Objects as files below ``root``."""

    def __init__(self, root: str) -> None:
        self.root = Path(root)

    def _path(self, key: str) -> Path:
        return self.root.joinpath(*checked(key).split("/"))

    def url(self, key: str) -> str:
        """Return the file's path."""
        return str(self._path(key))

    def get(self, key: str) -> bytes | None:
        """Return the object's bytes, or None if there is none."""
        try:
            return self._path(key).read_bytes()
        except FileNotFoundError:
            return None

    def tag(self, key: str) -> str | None:
        """Return the SHA-256 of the object's bytes; None if there is none."""
        body = self.get(key)
        return None if body is None else hashlib.sha256(body).hexdigest()

    def put(self, key: str, body: bytes) -> None:
        """Write the object, over an earlier one if there is one."""
        self._replace(key, body, durable=True)

    def put_many(self, objects: Iterable[tuple[str, bytes]]) -> int:
        """Write many objects; returns how many."""
        n = 0
        for key, body in objects:
            self._replace(key, body, durable=False)
            n += 1
        os.sync()  # once for all: waiting for the disk at every file takes longer than writing it
        return n

    def put_new(self, key: str, body: bytes) -> None:
        """Write the object only if there is none; else ConflictError."""
        self.swap(key, body, None)

    def swap(self, key: str, body: bytes, expected_tag: str | None) -> None:
        """Write the object only if its tag is still the expected one (None: absent)."""
        with self._locked():
            if self.tag(key) != expected_tag:
                raise ConflictError(f"{self.url(key)} was changed by another writer: run again")
            self.put(key, body)

    def list(self, prefix: str) -> Iterator[str]:
        """Yield the keys that begin with the prefix, in order."""
        keys = (
            path.relative_to(self.root).as_posix()
            for path in self.root.joinpath(*checked_prefix(prefix).split("/")[:-1]).rglob("*")
            if path.is_file() and not path.name.startswith(DRAFT) and path.name != ".lock"
        )
        return iter(sorted(key for key in keys if key.startswith(prefix)))

    def delete(self, key: str) -> None:
        """Delete the object; absent is fine."""
        self._path(key).unlink(missing_ok=True)

    def _replace(self, key: str, body: bytes, *, durable: bool) -> None:
        path = self._path(key)
        made = [folder for folder in path.parents if not folder.exists()]
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, draft = tempfile.mkstemp(prefix=DRAFT, dir=path.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(body)
                if durable:
                    file.flush()
                    os.fsync(handle)
            Path(draft).chmod(0o644)
            Path(draft).replace(path)
        except BaseException:
            Path(draft).unlink(missing_ok=True)
            raise
        if durable:
            for folder in (path.parent, *(folder.parent for folder in made)):
                _sync_folder(folder)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        self.root.mkdir(parents=True, exist_ok=True)
        with (self.root / ".lock").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield


def _sync_folder(folder: Path) -> None:
    """Write the folder's names to the disk: a rename is there after a power cut only then."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
