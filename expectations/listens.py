"""Listens: one play a row."""

from expectations.rules import MAX_MS, Rule, between, identifiers, plausible_time, required

RULES: tuple[Rule, ...] = (
    *required("user_id", "track_id", "listened_at", "ms_played"),
    *identifiers("user_id", "track_id", "listen_id", "playlist_id", "source"),
    between("ms_played", 0, MAX_MS, "ms_played is below 0 or above a day"),
    *plausible_time("listened_at"),
)
