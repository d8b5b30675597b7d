"""The Java machine of a home's Spark server."""

from contextlib import suppress

import psutil

from jobs.lake.connect import LOCKS
from jobs.settings import Settings


def java_machine(settings: Settings) -> psutil.Process:
    """Find the server of this home; SystemExit without one."""
    for process in psutil.process_iter():
        with suppress(psutil.Error):  # others end while we look
            if process.name() == "java" and process.environ().get(LOCKS, "").startswith(settings.home):
                return process
    raise SystemExit("no server: NOCTURNE__SPARK__SERVER is false, or Spark is named by the environment")
