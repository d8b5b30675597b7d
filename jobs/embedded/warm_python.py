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


def airflow_socket(settings: Settings) -> Path:
    """Return where the server of this home's Airflow listens."""
    return Path(settings.home, "stages.socket")


def wanted(settings: Settings) -> bool:
    """Return whether stages are to be forks: by the settings, where the system has what that takes."""
    return settings.fork_stages and sys.platform == "linux"


def command(socket: Path) -> list[str]:
    """Return the command that serves there."""
    return [sys.executable, "-m", "jobs.embedded.fork_server", str(socket), *LIBRARIES]


def client(socket: Path) -> dict[str, str]:
    """Return the environment that makes a stage a fork of who listens there."""
    return {FORKS: str(socket)}


@contextmanager
def warm_python(settings: Settings, environment: Mapping[str, str]) -> Iterator[Mapping[str, str]]:
    """Serve, where that is wanted, and give the environment of stages; end it after that.

    It ends by itself if this process is killed.
    """
    if not wanted(settings):
        yield environment
        return
    # Airflow may run in the same home, with a server of its own.
    socket = Path(settings.home, f"stages-{os.getpid()}.socket")
    log_file = Path(settings.home, "logs", "stages.log")
    process = start([*command(socket), "--parent", str(os.getpid())], log_file, environment)
    try:
        yield {**environment, **client(socket)}
    finally:
        with uninterrupted():
            end([process.pid])
            socket.unlink(missing_ok=True)
