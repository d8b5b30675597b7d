"""Listens: one play a row."""

from typing import TYPE_CHECKING

from expectations.rules import MAX_MS, RowRule, between, given, identifiers, plausible_time, required

if TYPE_CHECKING:
    from great_expectations import ExpectationSuite

# Plays of unknown tracks are kept, but their titles and artists are not known: beyond a fifth of the
# night the catalog is more likely to be missing than the tracks to be new.
MAX_UNKNOWN_SHARE = 0.2
# Tracks without features are recommended by neighbors alone.
MAX_WITHOUT_FEATURES = 0.5
# A listener may go back or leave a track on repeat, and a scrobble's 240 s are nominal; but not often.
MAX_OVERLONG_SHARE = 0.05
FITS_TRACK = "ms_played <= 2 * duration_ms + 60000"

RULES: tuple[RowRule, ...] = (
    *required("user_id", "track_id"),
    *given("listened_at", "ms_played"),
    *identifiers("user_id", "track_id", "listen_id", "playlist_id", "source"),
    between("ms_played", 0, MAX_MS, "ms_played is below 0 or above a day"),
    *plausible_time("listened_at"),
)


def suite() -> "ExpectationSuite":
    """Expectations for the night's landed listens, counted by the rule that they break and by what is
    known of their tracks (``jobs.validate.inputs.row_counts.listen_counts``)."""
    from great_expectations import ExpectationSuite
    from great_expectations.expectations import ExpectColumnSumToBeBetween

    from expectations.row_expectation import ExpectRowsToKeep as Keep
    from expectations.row_expectation import row_rules

    return ExpectationSuite("listens", expectations=[
        ExpectColumnSumToBeBetween(
            column="n_rows", min_value=1, severity="critical",
            meta={"reason": "Without one new play tonight's playlists would be last night's."},
        ),
        *row_rules(RULES),
        Keep(rule="tracks_are_known", column="track_id", keeps="known_track", n_rows="n_rows",
             max_share=MAX_UNKNOWN_SHARE, severity="warning",
             reason="A track outside the catalog has no title; have the night's tracks landed?"),
        Keep(rule="plays_fit_their_tracks", column="ms_played", where="fits_track IS NOT NULL",
             keeps="fits_track", n_rows="n_rows", max_share=MAX_OVERLONG_SHARE, severity="warning",
             meta={"predicate": FITS_TRACK},
             reason="Over twice the track and a minute: is the unit milliseconds?"),
        Keep(rule="tracks_have_features", column="track_id", keeps="has_features", n_rows="n_rows",
             max_share=MAX_WITHOUT_FEATURES, severity="warning",
             reason="Exploring needs audio features; have the night's audio_features landed?"),
    ])  # fmt: skip
