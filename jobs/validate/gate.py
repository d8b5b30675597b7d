"""A gate: check batches, keep the results and the Data Docs, and decide whether the night goes on."""

import logging
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa

from jobs.errors import BadDataError
from jobs.lake.catalog import TABLES
from jobs.lake.schemas import arrow_schema
from jobs.lake.tables import Lake
from jobs.stage import Night
from jobs.validate.docs import docs_prefix, publish_docs
from jobs.validate.findings import CRITICAL, WARNING, Finding, failed, stop_message
from jobs.validate.runner import Batch, run_suites

log = logging.getLogger("nocturne")


def hold_gate(night: Night, lake: Lake, gate: str, batches: Sequence[Batch]) -> None:
    """Check the batches; a failed critical expectation is a BadDataError unless the night is forced.

    Results and Data Docs are kept either way, before the decision.
    """
    as_of = night.window.as_of
    with TemporaryDirectory() as folder:
        findings = run_suites(batches, night.window, Path(folder))
        url = publish_docs(night.store, Path(folder), docs_prefix(as_of, gate))
    stops, warnings = failed(findings, CRITICAL), failed(findings, WARNING)
    if night.force and stops:
        findings.append(_forced(night.force, len(stops)))
    keep_results(lake, findings, gate, night)
    night.summary.details |= {
        "n_expectations": len(findings),
        "critical": [found.told() for found in stops],
        "warnings": [found.told() for found in warnings],
        "data_docs": url,
    }
    for found in warnings:
        log.warning("%s %s: %s", as_of, gate, found.told())
    if stops and not night.force:
        raise BadDataError(stop_message(gate, str(as_of), stops, url))


def keep_results(lake: Lake, findings: Sequence[Finding], gate: str, night: Night) -> None:
    """Replace this night's rows of this gate in validation_results."""
    as_of = night.window.as_of
    n_checked = {found.table_name: found.n_rows for found in sorted(findings, key=lambda f: f.n_rows)}
    rows = [{"as_of": as_of, "gate": gate, **asdict(found)} for found in findings]
    table = pa.Table.from_pylist(rows, arrow_schema(TABLES["validation_results"]))
    results = lake.spark.createDataFrame(table).coalesce(1)
    lake.replace(results, "validation_results", f"as_of = DATE'{as_of}' AND gate = '{gate}'")
    night.summary.rows_in = sum(n_checked.values())
    night.summary.rows_out = len(rows)
    night.summary.table_versions["validation_results"] = lake.version("validation_results")


def _forced(note: str, n_failed: int) -> Finding:
    return Finding(
        "night", "passed_by_force", "", WARNING, False, n_failed, n_failed, note, "no force",
        "An operator let the night through; this is their note.",
    )  # fmt: skip
