"""How every stage starts and ends: argv in, ``summary.json`` and an exit code out.

``python -m jobs.<stage> --window-start 2026-06-28 --window-end 2026-06-29``
"""

import argparse
import json
import logging
import os
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jobs.disk import disk_full, full_disk_named
from jobs.errors import FAILURE, NocturneError
from jobs.settings import Settings, load_settings
from jobs.stage_record import record_key
from jobs.store import ObjectStore, open_store
from jobs.window import Window

log = logging.getLogger("nocturne")


@dataclass
class StageSummary:
    """What a stage did, for people, the scheduler and the run ledger."""

    rows_in: int = 0
    rows_out: int = 0
    rows_rejected: int = 0
    table_versions: dict[str, int] = field(default_factory=dict)
    details: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Night:
    """What a stage is given: its window, the settings, an operator's note if forced, and its summary."""

    window: Window
    settings: Settings
    force: str | None = None
    summary: StageSummary = field(default_factory=StageSummary)

    @property
    def store(self) -> ObjectStore:
        """Return the object store of the settings."""
        return open_store(self.settings)


Stage = Callable[[Night], None]


def summary_key(night: Night, stage: str) -> str:
    """Return the key of the stage's summary in the store."""
    return record_key(night.window.as_of, stage)


def run_stage(name: str, stage: Stage, night: Night) -> None:
    """Run one stage and leave its summary in the store, whether it succeeds or not.

    A stage that failed fails with its own error, also where its summary cannot be left. A full disk is
    a DiskFullError, whatever met it.
    """
    began = time.monotonic()
    try:
        with full_disk_named(night.settings):
            stage(night)
    except BaseException as error:
        try:
            _leave_summary(name, night, began, str(error) or type(error).__name__)
        except Exception as unsaid:
            if disk_full(unsaid, night.settings):
                log.warning("%s left no summary of its failure: %s", name, unsaid)
            else:
                log.exception("%s left no summary of its failure", name)
        raise
    with full_disk_named(night.settings):
        _leave_summary(name, night, began, None)
    log.info(
        "%s %s: %d rows in, %d out, %d rejected",
        night.window.as_of,
        name,
        night.summary.rows_in,
        night.summary.rows_out,
        night.summary.rows_rejected,
    )


def _leave_summary(name: str, night: Night, began: float, error: str | None) -> None:
    document = {
        "stage": name,
        "window_start": str(night.window.start),
        "window_end": str(night.window.end),
        "as_of": str(night.window.as_of),
        "rows_in": night.summary.rows_in,
        "rows_out": night.summary.rows_out,
        "rows_rejected": night.summary.rows_rejected,
        "table_versions": night.summary.table_versions,
        "details": night.summary.details,
        "seconds": round(time.monotonic() - began, 3),
        "peak_memory_mb": peak_memory_mb(),
        "force": night.force,
        "error": error,
    }
    body = json.dumps(document, indent=1, default=_as_json).encode()
    night.store.put(summary_key(night, name), body)


def _as_json(value: Any) -> Any:
    """numpy's numbers as numbers; what JSON does not know, a date or a path, as text."""
    return value.item() if hasattr(value, "item") else str(value)


def main(name: str, stage: Stage, argv: Sequence[str] | None = None) -> int:
    """Run a stage as a process of its own; returns the exit code."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    try:
        arguments = parser(name).parse_args(argv)
        window = Window.parse(arguments.window_start, arguments.window_end)
        run_stage(name, stage, Night(window, load_settings(), arguments.force))
    except NocturneError as error:
        print(f"{name}: {error}", file=sys.stderr)
        return error.exit_code
    except Exception:
        log.exception("%s failed", name)
        return FAILURE
    return 0


def parser(name: str) -> argparse.ArgumentParser:
    """Return the parser of the argv that every stage understands."""
    arguments = argparse.ArgumentParser(prog=f"python -m jobs.{name}")
    add = arguments.add_argument
    add("--window-start", required=True, metavar="YYYY-MM-DD", help="first landing day (UTC)")
    add("--window-end", required=True, metavar="YYYY-MM-DD", help="the day after the last one")
    add("--force", metavar="NOTE", help="pass failed gates, with this note in the ledger")
    return arguments


def peak_memory_mb() -> float:
    """Measure peak resident memory in MiB: this process, its Java machine and its workers, if any."""
    import psutil

    root = psutil.Process()
    if "PYSPARK_GATEWAY_PORT" in os.environ:  # spark-submit's Java machine is our parent, not our child
        root = root.parent() or root
    return round(sum(_high_water_mb(p.pid) for p in (root, *root.children(recursive=True))), 1)


def _high_water_mb(pid: int) -> float:
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0.0
    return sum(float(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))
