"""The Spark of this machine: one application that serves sessions to stages (Spark Connect).

It is run by spark-submit. Spark's own server class gives each session Python workers of its own and
never ends them; as a plugin of an application that isolates no session, it lets all sessions share
the workers, which stay warm.
"""

import os
import select
import sys
from collections.abc import Iterator
from pathlib import Path

from pyspark.sql import SparkSession

from jobs.embedded.warm_spark import HOLDER
from jobs.lake.connect import LOCKS, lock, release

LOOK_SECONDS = 0.5
PATIENCE_SECONDS = 30.0


def main(url: str) -> None:
    """Serve until the Java machine, which holds the other end of our input, or our holder is gone."""
    spark = SparkSession.builder.appName("nocturne").getOrCreate()
    folder = Path(os.environ[LOCKS])
    used = False
    while not select.select([sys.stdin], [], [], LOOK_SECONDS)[0]:
        if is_orphan(os.environ.get(HOLDER)):
            spark.stop()
            return
        for name in abandoned(folder):
            release(url, name, PATIENCE_SECONDS)
        was_used, used = used, any_held(folder)
        if was_used and not used:
            # What a killed stage has kept is known to no session any more.
            spark.catalog.clearCache()


def is_orphan(holder: str | None) -> bool:
    """Return whether the process that held this file locked is gone; False if there is none."""
    if holder is None:
        return False
    try:
        with Path(holder).open() as file:
            return lock(file)
    except FileNotFoundError:
        return True


def abandoned(folder: Path) -> Iterator[str]:
    """Yield each session whose process died; until the next is asked for, nobody can take it again."""
    for path in sorted(folder.iterdir()):
        with path.open("r+") as file:
            if lock(file) and file.read():
                yield path.name
                file.truncate(0)


def any_held(folder: Path) -> bool:
    """Return whether a stage is alive."""
    for path in folder.iterdir():
        with path.open("r+") as file:
            if not lock(file):
                return True
    return False


if __name__ == "__main__":
    main(sys.argv[1])
