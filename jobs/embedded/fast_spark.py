"""A Spark home that starts in half the time: the installed jars, with their classes archived.

Java maps an archive of loaded classes (class data sharing) instead of reading, checking and linking
ten thousand of them at each start. It accepts no folder with files in it on the class path, so
SPARK_CONF_DIR is an empty one and the options come by --properties-file. Without the zips of Python
code of other Spark homes, driver and workers import the compiled modules of their own environment.
"""

import hashlib
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from jobs.lake.jars import jar_files, jars_folder, java_binary
from jobs.lake.session import LOG_PROPERTIES, replace_file, spark_options
from jobs.settings import Settings

LINKS = ("bin/spark-class", "bin/load-spark-env.sh", "bin/find-spark-home", "jars")
SCRIPT = """\
#!/bin/sh
exec "$SPARK_HOME/bin/spark-class" org.apache.spark.deploy.SparkSubmit \\
  --properties-file "$NOCTURNE_SPARK_DEFAULTS" "$@"
"""
WARM_UP = Path(__file__).with_name("warm_up.py")
JAVA_OPTIONS = "spark.driver.extraJavaOptions"


@dataclass(frozen=True)
class FastSpark:
    """The Spark home in ``folder``, shared by all homes of Nocturne on this machine."""

    folder: Path
    settings: Settings

    @classmethod
    def of(cls, settings: Settings) -> "FastSpark":
        """Return the one for these settings; an archive is only good for the same Java and jars."""
        java = subprocess.run([java_binary(), "-version"], capture_output=True, text=True, check=True)
        parts = [
            java.stderr,
            version("pyspark"),
            installed_spark(),
            SCRIPT,
            WARM_UP.read_text(),
            *jar_files(settings),
        ]
        key = hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]
        return cls(jars_folder(settings) / f"spark-{key}", settings)

    @property
    def archive(self) -> Path:
        """Return the archive of classes: whole or absent."""
        return self.folder / "classes.jsa"

    def environment(self) -> dict[str, str]:
        """Return what makes a process use this Spark home; its files are written first."""
        self._write_home()
        return {
            "SPARK_HOME": str(self.folder),
            "SPARK_CONF_DIR": str(self.folder / "no-conf"),
            "SPARK_LAUNCHER_OPTS": "-XX:+UseSerialGC -XX:TieredStopAtLevel=1",
            "NOCTURNE_SPARK_DEFAULTS": str(self._write_options()),
        }

    def make_archive(self, environment: Mapping[str, str], log_file: Path) -> bool:
        """Run a bit of everything and archive the classes it loaded; returns whether it worked."""
        draft = self.archive.with_suffix(f".{os.getpid()}")
        options = f"{self._java_options()} -XX:ArchiveClassesAtExit={draft} -Xlog:cds*=off"
        command = [
            str(self.folder / "bin" / "spark-submit"),
            "--master",
            "local[*]",
            "--driver-java-options",
            options,
            str(WARM_UP),
        ]
        log_file.parent.mkdir(parents=True, exist_ok=True)
        with log_file.open("wb") as log:
            subprocess.run(
                command,
                env={**environment, "PYSPARK_PYTHON": sys.executable},
                stdout=log,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                check=False,
            )
        if draft.exists():
            draft.replace(self.archive)
        return self.archive.exists()

    def _write_home(self) -> None:
        (self.folder / "bin").mkdir(parents=True, exist_ok=True)
        (self.folder / "no-conf").mkdir(exist_ok=True)
        for name in LINKS:
            link, target = self.folder / name, Path(installed_spark(), name)
            if link.resolve() != target.resolve():
                link.unlink(missing_ok=True)
                link.symlink_to(target)
        replace_file(self.folder / "bin" / "spark-submit", SCRIPT, mode=0o755)

    def _write_options(self) -> Path:
        folder = Path(self.settings.home, "spark", "fast")
        folder.mkdir(parents=True, exist_ok=True)
        options = spark_options(self.settings)
        # Only classes of the class path are archived, not those that spark.jars brings.
        options["spark.driver.extraClassPath"] = options["spark.jars"].replace(",", ":")
        options[JAVA_OPTIONS] = self._java_options()
        if self.archive.exists():
            options[JAVA_OPTIONS] += f" -XX:SharedArchiveFile={self.archive} -Xlog:cds*=off"
        replace_file(folder / "log4j2.properties", LOG_PROPERTIES)
        lines = "".join(f"{name} {value}\n" for name, value in options.items())
        return replace_file(folder / "spark-defaults.conf", lines)

    def _java_options(self) -> str:
        log = Path(self.settings.home, "spark", "fast", "log4j2.properties")
        return f"{spark_options(self.settings)[JAVA_OPTIONS]} -Dlog4j2.configurationFile=file:{log}"


def installed_spark() -> str:
    """Return the folder of the Spark that comes with pyspark, found without importing it."""
    spec = find_spec("pyspark")
    assert spec is not None and spec.origin is not None
    return str(Path(spec.origin).parent)
