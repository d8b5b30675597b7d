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
    """Leave the receipt of a night whose every stage has succeeded with these settings, forget it else.

    Later nights that rest what this one did not offer before are forgotten: they are to be made again.
    """
    done = {record["stage"]: record["details"] for record in records if not record["error"]}
    inputs: Any = done.get("ingest", {}).get("made_of") or {}
    is_whole = all(spec.name in done for spec in STAGES) and len(window.days) == 1
    if is_whole and inputs.get("settings") == settings_digest(settings):
        leave_receipt(store, window.as_of, inputs)
    else:
        forget_receipt(store, window.as_of)
    for later in done.get("gate_playlists", {}).get("to_make_again") or ():
        forget_receipt(store, later)


def _key(day: date | str) -> str:
    return f"receipts/{day}.json"


def _digest(document: Any) -> str:
    return hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()
