"""``python -m jobs.embedded.fork_server SOCKET [LIBRARY …]``: a process that has imported the libraries
of stages, and forks itself for each of them.

Importing Great Expectations or TensorFlow takes longer than most stages of a small night. A fork has
them at once, shares their memory, and is a process like any other: environment, argv, working folder,
output and exit code are its client's, and it dies with it. Nothing of Nocturne's own is imported
before a fork, so that what a person edits is what runs.
"""

import argparse
import atexit
import ctypes
import gc
import json
import os
import runpy
import select
import signal
import socket
import sys
import traceback
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, NoReturn

from setproctitle import setproctitle

from jobs.fork_client import FAILURE, STANDARD, below

LOOK_SECONDS = 0.5
PR_SET_CHILD_SUBREAPER = 36  # of <linux/prctl.h>


@dataclass(frozen=True)
class Request:
    """What a client asks for: a module and its argv, where, with which environment and files."""

    argv: list[str]
    cwd: str
    environment: dict[str, str]
    files: list[int]


def listen(path: Path) -> socket.socket:
    """Return a socket that none but this user may connect to."""
    path.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX)
    with below(path) as name:
        mask = os.umask(0o177)
        listener.bind(name)
        os.umask(mask)
    listener.listen()
    return listener


def serve(listener: socket.socket, libraries: list[str], parent: int | None) -> Request:
    """Import the libraries one by one and fork for whoever connects, also between two imports.

    Returns in forks only, each with its own request. Ends when ``parent`` is not our parent any more.
    """
    waiting = list(libraries)
    while parent in (None, os.getppid()):
        if select.select([listener], [], [], 0 if waiting else LOOK_SECONDS)[0]:
            connection, _ = listener.accept()
            # What is never freed needs no look of the collector, which would copy its pages.
            gc.freeze()
            if not os.fork():
                listener.close()
                return attend(connection)
            connection.close()
        elif waiting:
            with suppress(Exception):  # a stage that needs it says what is wrong with it
                import_module(waiting.pop(0))
    raise SystemExit


def attend(connection: socket.socket) -> Request:
    """Fork once more for the client's request, wait for that fork and answer its exit code.

    A client that goes away has its fork killed, with all that it has started. Returns in the last fork
    only.
    """
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.setsid()  # whoever ends the server ends its clients: it is we who end their forks
    # What loses its parent becomes our child, whatever group or session it has made: none gets lost.
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    request = receive(connection)
    stage = os.fork()
    if not stage:
        connection.close()
        os.setsid()
        return request
    for file in request.files:
        os.close(file)
    watch(connection, stage)


def watch(connection: socket.socket, stage: int) -> NoReturn:
    """Wait until the stage ends or its client does; end its family in the second case, else tell how it
    ended."""
    ended = os.pidfd_open(stage)
    if ended not in select.select([ended, connection.fileno()], [], [])[0]:
        end_family()
        os._exit(0)
    code = os.waitstatus_to_exitcode(os.waitpid(stage, 0)[1])
    with suppress(BrokenPipeError):
        connection.sendall(str(code).encode())
    os._exit(0)


def end_family() -> None:
    """SIGKILL all that descends from this process, and what they start meanwhile."""
    import psutil

    with suppress(ChildProcessError):  # none is left
        while True:
            for process in psutil.Process().children(recursive=True):
                with suppress(psutil.NoSuchProcess):
                    process.kill()
            os.waitpid(-1, 0)  # its own children are ours now: the next look finds them


def receive(connection: socket.socket) -> Request:
    """Return the client's request."""
    _, files, _, _ = socket.recv_fds(connection, 1, len(STANDARD))
    fields: dict[str, Any] = json.loads(connection.makefile().readline())
    return Request(**fields, files=files)


def run(request: Request) -> int:
    """Become the process that the client would have been, and run its module; returns its exit code."""
    for ours, theirs in zip(STANDARD, request.files, strict=True):
        os.dup2(theirs, ours)
        os.close(theirs)
    # For people who look at processes; it writes where the environment was, so before that changes.
    setproctitle(" ".join([sys.executable, "-m", *request.argv]))
    os.chdir(request.cwd)
    os.environ.clear()
    os.environ.update(request.environment)
    for name in [name for name in sys.modules if name.split(".")[0] == "jobs"]:
        del sys.modules[name]
    sys.path[0] = request.cwd
    sys.argv = request.argv
    try:
        runpy.run_module(request.argv[0], run_name="__main__", alter_sys=True)
    except SystemExit as end:
        if isinstance(end.code, str):
            print(end.code, file=sys.stderr)
        return FAILURE if isinstance(end.code, str) else end.code or 0
    except BaseException:
        traceback.print_exc()
        return FAILURE
    return 0


def leave(codes: list[int]) -> None:
    """End a fork at once: taking the libraries apart, one object after the other, would take half a
    second."""
    for code in codes:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def main() -> None:
    """Serve until killed; in forks, run what they are for."""
    codes: list[int] = []
    atexit.register(leave, codes)  # the first to be registered is the last to be called
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("socket", type=Path)
    parser.add_argument("libraries", nargs="*")
    parser.add_argument("--parent", type=int, help="end when this is not our parent any more")
    arguments = parser.parse_args()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the forks that attend
    codes.append(run(serve(listen(arguments.socket), arguments.libraries, arguments.parent)))


if __name__ == "__main__":
    main()
