"""Spark's scratch folder: where it spills to, and what killed Java machines have left there.

A Java machine removes its folders as it ends, unless it is killed. Whose a folder is, it does not say;
but its owner was alive when it was made, so what is older than every Java machine that runs is nobody's.
"""

import os
import shutil
import stat
from pathlib import Path

import psutil

from jobs.settings import Settings, absolute

NAMED = "SPARK_LOCAL_DIRS"


def scratch_folders(settings: Settings) -> list[Path]:
    """Return where Spark spills to: what SPARK_LOCAL_DIRS names, else the folder of the settings."""
    named = os.environ.get(NAMED)
    ours = settings.spark.scratch_dir or os.path.join(settings.home, "spark", "scratch")
    return [Path(absolute(folder)) for folder in (named.split(",") if named else [ours])]


def scratch_setting() -> str:
    """Return the name of the variable that moves the folder."""
    return NAMED if os.environ.get(NAMED) else "NOCTURNE__SPARK__SCRATCH_DIR"


def remove_leftovers(settings: Settings) -> int:
    """Remove what dead Java machines have left in our own scratch folder; returns how many bytes.

    In a folder that SPARK_LOCAL_DIRS names there may be others' files: nothing is removed.
    """
    if os.environ.get(NAMED):
        return 0
    (folder,) = scratch_folders(settings)
    found = leftovers(folder)
    n_bytes = sum(size(path) for path in found)
    for path in found:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
    return n_bytes


def leftovers(folder: Path) -> list[Path]:
    """Return what lies in the folder and was last changed before any Java machine that runs began."""
    entries = sorted(folder.iterdir()) if folder.is_dir() else []
    if not entries:
        return []
    oldest = min(_starts_of_java(), default=float("inf"))
    return [path for path in entries if path.lstat().st_ctime < oldest]


def size(path: Path) -> int:
    """Return the bytes of a file, or of all files below a folder."""
    if path.is_symlink():
        return 0
    files = (entry.lstat() for entry in [path, *path.rglob("*")])
    return sum(entry.st_size for entry in files if stat.S_ISREG(entry.st_mode))


def _starts_of_java() -> list[float]:
    """When each Java machine was started, in seconds since 1970."""
    processes = psutil.process_iter(["name", "create_time"])
    return [process.info["create_time"] for process in processes if process.info["name"] == "java"]
