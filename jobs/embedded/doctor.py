"""What a night needs from this machine, each thing with the remedy if it is missing."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil

from jobs.errors import NocturneError
from jobs.lake.jars import jar_files, java_binary
from jobs.settings import Settings, is_s3

JAVA_VERSIONS = (17, 21)
MEMORY_GB = 6
DISK_GB = 5
GB = 1024**3
GET_JAVA = (
    "install Java 17 or 21 (Debian, Ubuntu: apt install openjdk-17-jre-headless; macOS: brew install "
    "openjdk@17; others: https://adoptium.net) and set JAVA_HOME if it is not the first on PATH"
)


@dataclass(frozen=True)
class HealthCheck:
    """One thing that was looked at."""

    name: str
    good: bool
    text: str


def health_checks(settings: Settings) -> Iterator[HealthCheck]:
    """Check everything a night needs; jars are fetched if they are not there."""
    java = check_java()
    yield java
    yield _jars(settings) if java.good else HealthCheck("jars", False, "cannot be fetched without Java")
    yield _memory()
    yield _disk(Path(settings.home))
    for name in ("landing", "lake", "store"):
        root = getattr(settings, name).root
        yield _bucket(name, root, settings) if is_s3(root) else _folder(name, root)


def require_java() -> None:
    """Raise NocturneError, with the remedy, if there is no Java that Spark can run on."""
    java = check_java()
    if not java.good:
        raise NocturneError(java.text)


def check_java() -> HealthCheck:
    """Check the Java that Spark would start."""
    try:
        done = subprocess.run([java_binary(), "-version"], capture_output=True, text=True, check=False)
    except OSError:
        return HealthCheck(
            "java", False, f"Spark needs Java and {java_binary()!r} is not there: {GET_JAVA}"
        )
    match = re.search(r'version "(?:1\.)?(\d+)', done.stderr)
    version = int(match[1]) if match else None
    if version not in JAVA_VERSIONS:
        found = version or "of unknown version"
        return HealthCheck(
            "java", False, f"Spark needs Java 17 or 21 and this is Java {found}: {GET_JAVA}"
        )
    return HealthCheck("java", True, f"Java {version}")


def _jars(settings: Settings) -> HealthCheck:
    try:
        jars = jar_files(settings)
    except NocturneError as error:
        return HealthCheck("jars", False, str(error))
    return HealthCheck("jars", True, f"{len(jars)} in {Path(jars[0]).parents[1]}")


def _memory() -> HealthCheck:
    gb = psutil.virtual_memory().total / GB
    remedy = "" if gb >= MEMORY_GB else f": a night needs {MEMORY_GB} GB"
    return HealthCheck("memory", gb >= MEMORY_GB, f"{gb:.0f} GB{remedy}")


def _disk(home: Path) -> HealthCheck:
    folder = next(path for path in (home, *home.parents) if path.exists())
    gb = shutil.disk_usage(folder).free / GB
    remedy = "" if gb >= DISK_GB else f": {DISK_GB} GB are needed; free some or set NOCTURNE__HOME"
    return HealthCheck("disk", gb >= DISK_GB, f"{gb:.0f} GB free for {home}{remedy}")


def _bucket(name: str, root: str, settings: Settings) -> HealthCheck:
    from jobs.store.s3 import S3Store

    store = S3Store(root, settings.s3, settings.store.n_threads)
    try:
        if name == "store":
            store.require_conditions()
        else:
            next(store.list(""), None)
    except NocturneError as error:
        return HealthCheck(name, False, str(error))
    return HealthCheck(name, True, f"{root} ({'written' if name == 'store' else 'read'})")


def _folder(name: str, root: str) -> HealthCheck:
    path = Path(root)
    folder = next(parent for parent in (path, *path.parents) if parent.exists())
    probe = folder / ".nocturne-probe"
    try:
        probe.touch()
        probe.unlink()
    except OSError as error:
        remedy = f"set NOCTURNE__{name.upper()}__ROOT to a folder that you can write"
        return HealthCheck(name, False, f"{root}: {error.strerror or error}: {remedy}")
    return HealthCheck(name, True, root)
