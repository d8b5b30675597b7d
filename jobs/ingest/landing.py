"""What lies in the landing folder: ``<root>/<kind>/date=YYYY-MM-DD/…/<file>``, a folder or a bucket.

The members of a zip archive are landed files beside it, ``…/<archive>.zip/<member>``.
"""

import os
import re
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from jobs.ingest.faults import FileFault
from jobs.ingest.formats.archives import Archive, open_member, read_archive
from jobs.ingest.formats.suffixes import ARCHIVE, suffixes
from jobs.lake.catalog import LANDING_KINDS
from jobs.settings import ArchiveSettings, S3Settings, Settings, is_s3

if TYPE_CHECKING:
    from jobs.store.s3 import S3Store

_PARTITION = re.compile(r"date=(\d{4}-\d{2}-\d{2})")
# Names that writers give to what is not data, or not yet.
_UNFINISHED = (
    ".tmp", ".part", ".partial", ".crdownload", ".opdownload", ".download", ".inprogress",
)  # fmt: skip
# The one log whose name begins with a point.
_PLAYER_LOG = ".scrobbler.log"
# What the operating system says of one file, and of no other.
OF_THE_FILE = (PermissionError, FileNotFoundError, IsADirectoryError)
SUCCESS, MANIFEST = "_SUCCESS", "_MANIFEST.json"
# Of so many folders beside the kinds' a bucket is asked whether they hold partitions: a request each.
MAX_OTHERS = 100


@dataclass(frozen=True)
class LandedFile:
    """One file: ``name`` is its path below the root. ``size`` is -1 for what is no regular file.

    ``exported_by`` is the name that a ``user.json`` of the same export gives.
    ``rows_promised`` is what a manifest says it holds, where there is one. ``archive`` names the archive
    that it is a member of; its ``size`` is that of the unpacked member then.
    """

    name: str
    kind: str
    landed_on: date
    size: int
    fingerprint: str
    modified: float = 0.0
    rows_promised: int | None = None
    exported_by: str | None = None
    archive: str | None = None

    @property
    def is_archive(self) -> bool:
        """Whether it is an archive whose members are landed files."""
        return self.archive is None and suffixes(self.name) == (ARCHIVE, "")

    @property
    def folder_listener(self) -> str | None:
        """The listener of the innermost ``user=<id>`` folder that it lies in; None if it lies in none.

        Folders within an archive say nothing: nobody's export tells of other listeners.
        """
        folders = reversed((self.archive or self.name).split("/")[:-1])
        named = next((part for part in folders if part.startswith("user=")), None)
        return unquote(named.removeprefix("user=")) or None if named else None


@dataclass(frozen=True)
class Landing:
    """All files below the root, in order of name, and what was passed over.

    ``ignored`` are files in no partition of a kind and a day; ``unfinished`` have a name that says that
    they are still being written; ``complete`` are the (kind, day) whose writer has left a ``_SUCCESS``,
    and ``manifests`` those with a ``_MANIFEST.json``.
    """

    files: list[LandedFile] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)
    unfinished: list[str] = field(default_factory=list)
    complete: set[tuple[str, date]] = field(default_factory=set)
    manifests: set[tuple[str, date]] = field(default_factory=set)


@dataclass(frozen=True)
class Root:
    """How a worker reaches the landing folder: its path, or bucket and prefix where there is ``s3``.

    ``limits`` bound what an archive in it may hold.
    """

    path: str
    s3: S3Settings | None = None
    limits: ArchiveSettings = field(default_factory=ArchiveSettings)

    @classmethod
    def of(cls, settings: Settings) -> "Root":
        """Return the root that the settings name."""
        root, limits = settings.landing.root, settings.ingest.archives
        if is_s3(root):
            return cls(root.split("://", 1)[1], settings.s3, limits)
        return cls(root, limits=limits)

    def filesystem(self) -> Any:
        """Return the Arrow file system that holds the root."""
        from pyarrow import fs

        if self.s3 is None:
            return fs.LocalFileSystem()
        scheme, _, host = (self.s3.endpoint_url or "").rpartition("://")
        return fs.S3FileSystem(
            region=self.s3.region,
            endpoint_override=host or None,
            scheme=scheme or "https",
            force_virtual_addressing=not (self.s3.path_style or host),
        )

    def join(self, name: str) -> str:
        """Return the path of a file in the file system."""
        return f"{self.path}/{name}"

    def open_file(self, file: LandedFile) -> Any:
        """Return the bytes of a landed file, or of a member of an archive, as an Arrow file with
        ``seek``."""
        import pyarrow as pa

        filesystem = self.filesystem()
        if file.archive is None:
            return filesystem.open_input_file(self.join(file.name))
        member = file.name.removeprefix(f"{file.archive}/")
        archive = filesystem.open_input_file(self.join(file.archive))
        return pa.PythonFile(open_member(archive, member), mode="r")

    def archive(self, file: LandedFile) -> Archive:
        """Return what a landed archive holds; FileFault if it is not to be read."""
        return _archive(self, file.name, file.size, file.fingerprint)


# A landing is listed several times in a run, and every archive is a few requests to a bucket.
@lru_cache(4096)
def _archive(root: Root, name: str, size: int, _fingerprint: str) -> Archive:
    with root.filesystem().open_input_file(root.join(name)) as file:
        return read_archive(file, size, root.limits)


