"""What is checked of a batch, and what of it fails."""

from datetime import date
from pathlib import Path

from jobs.validate.runner import SuiteRun, check, open_context
from jobs.window import Window

NIGHT = date(2026, 6, 28)


def tripped(folder: Path, batch: SuiteRun) -> dict[str, str]:
    """Failed expectations and their severities."""
    return {rule: severity for (rule, _), severity in tripped_of(folder, batch).items()}


def tripped_of(folder: Path, batch: SuiteRun) -> dict[tuple[str, str], str]:
    """Failed expectations with the column that each is about, and their severities."""
    found = check(open_context(folder), batch, Window.night(NIGHT))
    return {(one.expectation, one.column_name): one.severity for one in found if not one.success}
