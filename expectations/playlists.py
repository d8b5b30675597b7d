"""What the night's playlists must be; a row is a listener and their list
(``jobs.validate.playlists.per_listener.playlists_per_listener``)."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from great_expectations import ExpectationSuite

    from expectations.row_expectation import ExpectRowsToKeep

Keeps = Callable[..., "ExpectRowsToKeep"]

# A list may be short where the catalog is small for one listener, not for one in ten.
MAX_SHORT_SHARE = 0.1
# Lists that overlap more than this on average are one list of hits, whatever the strategy says.
MIN_PERSONALIZATION = 0.9
# Of the tracks of the night before half may stay; a few listeners of small catalogs get more of them.
MAX_AGAIN, MAX_STALE_SHARE = 0.5, 0.1
# Half of what was usual: a night with fewer listeners, or of a weekend, is not that.
MIN_COVERED = 0.5
SOME = "n_tracks > 0"
# A list that stays (table set_aside) was right on its night; since then its tracks may have been
# played, and the settings changed.
MADE = f"{SOME} AND NOT kept"


def suite(*, n_tracks: int, artist_cap: int) -> "ExpectationSuite":
    """Expectations for lists of ``n_tracks`` with at most ``artist_cap`` tracks an artist."""
    from great_expectations import ExpectationSuite

    from expectations.row_expectation import ExpectRowsToKeep

    Keep = partial(ExpectRowsToKeep, unit="listeners", who="user_id")  # noqa: N806
    return ExpectationSuite("playlists", expectations=[
        *_of_lengths(Keep, n_tracks), *_of_tracks(Keep, artist_cap), *_of_nights(Keep),
    ])  # fmt: skip


def _of_lengths(Keep: Keeps, n_tracks: int) -> "list[ExpectRowsToKeep]":  # noqa: N803
    return [
        Keep(rule="every_listener_has_a_list", where="listened", keeps=f"{SOME} OR n_left <=> 0",
             severity="critical",
             reason="Whoever listened or liked in the lookback, and has anything left, gets a list."),
        Keep(rule="something_is_left", where="listened", keeps=f"{SOME} OR NOT n_left <=> 0",
             severity="warning",
             reason="Who has heard or blocked the whole catalog has no list: land more tracks."),
        Keep(rule="only_listeners_have_lists", column="user_id", where=SOME, keeps="listened",
             severity="critical", reason="A list for somebody unknown or forgotten must not go out."),
        Keep(rule="full_or_explained", column="rank", where=MADE,
             keeps=f"n_tracks = {n_tracks} OR (n_tracks < {n_tracks} AND n_left <=> n_tracks)",
             severity="critical", reason="A short list has a funnel that ends with its length."),
        Keep(rule="lists_are_full", column="rank", where=MADE, keeps=f"n_tracks = {n_tracks}",
             max_share=MAX_SHORT_SHARE, severity="warning",
             reason="Many short lists mean a filter or the catalog is wrong."),
        Keep(rule="ranks_have_no_gaps", column="rank", where=SOME, keeps="n_rank_gaps = 0",
             severity="critical", reason="Ranks are 1, 2, 3, ... in every list."),
    ]  # fmt: skip


def _of_tracks(Keep: Keeps, artist_cap: int) -> "list[ExpectRowsToKeep]":  # noqa: N803
    return [
        Keep(rule="tracks_are_different", column="track_id", where=SOME, keeps="n_different = n_tracks",
             severity="critical", reason="No track twice in a list."),
        Keep(rule="artist_cap", column="artist", where=MADE, keeps=f"n_of_one_artist <= {artist_cap}",
             observed="n_of_one_artist", severity="critical",
             reason="A collaboration counts for each of its artists."),
        Keep(rule="tracks_are_unheard", column="track_id", where=MADE, keeps="n_heard = 0",
             severity="critical", reason="The list is for discovery."),
        Keep(rule="tracks_are_known", column="track_id", where=MADE, keeps="n_unknown = 0",
             severity="critical", reason="A track outside the catalog cannot be played."),
        Keep(rule="scores_are_finite", column="score", where=SOME, keeps="n_not_finite = 0",
             severity="critical", reason="NaN sorts above everything: the order would be noise."),
        Keep(rule="every_track_has_a_reason", column="reason", where=SOME, keeps="n_without_reason = 0",
             severity="critical", reason="A listener is told why each track is there."),
    ]  # fmt: skip


def _of_nights(Keep: Keeps) -> "list[ExpectRowsToKeep]":  # noqa: N803
    return [
        Keep(rule="lists_change", column="track_id", where=f"{MADE} AND n_again IS NOT NULL",
             keeps=f"n_again <= n_tracks * {MAX_AGAIN}", observed="n_again", max_share=MAX_STALE_SHARE,
             severity="warning", reason="Who gets last night's list again stops looking at it."),
        Keep(rule="coverage_is_usual", column="track_id", where="usually_covered IS NOT NULL",
             keeps=f"n_covered >= usually_covered * {MIN_COVERED}", observed="n_covered",
             unit="", who="null", severity="warning",
             reason="Tracks in any list, against the median of last week: a source of candidates, or "
                    "part of the catalog, is gone."),
        Keep(rule="lists_are_personal", column="track_id", where="personalization IS NOT NULL",
             keeps=f"personalization >= {MIN_PERSONALIZATION}", observed="personalization",
             unit="", who="null", severity="warning",
             reason="1 - mean overlap of two lists; low if all get the same."),
    ]  # fmt: skip
