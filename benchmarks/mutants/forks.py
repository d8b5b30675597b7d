"""Work in a fork of this process: what is imported and open here need not be so again."""

import contextlib
import json
import os
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil

STEP_SECONDS = 0.01


class ForkError(Exception):
    """The fork ended without a result, or was ended because its time was over."""


def in_fork(work: Callable[[], Any], seconds: float, quiet: bool = True) -> Any:
    """Return what ``work`` returns (as JSON) in a fork; ForkError with the reason if it does not."""
    with tempfile.TemporaryDirectory() as folder:
        result, said = Path(folder, "result"), Path(folder, "said")
        pid = os.fork()
        if pid == 0:
            _child(work, result, said if quiet else None)
        status = _wait(pid, seconds)
        if status == 0:
            return json.loads(result.read_text())
        tail = said.read_text(errors="replace")[-2000:] if said.exists() else ""
        raise ForkError("its time was over" if status is None else f"exit status {status}\n{tail}")


def _child(work: Callable[[], Any], result: Path, said: Path | None) -> None:
    status = 1
    try:
        os.setsid()
        if said:
            handle = os.open(said, os.O_WRONLY | os.O_CREAT)
            os.dup2(handle, 1)
            os.dup2(handle, 2)
        result.write_text(json.dumps(work()))
        status = 0
    except BaseException:
        traceback.print_exc()
    finally:
        with contextlib.suppress(Exception):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(status)  # the parent's exit handlers, Spark's among them, are the parent's


def _wait(pid: int, seconds: float) -> int | None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            _end_session(pid)
            return status
        time.sleep(STEP_SECONDS)
    for process in psutil.Process(pid).children(recursive=True):
        with contextlib.suppress(psutil.Error):
            process.kill()
    _end_session(pid)
    os.waitpid(pid, 0)
    return None


def _end_session(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)
