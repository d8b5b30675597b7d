"""What a writer says a partition holds: ``_MANIFEST.json`` beside the files.

    {"files": [{"name": "part-00000.jsonl.gz", "bytes": 10869012, "rows": 264401}]}

``name`` is a path below the partition, ``rows`` counts its records, bad ones too; ``bytes`` and ``rows``
may be left out, and other fields are not looked at.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date

from pydantic import BaseModel, NonNegativeInt, ValidationError

from jobs.ingest.arrival import WAIT, StillLandingError
from jobs.ingest.landing import MANIFEST, LandedFile, Landing, Root


class Promise(BaseModel):
    """One file of a manifest."""

    name: str
    bytes: NonNegativeInt | None = None
    rows: NonNegativeInt | None = None


class Manifest(BaseModel):
    """A manifest."""

    files: list[Promise]


Promises = Mapping[str, Promise]


def read_manifest(root: Root, kind: str, day: date) -> Promises | None:
    """Return the promises of a partition by the file's name below the root; None if it is no
    manifest."""
    folder = f"{kind}/date={day}"
    try:
        with root.filesystem().open_input_stream(root.join(f"{folder}/{MANIFEST}")) as stream:
            found = Manifest.model_validate_json(stream.read())
    except (ValidationError, OSError):
        return None
    return {f"{folder}/{promise.name}": promise for promise in found.files}


def check_manifests(root: Root, landing: Landing, days: Iterable[date]) -> None:
    """Raise StillLandingError while the landing is not what the manifests of these days say."""
    wanted = set(days)
    sizes = {file.name: file.size for file in landing.files}
    for kind, day in sorted(part for part in landing.manifests if part[1] in wanted):
        promises = read_manifest(root, kind, day)
        if promises is None:
            raise StillLandingError(
                f"{kind}/date={day}/{MANIFEST} is no manifest, or half of one: {WAIT}"
            )
        broken = [
            told for name, one in promises.items() if (told := _broken(name, one, sizes.get(name)))
        ]
        if broken:
            raise StillLandingError(
                f"{broken[0]}; so are {len(broken)} of the {len(promises)} files of its manifest: {WAIT}"
            )


def _broken(name: str, promise: Promise, size: int | None) -> str | None:
    if size is None:
        return f"{name} is in its manifest and has not landed"
    if promise.bytes is not None and size != promise.bytes:
        return f"{name} has {size:,} bytes, where its manifest says {promise.bytes:,}"
    return None


def with_promised_rows(root: Root, landing: Landing, files: Sequence[LandedFile]) -> list[LandedFile]:
    """Return the files, each with the number of rows that a manifest beside it promises, if one does."""
    parts = {(file.kind, file.landed_on) for file in files} & landing.manifests
    promises: dict[str, Promise] = {}
    for part in parts:
        promises |= read_manifest(root, *part) or {}
    return [
        replace(file, rows_promised=promises[file.name].rows) if file.name in promises else file
        for file in files
    ]
