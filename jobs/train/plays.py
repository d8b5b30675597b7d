"""Plays as fixed-width records in scratch files, so that memory does not grow with the table."""

import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from jobs.settings import Settings

# Plays and skips as ``jobs.domain.listening`` tells them: numbers of user and track, microseconds since
# 1970 UTC, milliseconds heard, whether it counts as a skip, and whether the log says that the track was
# skipped, at whatever time.
PLAY = np.dtype(
    [
        ("user", "<i4"),
        ("track", "<i4"),
        ("at", "<i8"),
        ("ms_played", "<i4"),
        ("is_skip", "?"),
        ("told_skipped", "?"),
    ]
)
Records = NDArray[np.void]
PLAYS_PER_BUCKET = 2_000_000


@contextmanager
def scratch(settings: Settings) -> Iterator[Path]:
    """Make a folder for one run, gone at its end."""
    home = Path(settings.home)
    home.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="train-", dir=home) as folder:
        yield Path(folder)


@dataclass(frozen=True)
class PlayLog:
    """Plays in order of time, in one file for each bucket of listeners."""

    files: tuple[Path, ...]
    n_plays: int

    @classmethod
    def write(cls, days: Iterable[Records], n_expected: int, folder: Path) -> "PlayLog":
        """Write days in order, each in order of time; ``n_expected`` decides how many buckets."""
        n_buckets = max(1, -(-n_expected // PLAYS_PER_BUCKET))
        paths = tuple(folder / f"plays-{i}" for i in range(n_buckets))
        n_plays = 0
        for path in paths:
            path.write_bytes(b"")
        for plays in days:
            n_plays += len(plays)
            bucket = plays["user"] % n_buckets
            for i, path in enumerate(paths):
                with path.open("ab") as file:
                    plays[bucket == i].tofile(file)
        return cls(paths, n_plays)

    def bucket(self, i: int) -> Records:
        """Read plays of the listeners whose number leaves the remainder i, in order of time."""
        return np.fromfile(self.files[i], PLAY)
