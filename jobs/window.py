"""The window of a run: whole UTC days, the half-open interval [start, end)."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from jobs.errors import UsageError

DAY = timedelta(days=1)


@dataclass(frozen=True)
class Window:
    """Landing days ``start <= day < end``; ``as_of`` is the last of them and names the night."""

    start: date
    end: date

    def __post_init__(self) -> None:
        if self.end <= self.start:
            raise UsageError(
                f"the window {self.start} to {self.end} is empty: the end must be a later day"
            )

    @classmethod
    def night(cls, day: date) -> "Window":
        """Return the window of one night."""
        return cls(day, day + DAY)

    @classmethod
    def parse(cls, start: str, end: str) -> "Window":
        """Parse ISO texts, dates or UTC midnights; anything else is a UsageError."""
        return cls(parse_day(start), parse_day(end))

    @property
    def as_of(self) -> date:
        """Return the last day of the window."""
        return self.end - DAY

    @property
    def days(self) -> list[date]:
        """Return every day of the window, in order."""
        return [self.start + n * DAY for n in range((self.end - self.start).days)]

    @property
    def end_at(self) -> datetime:
        """Return the first instant after the window, UTC."""
        return datetime.combine(self.end, time(), UTC)


def parse_day(text: str) -> date:
    """Parse an ISO text, a date or a UTC midnight; anything else is a UsageError."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(f"{text!r} is not a day: write YYYY-MM-DD, for example 2026-06-28") from None
    at = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    if at.time() != time():
        raise UsageError(f"{text!r} is not midnight UTC: a window is made of whole UTC days")
    return at.date()
