"""Feedback: what a listener said of a track, an artist or a session."""

from typing import TYPE_CHECKING

from expectations.rules import RowRule, given, identifiers, plausible_time, required

if TYPE_CHECKING:
    from great_expectations import ExpectationSuite

# What a listener sets about their own lists: the target is the value. A pattern of it, and what it says.
_SHARE = (r"0?\.[0-9]{1,17}|0|1(\.0{1,17})?", "a number from 0 to 1")
DIALS = {
    "list_length": ("[1-9][0-9]?|100", "a whole number from 1 to 100"),
    "adventurousness": _SHARE,
    "known_share": _SHARE,
    "explicit": ("yes|no", "yes or no"),
}
KINDS = ("like", "dislike", "block_artist", "block_track", "exclude", *DIALS)

RULES: tuple[RowRule, ...] = (
    *required("user_id", "kind", "target_id"),
    *given("at"),
    *identifiers("user_id", "target_id"),
    RowRule(
        "unknown kind: kind",
        ("kind",),
        f"kind IN ({', '.join(repr(kind) for kind in KINDS)})",
        f"kind is not one of {', '.join(KINDS)}",
        shown="kind",
    ),
    *(
        RowRule(
            f"out of range: {dial}",
            ("kind", "target_id"),
            rf"kind <> '{dial}' OR target_id RLIKE r'^({pattern})\z'",
            f"the target of {dial} is its value, {what}",
            shown="target_id",
        )
        for dial, (pattern, what) in DIALS.items()
    ),
    *plausible_time("at"),
)


def suite() -> "ExpectationSuite":
    """Return the expectations for the night's landed feedback, counted by the rule that it breaks."""
    from great_expectations import ExpectationSuite

    from expectations.row_expectation import row_rules

    return ExpectationSuite("feedback", expectations=row_rules(RULES))
