"""Feedback: what a listener said of a track, an artist or a session."""

from expectations.rules import Rule, given, identifiers, plausible_time, required

KINDS = ("like", "dislike", "block_artist", "block_track", "exclude")

RULES: tuple[Rule, ...] = (
    *required("user_id", "kind", "target_id"),
    *given("at"),
    *identifiers("user_id", "target_id"),
    Rule(
        "unknown kind: kind",
        ("kind",),
        f"kind IN ({', '.join(repr(kind) for kind in KINDS)})",
        f"kind is not one of {', '.join(KINDS)}",
    ),
    *plausible_time("at"),
)
