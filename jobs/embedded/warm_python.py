"""The Python of this machine that has imported what stages need, and of which they are forks."""

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from jobs.embedded.processes import end, start, uninterrupted
from jobs.fork_client import FORKS
from jobs.settings import Settings

# Those whose import takes a tenth of a second or more, in the order in which a night needs them.
LIBRARIES = (
    "pandas", "pyarrow.dataset", "boto3", "pyspark.sql.connect.session", "pyspark.sql.connect.functions",
    "great_expectations", "numba", "scipy.sparse.linalg", "sklearn.ensemble", "implicit.als",
    "tensorflow", "keras",
)  # fmt: skip


def socket_of(settings: Settings) -> Path:
    """Return where the server of this home listens."""
    return Path(settings.home, "stages.socket")


def wanted(settings: Settings) -> bool:
    """Return whether stages are to be forks: by the settings, where the system has what that takes."""
    return settings.fork_stages and sys.platform == "linux"


def command(settings: Settings) -> list[str]:
    """Return the command that serves."""
    return [sys.executable, "-m", "jobs.embedded.fork_server", str(socket_of(settings)), *LIBRARIES]


def client(settings: Settings) -> dict[str, str]:
    """Return the environment that makes a stage a fork."""
    return {FORKS: str(socket_of(settings))}


@contextmanager
def warm_python(settings: Settings, environment: Mapping[str, str]) -> Iterator[Mapping[str, str]]:
    """Serve, where that is wanted, and give the environment of stages; end it after that.

    It ends by itself if this process is killed.
    """
    if not wanted(settings):
        yield environment
        return
    log_file = Path(settings.home, "logs", "stages.log")
    process = start([*command(settings), "--parent", str(os.getpid())], log_file, environment)
    try:
        yield {**environment, **client(settings)}
    finally:
        with uninterrupted():
            end([process.pid])
