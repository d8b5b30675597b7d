"""What a night was made of, left in the store once it is whole, by whatever way it ran: `nocturne run`
makes a night again only of other settings or files.
"""

import hashlib
import json
from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any, Protocol

from jobs.settings import Settings
from jobs.stage_record import StageRecord
from jobs.stages import STAGES
from jobs.store import ObjectStore
from jobs.window import Window

MadeOf = dict[str, str]
# Where and how a night is run does not change its rows.
IRRELEVANT = {"home", "town", "spark", "airflow", "s3", "fork_stages"}


class Landed(Protocol):
    """A landed file, as far as it matters here."""

    @property
    def name(self) -> str:
        """Its path below the landing."""
        ...

    @property
    def fingerprint(self) -> str:
        """What changes when it does."""
        ...

    @property
    def landed_on(self) -> date:
        """Its day."""
        ...


def made_of(settings: Settings, files: Iterable[Landed], day: date) -> MadeOf:
    """Return digests of all that decides the night's rows: settings, and the files landed by then."""
    first = day - timedelta(days=settings.lake.lookback_days)
    landed = [(f.name, f.fingerprint) for f in files if first < f.landed_on <= day]
    return {"settings": settings_digest(settings), "files": _digest(landed)}


def settings_digest(settings: Settings) -> str:
    """Return a digest of the settings that decide rows."""
    return _digest(settings.model_dump(mode="json", exclude=IRRELEVANT))


def read_receipt(store: ObjectStore, day: date) -> MadeOf | None:
    """Return what the night was made of; None if it is not whole, or is being made."""
    try:
        receipt = json.loads(store.get(_key(day)) or b"null")
        return {name: str(receipt[name]) for name in ("settings", "files")}
    except (ValueError, KeyError, TypeError):
        return None


def leave_receipt(store: ObjectStore, day: date, inputs: MadeOf) -> None:
    """Remember that the night is made of these inputs now."""
    store.put(_key(day), json.dumps({"as_of": str(day), **inputs}).encode())


def forget_receipt(store: ObjectStore, day: date | str) -> None:
    """Forget what the night was made of: it is about to change."""
    store.delete(_key(day))


def settle(
    store: ObjectStore, window: Window, settings: Settings, records: Iterable[StageRecord]
) -> None:
    """Leave the receipt of a night whose every stage has succeeded with these settings, and whose lists
    know those of the nights before; forget it else."""
    done = {record["stage"]: record["details"] for record in records if not record["error"]}
    inputs: Any = done.get("ingest", {}).get("made_of") or {}
    is_whole = all(spec.name in done for spec in STAGES) and len(window.days) == 1
    is_outdated = any(store.list(_outdated(window.as_of)))
    if is_whole and not is_outdated and inputs.get("settings") == settings_digest(settings):
        leave_receipt(store, window.as_of, inputs)
    else:
        forget_receipt(store, window.as_of)


def outdate(store: ObjectStore, night: date, earlier: date) -> None:
    """Note that the night's lists were made without those of an earlier night: it is not whole until
    they are made again."""
    store.put(f"{_outdated(night)}{earlier}.json", json.dumps({"made_without": str(earlier)}).encode())
    forget_receipt(store, night)


def outdated_by(store: ObjectStore, earlier: date, nights: Iterable[date]) -> list[date]:
    """Return those of the nights whose lists were made without the earlier one's and not again."""
    return [night for night in nights if store.get(f"{_outdated(night)}{earlier}.json") is not None]


def lists_made(store: ObjectStore, night: date) -> None:
    """Forget which lists the night's were made without: it has made them now, with all there are."""
    for key in list(store.list(_outdated(night))):
        store.delete(key)


def _key(day: date | str) -> str:
    return f"receipts/{day}.json"


def _outdated(night: date) -> str:
    return f"outdated/{night}/"


def _digest(document: Any) -> str:
    return hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()
