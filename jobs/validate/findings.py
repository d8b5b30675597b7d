"""What a gate found, and what follows from it."""

from collections.abc import Sequence
from dataclasses import dataclass

CRITICAL, WARNING = "critical", "warning"


@dataclass(frozen=True)
class GateFinding:
    """One expectation checked: a row of validation_results without its night and gate."""

    table_name: str
    expectation: str
    column_name: str
    severity: str
    success: bool
    n_rows: int
    n_unexpected: int | None
    observed: str | None
    threshold: str | None
    reason: str

    @property
    def tolerated(self) -> bool:
        """Whether it holds though some rows break it: plays of unknown tracks, say."""
        return self.success and bool(self.n_unexpected)

    def sentence(self) -> str:
        """Return one line for a person."""
        subject = f"{self.table_name}.{self.column_name}" if self.column_name else self.table_name
        return f"{subject} {self.expectation}: {self.observed}; expected {self.threshold}. {self.reason}"


def failed(findings: Sequence[GateFinding], severity: str) -> list[GateFinding]:
    """Return the failed expectations of one severity."""
    return [found for found in findings if not found.success and found.severity == severity]


def rows_checked(findings: Sequence[GateFinding]) -> int:
    """Rows of all tables, each counted once."""
    rows: dict[str, int] = {}
    for found in findings:
        rows[found.table_name] = max(found.n_rows, rows.get(found.table_name, 0))
    return sum(rows.values())


def stop_message(gate: str, night: str, failures: Sequence[GateFinding], docs_url: str) -> str:
    """Say why the night stops, and what to do."""
    head = f"the night {night} stops at {gate}: {len(failures)} critical expectation(s) failed"
    return "\n".join([
        f"{head}. Nothing of it is published; the last good playlists stay.",
        *(f"  - {found.sentence()}" for found in failures),
        f"Details: {docs_url}",
        "Correct the landing, or the stage that made the table, and run the night again; if the data "
        'are right as they are, with --force "why" (in Airflow: the field "Force, with a note").',
    ])  # fmt: skip
