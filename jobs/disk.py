"""A full disk in one sentence: which folder, how much is free there, and which setting moves it."""

import errno
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from jobs.errors import NocturneError
from jobs.lake.scratch import scratch_folders, scratch_setting
from jobs.settings import Settings, is_s3

FULL = (errno.ENOSPC, errno.EDQUOT)
# How Java and Rust, whose errors come as texts, say the same.
WORDS = ("No space left on device", "Disk quota exceeded")
MB = 1024**2
# What was being written is gone again by the time that anybody looks.
NEARLY_FULL = 1024 * MB


class DiskFullError(NocturneError):
    """There is no space where something is to be written: worth another try once there is."""


@dataclass(frozen=True)
class Place:
    """A folder that a night writes to, what for, and the setting that moves it."""

    folder: Path
    what: str
    setting: str

    @property
    def on_disk(self) -> Path:
        """The folder, or the nearest one above it that is there."""
        return next(path for path in (self.folder, *self.folder.parents) if path.exists())

    @property
    def free(self) -> int:
        """Bytes that are free there."""
        return shutil.disk_usage(self.on_disk).free


def places(settings: Settings) -> list[Place]:
    """Return every folder of this machine that a night writes to."""
    roots = [
        Place(Path(root), what, f"NOCTURNE__{what.upper()}__ROOT")
        for what, root in (("lake", settings.lake.root), ("store", settings.store.root))
        if root and not is_s3(root)
    ]
    return [
        *(Place(folder, "scratch", scratch_setting()) for folder in scratch_folders(settings)),
        *roots,
        Place(Path(settings.home), "home", "NOCTURNE__HOME"),
        Place(Path(tempfile.gettempdir()), "temporary", "TMPDIR"),
    ]


@contextmanager
def full_disk_named(settings: Settings) -> Iterator[None]:
    """Raise DiskFullError, which says what to do, in the place of any error of a full disk."""
    try:
        yield
    except DiskFullError:
        raise
    except Exception as error:
        full = disk_full(error, settings)
        if full is None:
            raise
        raise full from error


def disk_full(error: BaseException, settings: Settings) -> DiskFullError | None:
    """Return the error that says which disk is full; None if ``error`` comes of something else.

    The folder is the innermost one that the error names, else the one with the least space.
    """
    errors = list(_causes(error))
    if not any(_is_full(one) for one in errors):
        return None
    found = places(settings)
    said = " ".join(f"{one} {getattr(one, 'filename', None) or ''}" for one in errors)
    named = [place for place in found if str(place.folder) in said]
    place = min(found, key=lambda place: place.free)
    if named:
        place = max(named, key=lambda place: len(str(place.folder)))
    elif place.free > NEARLY_FULL:
        looked = ", ".join(f"{place.folder} {place.free / MB:,.0f} MB" for place in found)
        first = str(error).splitlines()[0]
        return DiskFullError(
            f"no space is left, where the error does not say ({first}): free are {looked}"
        )
    return DiskFullError(
        f"no space is left in {place.folder} ({place.what}): {place.free / MB:,.1f} MB are free now; "
        f"free some or set {place.setting} to a folder on a larger disk, then run it again"
    )


def _is_full(error: BaseException) -> bool:
    if isinstance(error, OSError) and error.errno in FULL:
        return True
    return any(words in str(error) for words in WORDS)


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error and what it came of, the latest first."""
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        yield current
        current = current.__cause__ or current.__context__
