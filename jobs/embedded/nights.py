"""Which nights to run: those that have landed, less those already made of the same inputs."""

from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from jobs.errors import UsageError
from jobs.ingest.landing import Root, list_landing
from jobs.lake.arrow import open_table
from jobs.receipts import MadeOf, forget_receipt, leave_receipt, made_of, read_receipt
from jobs.settings import Settings, is_s3
from jobs.store import open_store

TOWN_LAST_NIGHT = date(2026, 6, 28)
WEEK = 7


def write_town_if_absent(settings: Settings) -> bool:
    """Land a simulated town where nothing has landed yet; returns whether it did."""
    from jobs.simulate.town import write_town

    root = Path(settings.landing.root)
    if root.exists():
        return False
    first = TOWN_LAST_NIGHT - timedelta(days=settings.town.nights - 1)
    write_town(root, first_day=first, seed=settings.seed, **settings.town.model_dump())
    return True


def require_folder(settings: Settings) -> None:
    """Raise UsageError if the landing is to be a folder and there is none."""
    if not is_s3(settings.landing.root) and not Path(settings.landing.root).is_dir():
        raise UsageError(f"there is no landing folder {settings.landing.root}")


@dataclass(frozen=True)
class Nights:
    """The nights asked for, oldest first, with what each is made of: settings and landed files."""

    settings: Settings
    inputs: dict[date, MadeOf]

    @classmethod
    def landed(cls, settings: Settings, n: int | None) -> "Nights":
        """Return the last ``n`` landed nights, a week's if None. UsageError if there are fewer."""
        require_folder(settings)
        files = list_landing(Root.of(settings)).files
        days = sorted({file.landed_on for file in files if file.kind == "listens"})
        n = n or max(1, min(len(days), WEEK))
        if len(days) < n:
            raise UsageError(
                f"{settings.landing.root} has {len(days)} nights (listens/date=YYYY-MM-DD) "
                f"and {n} were asked for: pass --nights {len(days) or '…'}"
            )
        return cls(settings, {day: made_of(settings, files, day) for day in days[-n:]})

    def stale(self) -> list[date]:
        """Return the nights to run: all from the first that is not made of its inputs yet.

        A later night has heard what the earlier ones recommended, so it is run again with them.
        """
        days = list(self.inputs)
        if open_table(self.settings, "playlists") is None:
            return days
        store = open_store(self.settings)
        first = next((day for day in days if read_receipt(store, day) != self.inputs[day]), None)
        return [] if first is None else days[days.index(first) :]

    def forget(self, day: date) -> None:
        """Forget what the night was made of: it is about to change, or an earlier one."""
        forget_receipt(open_store(self.settings), day)

    def done(self, day: date) -> None:
        """Remember that the night is made of its inputs as they were when this began: what has landed
        since may have come too late for it."""
        leave_receipt(open_store(self.settings), day, self.inputs[day])


def without_gaps(days: list[date]) -> list[list[date]]:
    """Split the days into runs of consecutive ones: a backfill takes every day between its ends."""
    runs: list[list[date]] = []
    for day in days:
        if runs and day - runs[-1][-1] == timedelta(days=1):
            runs[-1].append(day)
        else:
            runs.append([day])
    return runs
