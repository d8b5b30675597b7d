"""Whether lists do as well as they did. A row of the batch is a finding about the lists of the newest
night that is judged (``jobs.validate.playlists.quality``)."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from great_expectations import ExpectationSuite


def suite(*, severity: str) -> "ExpectationSuite":
    """Expectations on last week's quality; without an evaluation, or too few before, there is none to
    judge (``surely_worse`` is null)."""
    from great_expectations import ExpectationSuite

    from expectations.row_expectation import ExpectRowsToKeep

    return ExpectationSuite("quality", expectations=[
        ExpectRowsToKeep(rule=rule, where=f"finding = '{rule}'", keeps="NOT surely_worse",
                         observed="sentence", unit="", severity=severity, reason=reason)
        for rule, reason in (
            ("lists_are_as_good_as_before",
             "Below their own history by more than chance: a model, a source or a rule has changed."),
            ("lists_beat_popularity",
             "A list that is no better than the tracks everybody plays need not be made."),
        )
    ])  # fmt: skip
