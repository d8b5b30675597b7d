"""``nocturne validate`` for a person."""

import io

import pytest
from rich.console import Console

from jobs.errors import NoInputError
from jobs.validate.commands import findings_table, require_landed, results
from jobs.validate.findings import GateFinding
from jobs.validate.gate import keep_results
from jobs.window import DAY
from tests.validate.rows import NIGHT, landing_file, write


def finding(
    expectation: str, success: bool, severity: str, observed: str = "0 of 2 rows"
) -> GateFinding:
    return GateFinding(
        "listens",
        expectation,
        "user_id",
        severity,
        success,
        2,
        0,
        observed,
        "user_id IS NOT NULL",
        "why",
    )


def test_failures_come_first_the_critical_ones_before_the_warnings(night):
    found = [
        finding("fine", True, "critical"),
        finding("odd", False, "warning"),
        finding("wrong", False, "critical"),
    ]
    keep_results(night, "gate_inputs", found)
    rows = results(night.settings, NIGHT)
    assert [row["expectation"] for row in rows] == ["wrong", "odd", "fine"]


def test_nothing_in_a_finding_is_taken_for_markup(night):
    keep_results(night, "gate_inputs", [finding("wrong", False, "critical", "[red]name[/red]")])
    page = io.StringIO()
    Console(file=page, width=200).print(findings_table(results(night.settings, NIGHT)))
    assert "[red]name[/red]" in page.getvalue()
    assert "listens.user_id" in page.getvalue()


def test_a_night_without_results_has_none(night):
    assert results(night.settings, NIGHT) == []


def test_a_night_of_which_nothing_has_landed_is_not_judged(night):
    told = f"nothing that landed on {NIGHT} is in the tables"
    with pytest.raises(NoInputError, match=told):
        require_landed(night)
    write(night.settings, "landing_files", [landing_file("listens", 1, day=NIGHT - DAY)])
    with pytest.raises(NoInputError, match=told):
        require_landed(night)
    write(night.settings, "landing_files", [landing_file("listens", 1)])
    require_landed(night)
