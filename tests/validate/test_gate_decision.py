"""What a gate does with what its suites have found; the suites themselves are tried in test_gates."""

from dataclasses import replace

import pytest

from jobs.errors import BadDataError
from jobs.validate import gate
from jobs.validate.commands import results
from jobs.validate.findings import GateFinding
from tests.validate.rows import NIGHT

FINE = GateFinding("listens", "fine", "user_id", "critical", True, 10, 0, "0 of 10", "x > 0", "Because.")
TOLERATED = replace(FINE, expectation="tolerated", n_unexpected=1, observed="1 of 10")
ODD = replace(FINE, expectation="odd", severity="warning", success=False, observed="2 of 10")
WRONG = replace(FINE, expectation="wrong", success=False, observed="9 of 10")


@pytest.fixture
def hold(night, monkeypatch):
    """Holds a gate whose suites have found these; returns the night."""

    def held(*found: GateFinding, force: str | None = None):
        monkeypatch.setattr(gate, "run_suites", lambda batches, window, site: list(found))
        judged = replace(night, force=force)
        gate.hold_gate(judged, "gate_inputs", ())
        return judged

    return held


def kept(night) -> dict[str, bool]:
    return {row["expectation"]: row["success"] for row in results(night.settings, NIGHT)}


def test_a_gate_passes_with_warnings_and_tells_them_and_what_is_tolerated(hold):
    night = hold(FINE, TOLERATED, ODD)
    details = night.summary.details
    assert details["n_expectations"] == 3
    assert details["critical"] == []
    assert details["warnings"] == ["listens.user_id odd: 2 of 10; expected x > 0. Because."]
    assert details["tolerated"] == "tolerated 1 of 10"
    assert (night.summary.rows_in, night.summary.rows_out) == (10, 3)
    assert kept(night) == {"fine": True, "tolerated": True, "odd": False}
    page = night.store.get(f"{gate.docs_prefix(NIGHT, 'gate_inputs')}/index.html").decode()
    assert "2 of 3 expectations hold" in page


def test_a_critical_failure_stops_the_night_after_its_results_are_kept(hold, night):
    with pytest.raises(BadDataError, match=r"stops at gate_inputs: 1 critical .*\n.*wrong: 9 of 10"):
        hold(WRONG, ODD)
    assert kept(night) == {"wrong": False, "odd": False}
    assert night.summary.details["critical"] == [WRONG.sentence()]


def test_a_note_lets_the_night_through_and_is_kept_as_a_warning_of_its_own(hold):
    night = hold(FINE, WRONG, force="the feed is right")
    assert kept(night) == {"wrong": False, "passed_by_force": False, "fine": True}
    (row,) = [r for r in results(night.settings, NIGHT) if r["expectation"] == "passed_by_force"]
    assert (row["severity"], row["observed"], row["n_unexpected"]) == (
        "warning",
        "the feed is right",
        1,
    )
    assert kept(hold(FINE, ODD, force="for nothing")) == {"fine": True, "odd": False}
