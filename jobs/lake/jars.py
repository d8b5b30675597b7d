"""Delta's and S3's jars: resolved once into a cache folder, by the Ivy that comes with Spark.

Spark's own ``spark.jars.packages`` resolves again at every start, which costs seconds each time.
"""

import hashlib
import os
import shutil
import subprocess
from pathlib import Path

from jobs.errors import NocturneError
from jobs.settings import Settings, is_s3

IVY_FILE = Path(__file__).with_name("jars.xml")
DIGESTS_FILE = Path(__file__).with_name("jars.sha256")


def jar_sets(settings: Settings) -> list[str]:
    """Return which sets of jars the settings need; S3's are 0.6 GB, so only where a root is s3://."""
    on_s3 = is_s3(settings.lake.root) or is_s3(settings.landing.root)
    return ["delta", "s3"] if on_s3 else ["delta"]


def jar_files(settings: Settings) -> list[str]:
    """Paths of the jars, resolved first if they are not there yet."""
    return [str(jar) for name in jar_sets(settings) for jar in resolve(settings, name)]


def jars_folder(settings: Settings) -> Path:
    """Return ``spark.jars_dir`` of the settings, else the user's cache folder."""
    cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"))
    return Path(settings.spark.jars_dir or cache / "nocturne" / "jars")


def resolve(settings: Settings, name: str) -> list[Path]:
    """Return the jars of one set, sorted; a folder is complete or absent, never half there."""
    folder = jars_folder(settings) / f"{name}-{_pins()}"
    if not folder.is_dir():
        _retrieve(folder, name)
    return sorted(folder.glob("*.jar"))


def _pins() -> str:
    return hashlib.sha256(IVY_FILE.read_bytes()).hexdigest()[:12]


def _retrieve(folder: Path, name: str) -> None:
    import pyspark

    draft = folder.with_name(f"{folder.name}.{os.getpid()}")
    ivy = next((Path(pyspark.__file__).parent / "jars").glob("ivy-*.jar"))
    command = [
        java_binary(), "-jar", str(ivy), "-ivy", str(IVY_FILE), "-confs", name, "-warn",
        "-cache", str(folder.parent / "ivy"), "-retrieve", f"{draft}/[artifact]-[revision].[ext]",
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode or not draft.is_dir():
        shutil.rmtree(draft, ignore_errors=True)
        raise NocturneError(
            f"the {name} jars could not be downloaded; check the network, or put the jars that "
            f"jobs/lake/jars.xml names into {folder}. Ivy said: {done.stdout[-600:]}"
        )
    if others := _other_than_pinned(draft):
        shutil.rmtree(draft, ignore_errors=True)
        raise NocturneError(
            f"the jars downloaded are not those that jobs/lake/jars.sha256 pins: {', '.join(others)}; "
            f"delete {folder.parent / 'ivy'} and try again; if it is the same, do not trust the network"
        )
    try:
        draft.rename(folder)
    except OSError:  # another process was first
        shutil.rmtree(draft, ignore_errors=True)


def _other_than_pinned(folder: Path) -> list[str]:
    """Return the names of jars whose SHA-256 is not the pinned one, those that are not pinned too."""
    lines = (line.split() for line in DIGESTS_FILE.read_text().splitlines())
    pinned = {name: digest for digest, name in lines}
    return [jar.name for jar in sorted(folder.glob("*.jar")) if _sha256(jar) != pinned.get(jar.name)]


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def java_binary() -> str:
    """Return the java that Spark would start."""
    home = os.environ.get("JAVA_HOME")
    return os.path.join(home, "bin", "java") if home else "java"
