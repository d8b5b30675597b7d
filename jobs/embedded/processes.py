"""Children in sessions of their own, and ending them with all that they started.

A session holds on to its processes when their parents die, and through changes of process group (as
Spark's Python workers make), so nothing that we started can be lost from sight.
"""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import psutil

from jobs.errors import NocturneError

# Nothing is lost by an impolite end: tables and objects are replaced whole.
PATIENCE_SECONDS = 3.0
N_PORTS, MAX_PORT = 100, 65_535


def start(
    command: Sequence[str], log_file: Path, environment: Mapping[str, str], cwd: str | None = None
) -> subprocess.Popen[bytes]:
    """Start a command as the leader of a new session, its output appended to the log file."""
    log_file.parent.mkdir(parents=True, exist_ok=True)
    with log_file.open("ab") as log:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            env=dict(environment),
            cwd=cwd,
            start_new_session=True,
        )


def members(sessions: Collection[int]) -> list[psutil.Process]:
    """Return the processes of these sessions, zombies left out."""
    return [process for process in psutil.process_iter() if _session(process) in sessions]


def _session(process: psutil.Process) -> int | None:
    try:
        return None if process.status() == psutil.STATUS_ZOMBIE else os.getsid(process.pid)
    except (psutil.NoSuchProcess, ProcessLookupError, PermissionError):
        return None


def end(sessions: Collection[int], patience: float = PATIENCE_SECONDS) -> int:
    """End every process of these sessions, politely first; returns how many there were."""
    n = len(_signal(sessions, signal.SIGTERM))
    deadline = time.monotonic() + patience
    while members(sessions) and time.monotonic() < deadline:
        time.sleep(0.1)
    while _signal(sessions, signal.SIGKILL):
        time.sleep(0.1)
    return n


def _signal(sessions: Collection[int], number: signal.Signals) -> list[psutil.Process]:
    found = members(sessions)
    for process in found:
        try:
            process.send_signal(number)
        except psutil.NoSuchProcess:
            continue
    return found


@contextmanager
def interruptible() -> Iterator[None]:
    """Let SIGTERM and SIGHUP interrupt like Ctrl-C, so that what was started is ended."""
    numbers = (signal.SIGTERM, signal.SIGHUP)
    before = [signal.signal(number, _interrupt) for number in numbers]
    try:
        yield
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)


def _interrupt(number: int, frame: object) -> None:
    raise KeyboardInterrupt


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Ignore a second, impatient Ctrl-C: it must not stop the ending half-way."""
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = [signal.signal(number, signal.SIG_IGN) for number in numbers]
    try:
        yield
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)


def free_port(wanted: int) -> int:
    """Return the wanted port of 127.0.0.1, or the next one up that is free; for 0, any free one."""
    last = min(wanted + N_PORTS, MAX_PORT)
    for port in range(wanted, last + 1):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise NocturneError(
        f"the ports {wanted} to {last} of 127.0.0.1 are all in use or not ours to take: choose another "
        "(NOCTURNE__AIRFLOW__PORT, NOCTURNE__SPARK__SERVER_PORT)"
    )
