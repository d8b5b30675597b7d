"""The interface of an object store."""

from collections.abc import Iterable, Iterator
from typing import Protocol

from jobs.errors import NocturneError, UsageError


class ConflictError(NocturneError):
    """A conditional write found another object than the one it expected."""


class ObjectStore(Protocol):
    """Bytes by key. An object is whole or absent; no reader sees half of one."""

    def url(self, key: str) -> str:
        """Return where a person or another program finds the object."""
        ...

    def get(self, key: str) -> bytes | None:
        """Return the object's bytes, or None if there is none."""
        ...

    def tag(self, key: str) -> str | None:
        """Return the object's entity tag, which changes when its bytes do; None if there is none."""
        ...

    def put(self, key: str, body: bytes) -> None:
        """Write the object, over an earlier one if there is one."""
        ...

    def put_many(self, objects: Iterable[tuple[str, bytes]]) -> int:
        """Write many objects, several at a time; returns how many."""
        ...

    def put_new(self, key: str, body: bytes) -> None:
        """Write the object only if there is none; else ConflictError."""
        ...

    def swap(self, key: str, body: bytes, expected_tag: str | None) -> None:
        """Write the object only if its tag is still the expected one (None: absent)."""
        ...

    def list(self, prefix: str) -> Iterator[str]:
        """Yield the keys that begin with the prefix, in order."""
        ...

    def delete(self, key: str) -> None:
        """Delete the object; absent is fine."""
        ...


def checked(key: str) -> str:
    """Return the key if it names an object below the root; else raise UsageError."""
    if any(part in ("", ".", "..") for part in key.split("/")) or "\0" in key:
        raise UsageError(f"{key!r} is not a key: parts must be names, separated by single /")
    return key


def checked_prefix(prefix: str) -> str:
    """Return the prefix if all keys that begin with it are below the root; else raise UsageError.

    Its last part may be empty (``a/``) or the beginning of a name (``a/b``).
    """
    folder, _, _ = prefix.rpartition("/")
    if folder or prefix.startswith("/"):
        checked(folder)
    return prefix
