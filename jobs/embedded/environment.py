"""The environment that Airflow and the stages are started with."""

import os
import sys
from importlib.util import find_spec
from pathlib import Path

from jobs.settings import PREFIX, Settings


def child_environment(settings: Settings) -> dict[str, str]:
    """Our own environment, with absolute roots, this Python and Spark's options.

    Spark-submit takes its options from SPARK_CONF_DIR; a folder that a person set is kept.
    """
    from jobs.lake.session import write_conf_dir

    binaries = str(Path(sys.executable).parent)
    ours = {
        f"{PREFIX}HOME": settings.home,
        f"{PREFIX}LANDING__ROOT": settings.landing.root,
        f"{PREFIX}LAKE__ROOT": settings.lake.root,
        f"{PREFIX}STORE__ROOT": settings.store.root,
        "SPARK_CONF_DIR": os.environ.get("SPARK_CONF_DIR") or str(write_conf_dir(settings)),
        # Without it spark-submit starts a Python only to look for this folder.
        "SPARK_HOME": os.environ.get("SPARK_HOME") or spark_home(),
        "PYSPARK_PYTHON": sys.executable,
        "PATH": os.pathsep.join((binaries, os.environ.get("PATH", os.defpath))),
        "PYTHONUNBUFFERED": "1",
        "GX_ANALYTICS_ENABLED": "false",
        "TF_CPP_MIN_LOG_LEVEL": "2",
    }
    return {**os.environ, **ours}


def spark_home() -> str:
    """The folder of the Spark that comes with pyspark, found without importing it."""
    found = find_spec("pyspark")
    assert found is not None and found.origin is not None
    return str(Path(found.origin).parent)
