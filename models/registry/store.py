"""What the registry needs of an object store."""

from collections.abc import Iterator
from typing import Protocol


class Store(Protocol):
    """Bytes by key; an object is whole or absent."""

    def get(self, key: str) -> bytes | None:
        """Return the object's bytes, or None if there is none."""
        ...

    def tag(self, key: str) -> str | None:
        """Return the object's entity tag; None if there is none."""
        ...

    def put(self, key: str, body: bytes) -> None:
        """Write the object, over an earlier one if there is one."""
        ...

    def swap(self, key: str, body: bytes, expected_tag: str | None) -> None:
        """Write the object only if its tag is still the expected one (None: absent)."""
        ...

    def list(self, prefix: str) -> Iterator[str]:
        """Yield the keys that begin with the prefix, in order."""
        ...
