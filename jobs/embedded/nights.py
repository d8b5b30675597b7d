"""Which nights to run: those that have landed, less those already made of the same inputs."""

import hashlib
import json
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from jobs.errors import UsageError
from jobs.ingest.landing import LandedFile, Root, list_landing
from jobs.lake.arrow import open_table
from jobs.settings import Settings, is_s3
from jobs.store import open_store

TOWN_LAST_NIGHT = date(2026, 6, 28)
WEEK = 7
# Where and how a night is run does not change its rows.
IRRELEVANT = {"home", "town", "spark", "airflow", "s3"}


def write_town_if_absent(settings: Settings) -> bool:
    """Land a simulated town where nothing has landed yet; returns whether it did."""
    from jobs.simulate.town import write_town

    root = Path(settings.landing.root)
    if root.exists():
        return False
    first = TOWN_LAST_NIGHT - timedelta(days=settings.town.nights - 1)
    write_town(root, first_day=first, seed=settings.seed, **settings.town.model_dump())
    return True


@dataclass(frozen=True)
class Nights:
    """The nights asked for, oldest first, with what each is made of: settings and landed files."""

    settings: Settings
    inputs: dict[date, str]

    @classmethod
    def landed(cls, settings: Settings, n: int | None) -> "Nights":
        """Return the last ``n`` landed nights, a week's if None. UsageError if there are fewer."""
        if not is_s3(settings.landing.root) and not Path(settings.landing.root).is_dir():
            raise UsageError(f"there is no landing folder {settings.landing.root}")
        files = list_landing(Root.of(settings)).files
        days = sorted({file.landed_on for file in files if file.kind == "listens"})
        n = n or max(1, min(len(days), WEEK))
        if len(days) < n:
            raise UsageError(
                f"{settings.landing.root} has {len(days)} nights (listens/date=YYYY-MM-DD) "
                f"and {n} were asked for: pass --nights {len(days) or '…'}"
            )
        return cls(settings, {day: _inputs(settings, files, day) for day in days[-n:]})

    def stale(self) -> list[date]:
        """Return the nights to run: all from the first that is not made of its inputs yet.

        A later night has heard what the earlier ones recommended, so it is run again with them.
        """
        days = list(self.inputs)
        if open_table(self.settings, "playlists") is None:
            return days
        first = next((day for day in days if self._receipt(day) != self.inputs[day]), None)
        return [] if first is None else days[days.index(first) :]

    def _receipt(self, day: date) -> str | None:
        body = open_store(self.settings).get(_key(day))
        return str(json.loads(body)["inputs"]) if body else None

    def forget(self, day: date) -> None:
        """Forget what the night was made of: it is about to change."""
        open_store(self.settings).delete(_key(day))

    def done(self, day: date) -> None:
        """Remember that the night is made of its inputs now."""
        body = json.dumps({"as_of": str(day), "inputs": self.inputs[day]}).encode()
        open_store(self.settings).put(_key(day), body)


def without_gaps(days: list[date]) -> list[list[date]]:
    """Split the days into runs of consecutive ones: a backfill takes every day between its ends."""
    runs: list[list[date]] = []
    for day in days:
        if runs and day - runs[-1][-1] == timedelta(days=1):
            runs[-1].append(day)
        else:
            runs.append([day])
    return runs


def _key(day: date) -> str:
    return f"receipts/{day}.json"


def _inputs(settings: Settings, files: list[LandedFile], day: date) -> str:
    """A digest of all that decides the night's rows: settings, and the files landed by then."""
    first = day - timedelta(days=settings.lake.lookback_days)
    document = {
        "settings": settings.model_dump(mode="json", exclude=IRRELEVANT),
        "files": [(f.name, f.fingerprint) for f in files if first < f.landed_on <= day],
    }
    return hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()
