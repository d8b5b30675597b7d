"""A gate: check batches, keep the results and the Data Docs, and decide whether the night goes on."""

import logging
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory

from jobs.errors import BadDataError
from jobs.lake.arrow import open_table, replace
from jobs.stage import Night
from jobs.validate.docs import docs_prefix, publish_docs, write_first_page
from jobs.validate.findings import CRITICAL, WARNING, GateFinding, failed, rows_checked, stop_message
from jobs.validate.runner import SuiteRun, run_suites

log = logging.getLogger("nocturne")
TABLE = "validation_results"


def hold_gate(night: Night, gate: str, batches: Iterable[SuiteRun]) -> None:
    """Check the batches; a failed critical expectation is a BadDataError unless the night is forced.

    Results and Data Docs are kept either way, before the decision.
    """
    as_of = night.window.as_of
    with TemporaryDirectory() as folder:
        findings = run_suites(batches, night.window, Path(folder))
        write_first_page(Path(folder), f"{gate}, {as_of}", findings)
        url = publish_docs(night.store, Path(folder), docs_prefix(as_of, gate))
    stops, warnings = failed(findings, CRITICAL), failed(findings, WARNING)
    if night.force and stops:
        findings.append(_forced(night.force, len(stops)))
    keep_results(night, gate, findings)
    night.summary.details |= {
        "n_expectations": len(findings),
        "critical": [found.sentence() for found in stops],
        "warnings": [found.sentence() for found in warnings],
        "tolerated": "; ".join(f"{f.expectation} {f.observed}" for f in findings if f.tolerated),
        "data_docs": url,
    }
    for found in warnings:
        log.warning("%s %s: %s", as_of, gate, found.sentence())
    if stops and not night.force:
        raise BadDataError(stop_message(gate, str(as_of), stops, url))


def keep_results(night: Night, gate: str, findings: Sequence[GateFinding]) -> None:
    """Replace this night's rows of this gate in validation_results."""
    as_of = night.window.as_of
    rows: list[dict[str, object]] = [
        {"as_of": as_of, "gate": gate, **asdict(found)} for found in findings
    ]
    replace(night.settings, TABLE, rows, f"as_of = '{as_of}' AND gate = '{gate}'")
    table = open_table(night.settings, TABLE)
    night.summary.rows_in, night.summary.rows_out = rows_checked(findings), len(rows)
    night.summary.table_versions[TABLE] = table.version() if table else -1


def _forced(note: str, n_failed: int) -> GateFinding:
    return GateFinding(
        "night", "passed_by_force", "", WARNING, False, n_failed, n_failed, note, "no force",
        "An operator let the night through; this is their note.",
    )  # fmt: skip
