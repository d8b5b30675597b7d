"""Log lines while Spark works."""

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

log = logging.getLogger("nocturne.neighbors")


@contextmanager
def progress(what: str, every: float = 5.0) -> Iterator[None]:
    """Say every few seconds what is still being worked on, and for how long."""
    done = threading.Event()
    began = time.monotonic()

    def report() -> None:
        while not done.wait(every):
            log.info("%s: %.0f s", what, time.monotonic() - began)

    reporter = threading.Thread(target=report, daemon=True)
    reporter.start()
    try:
        yield
    finally:
        done.set()
        reporter.join()
