"""The run ledger: what each stage of a night said of its last run."""

import json
import logging
from datetime import date

from jobs.stage_record import StageRecord, read_record
from jobs.stages import STAGES
from jobs.store import ObjectStore

log = logging.getLogger("nocturne")
ORDER = {spec.name: place for place, spec in enumerate(STAGES)}
# The report's own record is written after it, so the ledger would hold that of its run before.
LEFT_OUT = "report"


def read_records(store: ObjectStore, as_of: date) -> list[StageRecord]:
    """Return the records of the night's stages, in the order of the night; unknown stages come last.

    What is no record is left out, with a warning.
    """
    by_key = {key: read_record(store, key) for key in store.list(f"ledger/{as_of}/")}
    for key in (key for key, record in by_key.items() if record is None):
        log.warning("%s is not a record of a stage; left out of the ledger", store.url(key))
    records = [record for record in by_key.values() if record and record["stage"] != LEFT_OUT]
    return sorted(records, key=lambda r: (ORDER.get(r["stage"], len(ORDER)), r["stage"]))


def ledger_rows(records: list[StageRecord], as_of: date) -> list[dict[str, object]]:
    """Return rows of run_ledger; ``table_versions`` and ``details`` are JSON."""
    return [
        {
            **record,
            "as_of": as_of,
            "table_versions": json.dumps(record["table_versions"], sort_keys=True),
            "details": json.dumps(record["details"], ensure_ascii=False, sort_keys=True),
        }
        for record in records
    ]
