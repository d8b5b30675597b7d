"""What runs, and how the latest nights ended."""

import fcntl
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from jobs.embedded.airflow import Airflow
from jobs.embedded.progress import Progress
from jobs.errors import NocturneError
from jobs.evaluate.night_facts import published
from jobs.settings import Settings
from jobs.stage_record import read_record, record_key
from jobs.stages import STAGES
from jobs.store import ObjectStore, open_store

N_NIGHTS = 7
MARK = "running"


@dataclass(frozen=True)
class NightStatus:
    """How a night stands: complete, failed, stopped, running, or damaged (a record cannot be read).

    ``stage`` is the first that failed or has left no record, ``told`` the whole in words.
    """

    as_of: str
    state: str
    stage: str | None
    told: str
    published: bool


@dataclass(frozen=True)
class SystemStatus:
    """What runs on this machine, by name, and the latest nights, oldest first."""

    runs: dict[str, bool]
    ui: str | None
    nights: tuple[NightStatus, ...]

    def lines(self) -> list[str]:
        """Return lines for a person."""
        postgres, *components = self.runs.items()
        first = f"PostgreSQL is {'running' if postgres[1] else 'not running'}"
        told = [f"{name} {'runs' if runs else 'HAS ENDED'}" for name, runs in components]
        head = (
            f"{first}; {', '.join(told)}; UI {self.ui}"
            if self.ui
            else f"{first}, Airflow is not running (nocturne up)"
        )
        mark = {True: "  <- published", False: ""}
        return [head, *(f"{n.as_of}  {n.told}{mark[n.published]}" for n in self.nights)]

    def document(self) -> str:
        """Return the same as JSON."""
        return json.dumps(asdict(self), indent=1)


def read_status(settings: Settings) -> SystemStatus:
    """Look at what runs and at the records of the latest nights."""
    airflow = Airflow(settings, Progress())
    running = airflow.running()
    dead = running.dead() if running else []
    runs = {"postgresql": airflow.postgres.process() is not None}
    runs |= {name: name not in dead for name in running.processes} if running else {}
    ui = f"http://127.0.0.1:{running.port}" if running else None
    at_work = _marked(settings) | (_of_airflow(airflow) if running and not dead else set())
    return SystemStatus(runs, ui, tuple(_nights(open_store(settings), at_work)))


@contextmanager
def marked(settings: Settings, as_of: str) -> Iterator[None]:
    """Mark the night as running as long as this process lives and is in here."""
    file = Path(settings.home, "logs", as_of, MARK)
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("w") as mark:
        fcntl.flock(mark, fcntl.LOCK_SH)
        yield


def _marked(settings: Settings) -> set[str]:
    found = set()
    for file in Path(settings.home, "logs").glob(f"*/{MARK}"):
        with file.open() as mark:
            try:
                fcntl.flock(mark, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                found.add(file.parent.name)
    return found


def _of_airflow(airflow: Airflow) -> set[str]:
    try:
        return airflow.api().running_nights()
    except (NocturneError, OSError):
        return set()


def _nights(store: ObjectStore, at_work: set[str]) -> Iterator[NightStatus]:
    nights = {key.split("/")[1] for key in store.list("ledger/")} | at_work
    latest = published(store).get("as_of")
    for night in sorted(nights)[-N_NIGHTS:]:
        state, stage, told = _verdict(store, night, night in at_work)
        yield NightStatus(night, state, stage, told, night == latest)


def _verdict(store: ObjectStore, night: str, runs: bool) -> tuple[str, str | None, str]:
    """State, stage and words."""
    for spec in STAGES:
        key = record_key(night, spec.name)
        if store.get(key) is None:
            if runs:
                return "running", spec.name, f"running, at {spec.name}"
            return "stopped", spec.name, f"stopped before {spec.name}"
        record = read_record(store, key)
        if runs:
            continue
        if record is None:
            said = f"{spec.name}: {store.url(key)} is damaged; run that stage again"
            return "damaged", spec.name, said
        if record["error"]:
            return "failed", spec.name, f"{spec.name} failed: {record['error'].splitlines()[0]}"
    return ("running", None, "running again") if runs else ("complete", None, "complete")
