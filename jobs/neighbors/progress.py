"""Log lines while Spark works."""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from pyspark.sql import SparkSession

log = logging.getLogger("nocturne.neighbors")


@contextmanager
def progress(spark: SparkSession, every: float = 5.0) -> Iterator[None]:
    """Say every few seconds how many tasks of the running Spark stages are done."""
    done = threading.Event()
    tracker = spark.sparkContext.statusTracker()

    def report() -> None:
        while not done.wait(every):
            for stage in tracker.getActiveStageIds():
                info = tracker.getStageInfo(stage)
                if info:
                    log.info("%s: %d of %d tasks done", info.name, info.numCompletedTasks, info.numTasks)

    reporter = threading.Thread(target=report, daemon=True)
    reporter.start()
    try:
        yield
    finally:
        done.set()
        reporter.join()
