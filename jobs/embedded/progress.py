"""What a person sees while nights run: a line for each stage that ended, and what runs now."""

import threading
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from rich.console import Console
from rich.status import Status

QUIET_SECONDS = 8.0


@dataclass(frozen=True)
class StageEnd:
    """One stage of a night, ended: ``state`` is Airflow's word (success, failed, skipped, …)."""

    as_of: date
    stage: str
    state: str
    seconds: float
    summary: dict[str, Any] = field(default_factory=dict)


def stage_line(end: StageEnd) -> str:
    """Return night, stage, rows and seconds in columns."""
    line = f"{end.as_of}  {end.stage:<15}"
    if end.state != "success":
        return f"{line} {end.state.replace('_', ' ').upper()} after {end.seconds:.1f} s"
    rows = f"{_count(end, 'rows_in'):>12} in {_count(end, 'rows_out'):>12} out"
    rejected = f"{_count(end, 'rows_rejected'):>8} rejected" if end.summary.get("rows_rejected") else ""
    return f"{line}{rows} {rejected:<18}{end.seconds:>7.1f} s{_start_up(end)}"


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
        self._text = ""
        self._closed, self._said = threading.Event(), threading.Event()
        self._thread: threading.Thread | None = None

    def say(self, text: str) -> None:
        """Print one line."""
        self._said.set()
        self.console.print(text, markup=False, soft_wrap=True)

    def now(self, text: str) -> None:
        """Tell what runs at the moment, and go on telling it until something else does."""
        self._text = text
        if not self.console.is_terminal:
            self._show_later()
            return
        if self._status is None:
            self._status = self.console.status(text)
            self._status.start()
        self._status.update(text)

    def _show_later(self) -> None:
        if self._thread is None:
            self._closed.clear()
            self._thread = threading.Thread(target=self._show, daemon=True)
            self._thread.start()

    def _show(self) -> None:
        while not self._closed.is_set():
            self._said.clear()
            if not self._said.wait(self.quiet_s) and not self._closed.is_set():
                self.console.print(f"… {self._text}", markup=False, soft_wrap=True)

    def ended(self, end: StageEnd) -> None:
        """Print the line of a stage that has ended."""
        self.say(stage_line(end))

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
