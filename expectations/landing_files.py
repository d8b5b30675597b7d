"""What must be true of the files of a night. One row of the batch is a kind of landing files
(``jobs.validate.inputs.files``)."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from great_expectations import ExpectationSuite

    from expectations.row_expectation import ExpectRowsToKeep

# One row in a hundred is a careless client; the night is still a night.
WORRYING_SHARE = 0.01
# One row in five means that a producer changed its format: what came through is no fair sample.
MAX_QUARANTINED_SHARE = 0.2


def suite(kinds: Sequence[str]) -> "ExpectationSuite":
    """Expectations for the landing files of these kinds."""
    from great_expectations import ExpectationSuite

    return ExpectationSuite("landing_files", expectations=[
        expectation for kind in kinds for expectation in _of_kind(kind)
    ])  # fmt: skip


def _of_kind(kind: str) -> list["ExpectRowsToKeep"]:
    from expectations.row_expectation import ExpectRowsToKeep as Keep

    where = f"kind = '{kind}'"
    share = f"{where} AND n_read > 0"
    return [
        Keep(rule="every_file_was_read", column=kind, where=where, keeps="n_refused = 0",
             observed="refused", severity="critical",
             reason="A file refused as a whole is part of the night that nobody has seen."),
        Keep(rule="rows_are_accounted_for", column=kind, where=where,
             keeps="n_read = n_accepted + n_quarantined + n_duplicate", observed="counts",
             severity="critical", reason="No row of a file is lost on the way."),
        Keep(rule="few_rows_quarantined", column=kind, where=share,
             keeps=f"n_quarantined <= {MAX_QUARANTINED_SHARE} * n_read", observed="counts",
             severity="critical", reason="One row in five: a producer changed its format."),
        Keep(rule="hardly_any_row_quarantined", column=kind, where=share,
             keeps=f"n_quarantined <= {WORRYING_SHARE} * n_read", observed="counts",
             severity="warning", reason="One row in a hundred: look at the quarantine."),
    ]  # fmt: skip
