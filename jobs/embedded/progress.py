"""What a person sees while nights run: a line for each stage that ended, and what runs now."""

import threading
import time
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.status import Status
from rich.text import Text

from jobs.stages import REPORT, STAGES

QUIET_SECONDS = 8.0
NUMBERS = {spec.name: number for number, spec in enumerate((*STAGES, REPORT), 1)}
# Where there is no terminal nothing wraps.
UNBOUNDED = 1 << 16


@dataclass(frozen=True)
class StageEnd:
    """One stage of a night, ended: ``state`` is Airflow's word (success, failed, skipped, …)."""

    as_of: date
    stage: str
    state: str
    seconds: float
    summary: dict[str, Any] = field(default_factory=dict)


def stage_number(stage: str) -> str:
    """Return which of the night's stages it is, in the order of the night: ``3/11``."""
    return f"{NUMBERS[stage]}/{len(NUMBERS)}"


def stage_line(end: StageEnd, width: int = UNBOUNDED) -> str:
    """Return night, stage, rows and seconds in columns: as much of it as the width holds, down to 72."""
    fitting = (line for line in _lines(end) if len(line) <= width)
    return next(fitting, _lines(end)[-1])


def _lines(end: StageEnd) -> list[str]:
    """The line at full length, and shorter ones: without the start-up, the year, the columns."""
    name = f"{stage_number(end.stage):>5} {end.stage:<15}"
    day, short = f"{end.as_of} ", f"{end.as_of:%m-%d} "
    if end.state != "success":
        ended = f"{name} {end.state.replace('_', ' ').upper()} after {end.seconds:.1f} s"
        return [f"{day}{ended}", f"{short}{ended}"]
    n_in, n_out, rejected = (_count(end, f"rows_{part}") for part in ("in", "out", "rejected"))
    rejected = "" if rejected == "0" else f"{rejected} rejected"
    columns = f"{name}{n_in:>10} in {n_out:>10} out {rejected:>15} {end.seconds:>6.1f} s"
    close = " ".join(filter(None, (f"{name} {n_in} in {n_out} out", rejected, f"{end.seconds:.1f} s")))
    return [f"{day}{columns}{_start_up(end)}", f"{day}{columns}", f"{short}{columns}", f"{short}{close}"]


def _start_up(end: StageEnd) -> str:
    """What of the time went by before the stage itself began and after it ended."""
    worked = end.summary.get("seconds")
    return "" if worked is None else f" ({end.seconds - worked:.1f} s start-up)"


def _count(end: StageEnd, name: str) -> str:
    return f"{end.summary.get(name, 0):,}"


class Progress:
    """Lines on a terminal with a spinner below them; where there is no terminal, a line whenever nothing
    has been said for ``quiet_s`` seconds."""

    def __init__(self, console: Console | None = None, quiet_s: float = QUIET_SECONDS) -> None:
        self.console = console or Console(highlight=False)
        self.quiet_s = quiet_s
        self._status: Status | None = None
        self._text, self._log, self._began = "", "", time.monotonic()
        self._closed, self._said = threading.Event(), threading.Event()
        self._thread: threading.Thread | None = None

    def say(self, text: str) -> None:
        """Print one line."""
        self._said.set()
        self.console.print(text, markup=False, soft_wrap=True)

    def now(self, text: str, log: Path | None = None) -> None:
        """Tell what runs now, for how long, and where its log is, until something else does."""
        if text != self._text:
            self._text, self._began = text, time.monotonic()
        self._log = f"log: {log}" if log else ""
        if not self.console.is_terminal:
            self._show_later()
            return
        shown = Text("\n".join(filter(None, (self._timed(), self._log))))
        if self._status is None:
            self._status = self.console.status(shown)
            self._status.start()
        self._status.update(shown)

    def _timed(self) -> str:
        seconds = int(time.monotonic() - self._began)
        return f"{self._text}, {seconds // 60}:{seconds % 60:02}"

    def _show_later(self) -> None:
        if self._thread is None:
            self._closed.clear()
            self._thread = threading.Thread(target=self._show, daemon=True)
            self._thread.start()

    def _show(self) -> None:
        while not self._closed.is_set():
            self._said.clear()
            if not self._said.wait(self.quiet_s) and not self._closed.is_set():
                log = f" ({self._log})" if self._log else ""
                self.console.print(f"… {self._timed()}{log}", markup=False, soft_wrap=True)

    def ended(self, end: StageEnd) -> None:
        """Print the line of a stage that has ended, in the width of the terminal."""
        self.say(stage_line(end, self.console.width if self.console.is_terminal else UNBOUNDED))

    def close(self) -> None:
        """Take the spinner away, tell nothing more."""
        self._closed.set()
        self._said.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        if self._status is not None:
            self._status.stop()
            self._status = None
