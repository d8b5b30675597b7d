"""Spark Connect: a stage is a client of a server that outlives it, and leaves nothing running there.

A client that dies does not stop what it has started. So a stage has one session in a lake, known by a
name that its next try knows too: that ends the session, with all that still runs in it, before its own
begins. On this machine the stage also holds a lock, which the system opens when the process is gone in
whatever way: the server watches for that (jobs.embedded.spark_server) and ends the session at once.
"""

import atexit
import fcntl
import logging
import os
import time
import uuid
from contextlib import suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, cast

from jobs.errors import NocturneError
from jobs.settings import Settings

if TYPE_CHECKING:
    from pyspark.sql import SparkSession
    from pyspark.sql.connect.session import SparkSession as ConnectSession

REMOTE = "SPARK_REMOTE"
TOKEN = "SPARK_CONNECT_AUTHENTICATE_TOKEN"  # noqa: S105 - its name
# The folder of locks, where the server is on this machine.
LOCKS = "NOCTURNE_SPARK_LOCKS"
USER = "nocturne"
START_SECONDS = 120.0
LOCK_SECONDS = 20.0
END_SECONDS = 2.0
# What a session may choose for itself; the rest is the server's.
OF_A_SESSION = (
    "spark.sql.session.", "spark.sql.shuffle.", "spark.sql.execution.", "spark.sql.connect.",
    "spark.sql.pyspark.", "spark.databricks.",
)  # fmt: skip
WITHOUT_STACKS = {
    "spark.sql.connect.serverStacktrace.enabled": "false",
    "spark.sql.pyspark.jvmStacktrace.enabled": "false",
}
# What a function carries to the workers travels with the plan.
LARGE_PLANS = [("grpc.max_send_message_length", -1), ("grpc.max_receive_message_length", -1)]
# The session of this process, and its lock.
_sessions: "list[ConnectSession]" = []
_held: dict[str, IO[str]] = {}


def session_id(settings: Settings, stage: str) -> str:
    """Return the name of a stage's session: the same for every try and night of one lake."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{settings.lake.root}#{stage}"))


def connect(url: str, settings: Settings, stage: str, options: dict[str, str]) -> "SparkSession":
    """Return the stage's session on the server of ``url``, with nothing of an earlier try in it.

    A process has one: whatever asks first names it.

    NocturneError (tried again by Airflow) if the server does not answer in two minutes, or if a process
    that runs the same stage on the same lake is alive.
    """
    from pyspark.sql.connect.client import DefaultChannelBuilder
    from pyspark.sql.connect.session import SparkSession as ConnectSession

    if _sessions and not _sessions[-1].is_stopped:
        return cast("SparkSession", _sessions[-1])
    # pyspark.sql's functions and windows are those of Connect.
    os.environ["SPARK_CONNECT_MODE_ENABLED"] = "1"
    name = session_id(settings, stage)
    left_over = _hold(url, name, stage) and release(url, name)
    address = f"{url.rstrip('/')}/;session_id={name};user_id={USER}"
    builder = ConnectSession.Builder().channelBuilder(DefaultChannelBuilder(address, LARGE_PLANS))
    for option, value in {**options, **WITHOUT_STACKS}.items():
        if option.startswith(OF_A_SESSION):
            builder = builder.config(option, value)
    # What it tells, each error of a stage tells too.
    logging.getLogger("SQLQueryContextLogger").setLevel(logging.CRITICAL)
    session = builder.getOrCreate()
    if left_over:
        # The server would answer an equal plan with rows that the dead one has kept.
        session.catalog.clearCache()
    _sessions.append(session)
    atexit.register(_end, url, name)
    return cast("SparkSession", session)


def _end(url: str, name: str) -> None:
    # Spark's own stop() closes a name for good.
    with suppress(NocturneError):
        release(url, name, END_SECONDS)
    if file := _held.pop(name, None):
        file.truncate(0)
        file.close()


def release(url: str, name: str, patience: float = START_SECONDS) -> bool:
    """End a session and interrupt all that runs in it; returns whether there was one.

    Waits ``patience`` seconds for a server that is not there yet, then NocturneError.
    """
    import grpc
    from pyspark.sql.connect.client import DefaultChannelBuilder
    from pyspark.sql.connect.proto import ReleaseSessionRequest, SparkConnectServiceStub, UserContext

    builder = DefaultChannelBuilder(url)
    request = ReleaseSessionRequest(
        session_id=name, user_context=UserContext(user_id=USER), allow_reconnect=True
    )
    with builder.toChannel() as channel:
        call = SparkConnectServiceStub(channel).ReleaseSession  # type: ignore[no-untyped-call]
        try:
            answer = call(request, wait_for_ready=True, timeout=patience, metadata=builder.metadata())
        except grpc.RpcError as error:
            raise NocturneError(f"Spark's server {url} does not answer: {error.details()}") from None
    return bool(answer.server_side_session_id)


def _hold(url: str, name: str, stage: str) -> bool:
    """Lock the session's name for the life of this process; returns whether it may be there already."""
    folder = os.environ.get(LOCKS)
    if not folder or not url.startswith("sc://localhost"):
        return True
    file = Path(folder, name).open("a+")  # noqa: SIM115 - until we end
    deadline = time.monotonic() + LOCK_SECONDS
    while not lock(file):
        if time.monotonic() > deadline:
            raise NocturneError(f"another process is at work on {stage} in the same lake: wait for it")
        time.sleep(0.1)
    _held[name] = file
    file.seek(0)
    left = file.read()
    file.write("open")
    file.flush()
    return bool(left)


def lock(file: IO[str]) -> bool:
    """Lock a file unless another process has; returns whether it is ours."""
    with suppress(BlockingIOError):
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    return False
