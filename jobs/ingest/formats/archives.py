"""Zip archives, read in place: which members are logs, within bounds, and the bytes of a member.

Nothing is unpacked to the disk. A member's path is a name in the landing and never one of a file system;
an archive with a path that leads out of it is refused as a whole, as are archives within archives.
"""

import io
import lzma
import re
import zipfile
import zlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import IO, Any

from jobs.ingest.faults import FileFault
from jobs.ingest.formats.content import looks_like
from jobs.ingest.formats.suffixes import ARCHIVE, FORMATS, OTHER_ARCHIVES, suffixes
from jobs.settings import ArchiveSettings

UNPACK = "unpack it here, and remove it"
AGAIN = "remove it, and download the export again"
# The list of members is read at once: more than this is no list of an export's members.
MAX_READ = 1 << 22
# What reading a member raises where its bytes are not what they were.
DAMAGES = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError)
_ENCRYPTED = 0x1
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)


@dataclass(frozen=True)
class Archive:
    """What an archive holds: the sizes of its logs by name, in order, and the names of the rest."""

    logs: dict[str, int]
    passed_over: list[str]


class _OutOfFileError(OSError):
    """What a file of the operating system says of a position before its beginning."""


class _Bounded(io.BufferedReader):
    """A file of which no more than ``MAX_READ`` bytes are held at a time."""

    def read(self, size: int | None = -1) -> bytes:
        data = super().read(MAX_READ + 1 if size is None or size < 0 else min(size, MAX_READ + 1))
        if len(data) > MAX_READ:
            raise FileFault("archive too large", f"the list of its members is too long: {UNPACK}")
        return data

    def seek(self, position: int, whence: int = 0) -> int:
        try:
            return super().seek(position, whence)
        except ValueError as error:
            raise _OutOfFileError(str(error)) from None


def read_archive(file: Any, n_bytes: int, limits: ArchiveSettings) -> Archive:
    """Return what the archive holds; FileFault where it is none, or breaks a bound or a rule."""
    with _opened(file) as archive:
        entries = archive.infolist()
        _check_bounds(entries, n_bytes, limits)
        _check_names(entries)
        members = {_path(entry.filename): entry for entry in entries if not entry.is_dir()}
        logs, others = {}, []
        for name, entry in sorted(members.items()):
            if suffixes(name)[0] in FORMATS and not _is_hidden(name):
                _check_readable(name, entry)
                logs[name] = entry.file_size
            else:
                others.append(name)
    if not logs:
        shown = ", ".join(others[:3]) or "nothing"
        raise FileFault(
            "no log in it",
            f"a zip archive of {shown}: no log's name, which ends in .{', .'.join(FORMATS)}; remove it, "
            "and ask the service for JSON or CSV",
        )
    return Archive(logs, others)


def open_member(file: Any, name: str) -> IO[bytes]:
    """Return the bytes of a member; FileFault if the archive or the member is damaged, FileNotFoundError
    if it has none of this name."""
    archive = _opened(file)
    found = [entry for entry in archive.infolist() if _path(entry.filename) == name]
    if not found:
        raise FileNotFoundError(name)
    try:
        return archive.open(found[0])
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
        raise FileFault("damaged file", f"{error}: zip it again, or {UNPACK}") from None


def _opened(file: Any) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(_Bounded(file, 1 << 16))
    except (zipfile.BadZipFile, NotImplementedError, ValueError) as error:
        cause = error.__context__
        if isinstance(cause, OSError) and not isinstance(cause, _OutOfFileError):
            raise cause from None  # the disk's or the network's, not the archive's
        file.seek(0)
        head = file.read(1 << 16)
        found = looks_like(head)
        told = (
            f"{error}: it is broken, or not whole: deliver it again"
            if head.startswith(b"PK")
            else f"its name ends in .zip, and it looks like {found.what}: {found.remedy}"
        )
        raise FileFault("no sound archive", told) from None


def _path(name: str) -> str:
    """A member's path; some writers put backslashes into it, or begin it with where they were."""
    return name.replace("\\", "/").removeprefix("./")


def _is_hidden(name: str) -> bool:
    return any(part.startswith(("_", ".")) for part in name.split("/"))


def _check_names(entries: Sequence[zipfile.ZipInfo]) -> None:
    names = Counter(_path(entry.filename) for entry in entries if not entry.is_dir())
    for name, n in names.items():
        parts = name.split("/")
        if re.match("[A-Za-z]:", name) or not {"", ".", ".."}.isdisjoint(parts):
            raise FileFault("unsafe archive", f"its member {name[:200]!r} leads out of it: {AGAIN}")
        if n > 1:
            raise FileFault("unsafe archive", f"it holds {name[:200]!r} {n} times: {AGAIN}")
        if suffixes(name)[0] in (ARCHIVE, *OTHER_ARCHIVES) and not _is_hidden(name):
            raise FileFault("nested archive", f"it holds another archive, {name[:200]!r}: {UNPACK}")


def _check_bounds(entries: Sequence[zipfile.ZipInfo], n_bytes: int, limits: ArchiveSettings) -> None:
    size = sum(entry.file_size for entry in entries)
    bounds = (
        ("MEMBERS", len(entries), limits.members, "members"),
        ("MB", size >> 20, limits.mb, "MiB unpacked"),
    )
    for name, found, bound, what in bounds:
        if found > bound:
            raise FileFault(
                "archive too large",
                f"it holds {found:,} {what}, where {bound:,} are read (NOCTURNE__INGEST__ARCHIVES__"
                f"{name}): {UNPACK}",
            )
    if size > limits.ratio * n_bytes and size > limits.harmless_mb << 20:
        raise FileFault(
            "compression bomb",
            f"{n_bytes:,} bytes unpack to {size:,}, more than {limits.ratio:,} times as many "
            f"(NOCTURNE__INGEST__ARCHIVES__RATIO): {UNPACK} if it is no attack",
        )


def _check_readable(name: str, entry: zipfile.ZipInfo) -> None:
    if entry.flag_bits & _ENCRYPTED:
        raise FileFault(
            "encrypted archive",
            f"its member {name[:200]!r} needs a password: with it, {UNPACK}",
        )
    if entry.compress_type not in _METHODS:
        raise FileFault(
            "unknown compression",
            f"its member {name[:200]!r} is compressed by method {entry.compress_type}, which is not "
            f"read: {UNPACK}",
        )
