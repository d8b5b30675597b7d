"""The card of a model version: all that tells where it comes from and how good it is."""

import hashlib
from collections.abc import Mapping
from datetime import date
from typing import Any

from pydantic import BaseModel, ConfigDict, Field


class Interval(BaseModel):
    """A metric on held-out later listens, with its bootstrap interval."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    value: float
    low: float
    high: float


class Card(BaseModel):
    """One version, as published; never changed afterwards.

    ``files`` is the SHA-256 of each file of the version; ``metrics`` are on held-out later listens.
    ``data_versions`` are the Delta versions read (they depend on the order in which nights were
    built, so they are no part of the version's name).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    schema_version: int = 1
    model: str
    version: str
    as_of: date
    seed: int
    data_versions: dict[str, int] = Field(default_factory=dict)
    config: dict[str, Any] = Field(default_factory=dict)
    metrics: dict[str, Interval] = Field(default_factory=dict)
    libraries: dict[str, str] = Field(default_factory=dict)
    files: dict[str, str]

    def to_bytes(self) -> bytes:
        """Return the card as a JSON document."""
        return (self.model_dump_json(indent=1) + "\n").encode()


def checksum(body: bytes) -> str:
    """Return the SHA-256, in hexadecimal."""
    return hashlib.sha256(body).hexdigest()


def version_name(as_of: date, files: Mapping[str, bytes]) -> str:
    """Return ``<as_of>-<12 digits of a hash of the files>``: the same files and night, the same name."""
    digests = "\n".join(f"{checksum(files[name])} {name}" for name in sorted(files))
    return f"{as_of}-{checksum(digests.encode())[:12]}"
