"""The Spark session: options that Nocturne needs, each with its reason, and the folder they live in.

They are written as ``spark-defaults.conf`` into a folder that SPARK_CONF_DIR names, because Delta's
classes must be on the class path before the Java machine starts, whoever starts it: spark-submit,
Airflow or a plain Python process. A cluster with its own SPARK_CONF_DIR keeps it.
"""

import os
from pathlib import Path
from typing import TYPE_CHECKING

from jobs.lake.connect import REMOTE, connect
from jobs.lake.jars import jar_files
from jobs.lake.scratch import remove_leftovers, scratch_folders
from jobs.settings import Settings, is_s3

if TYPE_CHECKING:
    import pyarrow as pa
    from pyspark.sql import DataFrame, SparkSession

# More numbers than a cluster has slots.
MANY = 1 << 16
LOG_PROPERTIES = """\
rootLogger.level = error
rootLogger.appenderRef.stderr.ref = stderr
appender.stderr.type = Console
appender.stderr.name = stderr
appender.stderr.target = SYSTEM_ERR
appender.stderr.layout.type = PatternLayout
appender.stderr.layout.pattern = %d{HH:mm:ss} %p %c{1}: %m%n
# What fails on a Connect server is told to the client, whose log it belongs to.
logger.connect.name = org.apache.spark.sql.connect
logger.connect.level = off
"""


def spark_options(settings: Settings) -> dict[str, str]:
    """Options of a session for these settings."""
    options = {
        "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
        "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
        "spark.jars": ",".join(jar_files(settings)),
        "spark.driver.memory": settings.spark.driver_memory,
        # All times are UTC; a laptop's zone must not change a row.
        "spark.sql.session.timeZone": "UTC",
        # The defaults of 200 and 50 cost seconds a query on tables of a laptop's size.
        "spark.sql.shuffle.partitions": str(settings.spark.shuffle_partitions),
        "spark.databricks.delta.snapshotPartitions": "2",
        "spark.sql.execution.arrow.pyspark.enabled": "true",
        # What is kept is read once or twice more; packing it costs more time than making it again.
        "spark.sql.inMemoryColumnarStorage.compressed": "false",
        # Polars and older readers cannot read deletion vectors.
        "spark.databricks.delta.properties.defaults.enableDeletionVectors": "false",
        # Training reads a recorded version again, months later.
        "spark.databricks.delta.properties.defaults.logRetentionDuration": "interval 90 days",
        "spark.databricks.delta.properties.defaults.deletedFileRetentionDuration": "interval 90 days",
        # Read ahead, each spill of a sort would take two megabytes more that no limit knows of.
        "spark.unsafe.sorter.spill.read.ahead.enabled": "false",
        # Not /tmp, which may be small or memory, and where nobody knows whose a leftover is.
        "spark.local.dir": ",".join(map(str, scratch_folders(settings))),
        "spark.ui.showConsoleProgress": "false",
        "spark.ui.enabled": "false",
        # No warehouse folder, no metastore: tables are found by their path.
        "spark.sql.catalogImplementation": "in-memory",
        "spark.sql.warehouse.dir": os.path.join(settings.home, "spark", "warehouse"),
        # A laptop's local Spark talks to itself; the machine's host name may not resolve.
        "spark.driver.extraJavaOptions": "-XX:+UseParallelGC -XX:TieredStopAtLevel=1"
        # Generated code fills the 48 MB that one tier gets; then nothing more is compiled.
        " -XX:ReservedCodeCacheSize=256m",
    }
    if is_s3(settings.lake.root) or is_s3(settings.landing.root):
        options |= _s3_options(settings)
    return options


def _s3_options(settings: Settings) -> dict[str, str]:
    options = {
        "spark.hadoop.fs.s3.impl": "org.apache.hadoop.fs.s3a.S3AFileSystem",
        "spark.hadoop.fs.s3a.endpoint.region": settings.s3.region,
        "spark.hadoop.fs.s3a.path.style.access": str(settings.s3.path_style).lower(),
        "spark.hadoop.fs.s3a.aws.credentials.provider": (
            "software.amazon.awssdk.auth.credentials.DefaultCredentialsProvider"
        ),
    }
    if settings.s3.endpoint_url:
        options["spark.hadoop.fs.s3a.endpoint"] = settings.s3.endpoint_url
    return options


def write_conf_dir(settings: Settings) -> Path:
    """Write spark-defaults.conf and log4j2.properties under the home folder; returns the folder."""
    folder = Path(settings.home) / "spark" / "conf"
    folder.mkdir(parents=True, exist_ok=True)
    lines = [f"{name} {value}" for name, value in spark_options(settings).items()]
    replace_file(folder / "spark-defaults.conf", "\n".join(lines) + "\n")
    replace_file(folder / "log4j2.properties", LOG_PROPERTIES)
    return folder


def replace_file(path: Path, text: str, mode: int = 0o644) -> Path:
    """Write the file so that a reader, or another writer, finds it whole; returns its path."""
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    draft.write_text(text)
    draft.chmod(mode)
    return draft.replace(path)


def n_slots(spark: "SparkSession") -> int:
    """Return how many tasks Spark runs at once: the partitions that it gives to a range by itself."""
    from pyspark.sql import functions as F

    return spark.range(MANY).select(F.spark_partition_id()).distinct().count()


def arrow_frame(spark: "SparkSession", rows: "pa.Table") -> "DataFrame":
    """Return the rows as a frame of their columns; of no rows Connect would not see them by itself."""
    from pyspark.sql.pandas.types import from_arrow_schema

    return spark.createDataFrame(rows, from_arrow_schema(rows.schema))


def open_session(settings: Settings, name: str) -> "SparkSession":
    """Return the session of this process: one of the server that SPARK_REMOTE names, else that of the
    spark-submit that started us, else a local one.
    """
    import sys

    from pyspark.sql import SparkSession

    if remote := os.environ.get(REMOTE):
        return connect(remote, settings, name, spark_options(settings))
    # Workers must use this environment's Python, or they find neither pandas nor numba.
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    builder = SparkSession.builder.appName(f"nocturne-{name}")
    if "PYSPARK_GATEWAY_PORT" not in os.environ:
        os.environ.setdefault("SPARK_CONF_DIR", str(write_conf_dir(settings)))
        remove_leftovers(settings)
        builder = builder.master(settings.spark.master)
    return builder.getOrCreate()
