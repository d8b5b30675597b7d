"""The environment that Airflow and the stages are started with."""

import os
import sys
from pathlib import Path

from jobs.embedded.fast_spark import FastSpark, installed_spark
from jobs.embedded.progress import Progress
from jobs.lake.scratch import remove_leftovers
from jobs.lake.session import write_conf_dir
from jobs.settings import PREFIX, Settings

MB = 1024**2
# Without compiled modules kept, each stage would spend seconds of its start on compiling its libraries.
NO_BYTECODE = "PYTHONDONTWRITEBYTECODE"


def child_environment(settings: Settings) -> dict[str, str]:
    """Return our own environment with absolute roots, this Python, and Spark's options and home."""
    spark = _spark(settings)
    binaries = [str(Path(spark["SPARK_HOME"], "bin")), str(Path(sys.executable).parent)]
    ours = {
        f"{PREFIX}HOME": settings.home,
        f"{PREFIX}LANDING__ROOT": settings.landing.root,
        f"{PREFIX}LAKE__ROOT": settings.lake.root,
        f"{PREFIX}STORE__ROOT": settings.store.root,
        "PYSPARK_PYTHON": sys.executable,
        "PATH": os.pathsep.join((*binaries, os.environ.get("PATH", os.defpath))),
        "PYTHONUNBUFFERED": "1",
        "GX_ANALYTICS_ENABLED": "false",
        "TF_CPP_MIN_LOG_LEVEL": "2",
    }
    inherited = {name: value for name, value in os.environ.items() if name != NO_BYTECODE}
    return {**inherited, **ours, **spark}


def _spark(settings: Settings) -> dict[str, str]:
    """Ours, unless a person has named a Spark home or a folder of options."""
    home, conf = os.environ.get("SPARK_HOME"), os.environ.get("SPARK_CONF_DIR")
    if home or conf:
        conf = conf or str(write_conf_dir(settings))
        return {"SPARK_HOME": home or installed_spark(), "SPARK_CONF_DIR": conf}
    return FastSpark.of(settings).environment()


def prepare_spark(settings: Settings, progress: Progress) -> None:
    """Fetch the jars and archive the classes, once on a machine."""
    if left := remove_leftovers(settings):
        progress.say(f"removed {left / MB:,.0f} MB that a killed Spark had left in its scratch folder")
    progress.now("looking for Delta's jars (fetched once)")
    environment = child_environment(settings)
    if "NOCTURNE_SPARK_DEFAULTS" not in environment:
        return
    spark = FastSpark.of(settings)
    if not spark.archive.exists():
        progress.now("preparing Spark for quick starts (once)")
        log_file = Path(settings.home, "logs", "warm-up.log")
        if not spark.make_archive(environment, log_file):
            progress.say(f"Spark will start slowly; why: {log_file}")
