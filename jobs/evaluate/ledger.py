"""The run ledger: what each stage of a night said of its last run."""

import json
import logging
from datetime import date
from typing import Any

from jobs.stages import STAGES
from jobs.store import ObjectStore

log = logging.getLogger("nocturne")
Summary = dict[str, Any]
ORDER = {spec.name: place for place, spec in enumerate(STAGES)}
# The report's own summary is written after it, so the ledger would hold that of its run before.
LEFT_OUT = "report"


def read_summaries(store: ObjectStore, as_of: date) -> list[Summary]:
    """Summaries of the night's stages, in the order of the night; one that is no JSON is left out."""
    found = []
    for key in store.list(f"ledger/{as_of}/"):
        try:
            summary = json.loads(store.get(key) or b"")
            found.append(summary | {"stage": str(summary["stage"])})
        except (ValueError, KeyError, TypeError):
            log.warning("%s is not a summary of a stage; left out of the ledger", store.url(key))
    found = [summary for summary in found if summary["stage"] != LEFT_OUT]
    return sorted(found, key=lambda s: (ORDER.get(s["stage"], len(ORDER)), s["stage"]))


def ledger_rows(summaries: list[Summary], as_of: date) -> list[dict[str, object]]:
    """Rows of run_ledger; ``table_versions`` and ``details`` are JSON."""
    return [
        {
            "as_of": as_of,
            "stage": summary["stage"],
            "window_start": date.fromisoformat(summary["window_start"]),
            "window_end": date.fromisoformat(summary["window_end"]),
            "rows_in": summary["rows_in"],
            "rows_out": summary["rows_out"],
            "rows_rejected": summary["rows_rejected"],
            "seconds": float(summary["seconds"]),
            "peak_memory_mb": float(summary["peak_memory_mb"]),
            "table_versions": json.dumps(summary["table_versions"], sort_keys=True),
            "details": json.dumps(summary["details"], ensure_ascii=False, sort_keys=True),
            "force": summary["force"],
            "error": summary["error"],
        }
        for summary in summaries
    ]
