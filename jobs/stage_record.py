"""What a stage leaves of its last run of a night: one JSON object in the store, read with tolerance."""

from datetime import date
from typing import Any

from pydantic import TypeAdapter, ValidationError
from typing_extensions import TypedDict

from jobs.store import ObjectStore


class StageRecord(TypedDict):
    """What ``jobs.stage`` leaves of one run of a stage: one row of run_ledger."""

    stage: str
    window_start: date
    window_end: date
    rows_in: int
    rows_out: int
    rows_rejected: int
    table_versions: dict[str, int]
    details: dict[str, Any]
    seconds: float
    peak_memory_mb: float
    force: str | None
    error: str | None


_RECORD = TypeAdapter(StageRecord)


def record_key(as_of: date | str, stage: str) -> str:
    """Return the key of a stage's record of that night in the store."""
    return f"ledger/{as_of}/{stage}.json"


def read_record(store: ObjectStore, key: str) -> StageRecord | None:
    """Return the record under the key; None if there is none, or it is half written or no record."""
    try:
        return _RECORD.validate_json(store.get(key) or b"")
    except ValidationError:
        return None


def as_json(record: StageRecord) -> dict[str, Any]:
    """Return the record in the types of JSON: dates are texts."""
    return dict(_RECORD.dump_python(record, mode="json"))
