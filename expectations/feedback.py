"""Feedback: what a listener said of a track, an artist or a session."""

from typing import TYPE_CHECKING

from expectations.rules import RowRule, given, identifiers, plausible_time, required

if TYPE_CHECKING:
    from great_expectations import ExpectationSuite

KINDS = ("like", "dislike", "block_artist", "block_track", "exclude")

RULES: tuple[RowRule, ...] = (
    *required("user_id", "kind", "target_id"),
    *given("at"),
    *identifiers("user_id", "target_id"),
    RowRule(
        "unknown kind: kind",
        ("kind",),
        f"kind IN ({', '.join(repr(kind) for kind in KINDS)})",
        f"kind is not one of {', '.join(KINDS)}",
    ),
    *plausible_time("at"),
)


def suite() -> "ExpectationSuite":
    """Return the expectations for the night's landed feedback, counted by the rule that it breaks."""
    from great_expectations import ExpectationSuite

    from expectations.row_expectation import row_rules

    return ExpectationSuite("feedback", expectations=row_rules(RULES))
