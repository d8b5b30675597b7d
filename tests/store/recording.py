"""A store in memory that tells in which order it was used, and fails when told to."""

import hashlib
from collections.abc import Iterable, Iterator

from jobs.store import ConflictError

WRITES = ("put", "put_new", "swap")


class PowerCutError(Exception):
    """What the store raises instead of the write it was told to fail at."""


class RecordingStore:
    """Objects in a dict. ``calls`` are (method, key) in order.

    The ``fail_at``-th write (from 0) raises PowerCutError and writes nothing.
    """

    def __init__(self, fail_at: int | None = None) -> None:
        self.objects: dict[str, bytes] = {}
        self.calls: list[tuple[str, str]] = []
        self.fail_at = fail_at

    def written(self) -> list[str]:
        """Keys in the order in which they were written."""
        return [key for method, key in self.calls if method in WRITES]

    def called(self, key: str) -> list[str]:
        """Methods called for one key, in order."""
        return [method for method, found in self.calls if found == key]

    def url(self, key: str) -> str:
        return f"memory://{key}"

    def get(self, key: str) -> bytes | None:
        self.calls.append(("get", key))
        return self.objects.get(key)

    def tag(self, key: str) -> str | None:
        self.calls.append(("tag", key))
        return self._tag(key)

    def put(self, key: str, body: bytes) -> None:
        self._write("put", key, body)

    def put_many(self, objects: Iterable[tuple[str, bytes]]) -> int:
        return sum(1 for key, body in objects if self._write("put", key, body) is None)

    def put_new(self, key: str, body: bytes) -> None:
        self._swap("put_new", key, body, None)

    def swap(self, key: str, body: bytes, expected_tag: str | None) -> None:
        self._swap("swap", key, body, expected_tag)

    def list(self, prefix: str) -> Iterator[str]:
        return iter(sorted(key for key in self.objects if key.startswith(prefix)))

    def delete(self, key: str) -> None:
        self.objects.pop(key, None)

    def _swap(self, method: str, key: str, body: bytes, expected_tag: str | None) -> None:
        if self._tag(key) != expected_tag:
            raise ConflictError(f"{key} was changed by another writer: run again")
        self._write(method, key, body)

    def _write(self, method: str, key: str, body: bytes) -> None:
        if len(self.written()) == self.fail_at:
            raise PowerCutError(key)
        self.calls.append((method, key))
        self.objects[key] = body

    def _tag(self, key: str) -> str | None:
        body = self.objects.get(key)
        return None if body is None else hashlib.sha256(body).hexdigest()