def list_landing(root: Root) -> Landing:
    """Return every file of the four kinds, and every log in their archives, in order of name.

    A file's fingerprint changes when it is written again. An archive that is refused has no members.
    """
    landing = Landing()
    found = _in_bucket(root.path, root.s3) if root.s3 else _in_folder(Path(root.path))
    for name, size, fingerprint, modified in sorted(found):
        _place(landing, name, size, fingerprint, modified)
    landing.files.extend(_members(root, [f for f in landing.files if f.is_archive and f.size > 0]))
    landing.files.sort(key=lambda file: file.name)
    return landing


def _members(root: Root, archives: Iterable[LandedFile]) -> Iterator[LandedFile]:
    for file in archives:
        try:
            logs = root.archive(file).logs
        except (FileFault, *OF_THE_FILE):
            continue  # whoever reads the archive tells why
        for name, size in logs.items():
            yield replace(file, name=f"{file.name}/{name}", size=size, archive=file.name)


def _place(landing: Landing, name: str, size: int, fingerprint: str, modified: float) -> None:
    kind, *folders, base = name.split("/")
    day = _day(folders[0]) if folders else None
    of_a_kind = day if kind in LANDING_KINDS else None
    if of_a_kind and base == SUCCESS:
        landing.complete.add((kind, of_a_kind))
    elif of_a_kind and base == MANIFEST and len(folders) == 1:
        landing.manifests.add((kind, of_a_kind))
    elif any(part.startswith(("_", ".")) for part in (kind, *folders, base.removeprefix(_PLAYER_LOG))):
        return
    elif name != name.encode(errors="replace").decode():
        landing.ignored.append(ascii(name))  # no table could name it
    elif of_a_kind is None:
        landing.ignored.append(name)
    elif base.lower().endswith(_UNFINISHED):
        landing.unfinished.append(name)
    else:
        landing.files.append(LandedFile(name, kind, of_a_kind, size, fingerprint, modified))


def _day(folder: str) -> date | None:
    match = _PARTITION.fullmatch(folder)
    try:
        return date.fromisoformat(match[1]) if match else None
    except ValueError:
        return None


def _in_folder(root: Path) -> Iterator[tuple[str, int, str, float]]:
    for kind in (*LANDING_KINDS, *_misnamed(root)):
        for partition in _entries(root / kind):
            # Partitions may be links; below them no link to a folder is followed, so none can loop.
            paths = (
                (Path(parent) / name for parent, _, names in os.walk(partition) for name in names)
                if partition.is_dir()
                else [partition]
            )
            for path in paths:
                yield (path.relative_to(root).as_posix(), *_local_state(path))


def _misnamed(root: Path) -> list[str]:
    """Folders that hold partitions, or are one, and are called like none of the kinds."""
    others = [folder for folder in _entries(root) if folder.name not in LANDING_KINDS]
    return [
        folder.name
        for folder in others
        if any(path.name.startswith("date=") for path in (folder, *_entries(folder)))
    ]


def _entries(folder: Path) -> list[Path]:
    return sorted(folder.iterdir()) if folder.is_dir() else []


def _local_state(path: Path) -> tuple[int, str, float]:
    try:
        state = path.stat()
    except OSError:
        return -1, "unreadable", 0.0
    size = state.st_size if stat.S_ISREG(state.st_mode) else -1
    return size, f"{size}-{state.st_mtime_ns}", state.st_mtime


def _in_bucket(path: str, s3: S3Settings) -> Iterator[tuple[str, int, str, float]]:
    from jobs.store.s3 import S3Store

    store = S3Store(f"s3://{path}", s3, 1)
    pages = (
        page
        for kind in (*LANDING_KINDS, *_misnamed_in(store))
        for page in _pages(store, f"{store.prefix}{kind}/")
    )
    for entry in (entry for page in pages for entry in page.get("Contents", [])):
        name, size = entry["Key"].removeprefix(store.prefix), entry["Size"]
        if not name.endswith("/"):
            yield name, size, f"{size}-{entry['ETag']}", entry["LastModified"].timestamp()


def _pages(store: "S3Store", prefix: str, **more: Any) -> Iterator[dict[str, Any]]:
    paginate = store.client.get_paginator("list_objects_v2").paginate
    yield from paginate(Bucket=store.bucket, Prefix=prefix, **more)


def _misnamed_in(store: "S3Store") -> list[str]:
    """As ``_misnamed``, of a bucket; of the first ``MAX_OTHERS`` folders in it, for it may hold much
    that is no landing."""
    found = (
        entry["Prefix"].removeprefix(store.prefix).removesuffix("/")
        for page in _pages(store, store.prefix, Delimiter="/")
        for entry in page.get("CommonPrefixes", [])
    )
    others = islice((name for name in found if name not in LANDING_KINDS), MAX_OTHERS)
    return [name for name in others if name.startswith("date=") or _has_partitions(store, name)]


def _has_partitions(store: "S3Store", folder: str) -> bool:
    one = {"Bucket": store.bucket, "Prefix": f"{store.prefix}{folder}/date=", "MaxKeys": 1}
    return bool(store.client.list_objects_v2(**one).get("Contents"))
