"""What a night needs from this machine, each thing with the remedy if it is missing."""

import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil

from jobs.disk import Place, places
from jobs.errors import NocturneError
from jobs.lake.jars import jar_files, java_binary
from jobs.lake.scratch import NAMED, leftovers, size
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
    landing = settings.landing.root
    yield _bucket("landing", landing, settings) if is_s3(landing) else _landing(landing)
    for place in places(settings):
        yield _place(place)
    for name in ("lake", "store"):
        root = getattr(settings, name).root
        if is_s3(root):
            yield _bucket(name, root, settings)


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


def _place(place: Place) -> HealthCheck:
    """A folder that nights write to: whether that is possible, and how much fits."""
    remedy = f"set {place.setting} to a folder that you can write, with {DISK_GB} GB free"
    if fault := _unwritable(place.folder):
        return HealthCheck(place.what, False, f"{place.folder}: {fault}: {remedy}")
    gb, left = place.free / GB, leftovers(place.folder) if place.what == "scratch" else []
    text = f"{place.folder}, {gb:.1f} GB free"
    if left:
        text += f"; killed Sparks have left {sum(map(size, left)) / GB:.1f} GB, {_fate(place)}"
    good = gb >= DISK_GB
    return HealthCheck(place.what, good, text if good else f"{text}: free some, or {remedy}")


def _fate(place: Place) -> str:
    if place.setting == NAMED:
        return "to be removed by whoever owns the folder"
    return "which the next night removes"


def _bucket(name: str, root: str, settings: Settings) -> HealthCheck:
    from jobs.store.s3 import S3Store

    store = S3Store(root, settings.s3, settings.store.n_threads)
    try:
        if name == "landing":
            next(store.list(""), None)
        else:
            store.require_conditions()  # what is written there is written under conditions
    except NocturneError as error:
        return HealthCheck(name, False, str(error))
    return HealthCheck(name, True, f"{root} ({'read' if name == 'landing' else 'written'})")


def _landing(root: str) -> HealthCheck:
    if fault := _unwritable(Path(root)):
        remedy = "set NOCTURNE__LANDING__ROOT to a folder that you can write"
        return HealthCheck("landing", False, f"{root}: {fault}: {remedy}")
    return HealthCheck("landing", True, root)


def _unwritable(path: Path) -> str | None:
    """Why nothing can be written to the folder, or to the nearest one above that is there."""
    folder = next(parent for parent in (path, *path.parents) if parent.exists())
    probe = folder / ".nocturne-probe"
    try:
        probe.touch()
        probe.unlink()
    except OSError as error:
        return error.strerror or str(error)
    return None
