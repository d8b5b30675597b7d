"""What a person sees while nights run: a line for each stage that ended, and what runs now."""

from dataclasses import dataclass, field
from datetime import date
from typing import Any

from rich.console import Console
from rich.status import Status

WIDTH = 110


@dataclass(frozen=True)
class StageEnd:
    """One stage of a night, ended: ``state`` is Airflow's word (success, failed, skipped, …)."""

    as_of: date
    stage: str
    state: str
    seconds: float
    summary: dict[str, Any] = field(default_factory=dict)


def stage_line(end: StageEnd) -> str:
    """Night, stage, rows and seconds, in columns."""
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
    """Lines on a terminal with a spinner below them; only the lines where there is no terminal."""

    def __init__(self, console: Console | None = None) -> None:
        self.console = console or Console(highlight=False)
        self._status: Status | None = None

    def say(self, text: str) -> None:
        """One line."""
        self.console.print(text, markup=False, soft_wrap=True)

    def now(self, text: str) -> None:
        """What runs at the moment; nothing is printed where there is no terminal."""
        if not self.console.is_terminal:
            return
        if self._status is None:
            self._status = self.console.status(text)
            self._status.start()
        self._status.update(text)

    def ended(self, end: StageEnd) -> None:
        """A stage has ended."""
        self.say(stage_line(end))

    def close(self) -> None:
        """Take the spinner away."""
        if self._status is not None:
            self._status.stop()
            self._status = None
