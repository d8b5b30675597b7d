"""What runs, and how the latest nights ended."""

from jobs.embedded.airflow import Airflow
from jobs.embedded.progress import Progress
from jobs.evaluate.night_facts import published
from jobs.settings import Settings
from jobs.stage_record import read_record, record_key
from jobs.stages import STAGES
from jobs.store import ObjectStore, open_store

N_NIGHTS = 7


def status_lines(settings: Settings) -> list[str]:
    """Return what runs and the verdict on each of the latest nights, as lines for a person."""
    return [*_components(Airflow(settings, Progress())), *_nights(open_store(settings))]


def _components(airflow: Airflow) -> list[str]:
    running = airflow.running()
    postgres = "running" if airflow.postgres.process() else "not running"
    if running is None:
        return [f"PostgreSQL is {postgres}, Airflow is not running (nocturne up)"]
    dead = running.dead()
    components = [f"{name} {'HAS ENDED' if name in dead else 'runs'}" for name in running.processes]
    return [f"PostgreSQL is {postgres}; {', '.join(components)}; UI http://127.0.0.1:{running.port}"]


def _nights(store: ObjectStore) -> list[str]:
    ledger: dict[str, set[str]] = {}
    for key in store.list("ledger/"):
        _, night, name = key.split("/")
        ledger.setdefault(night, set()).add(name)
    latest = published(store).get("as_of")
    return [
        f"{night}  {_verdict(store, night)}{'  <- published' if night == latest else ''}"
        for night in sorted(ledger)[-N_NIGHTS:]
    ]


def _verdict(store: ObjectStore, night: str) -> str:
    for spec in STAGES:
        key = record_key(night, spec.name)
        if store.get(key) is None:
            return f"no {spec.name} yet"
        record = read_record(store, key)
        if record is None:
            return f"{spec.name}: {store.url(key)} is damaged; run that stage again"
        if record["error"]:
            return f"{spec.name} failed: {record['error'].splitlines()[0]}"
    return "complete"
