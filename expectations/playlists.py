"""What the night's playlists must be; a row is a listener and their list to be discovered
(``jobs.validate.playlists.per_listener.playlists_per_listener``), or one of their other lists
(``other_lists``)."""

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


def other_suite(*, n_tracks: int, artist_cap: int) -> "ExpectationSuite":
    """Expectations for the lists beside those to be discovered, of up to ``n_tracks``."""
    from great_expectations import ExpectationSuite

    from expectations.row_expectation import ExpectRowsToKeep

    Keep = partial(ExpectRowsToKeep, unit="lists", who="user_id")  # noqa: N806
    return ExpectationSuite("other_lists", expectations=[
        Keep(rule="only_listeners_have_other_lists", column="user_id", keeps="listened",
             severity="critical", reason="A list for somebody unknown or forgotten must not go out."),
        Keep(rule="other_lists_end", column="rank", where="NOT kept",
             keeps=f"n_tracks <= {_full(n_tracks)}",
             severity="critical", reason="No list is longer than is set."),
        *_of_any_list(Keep, artist_cap, "other_"),
        Keep(rule="rediscovered_were_heard", column="track_id", where="playlist = 'rediscover'",
             keeps="n_heard = n_different", severity="critical",
             reason="Who never heard a track cannot hear it again."),
        Keep(rule="releases_are_unheard", column="track_id",
             where="playlist = 'new_releases' AND NOT kept", keeps="n_heard = 0", severity="critical",
             reason="What they have heard is no news to them."),
        Keep(rule="releases_are_new", column="release_date",
             where="playlist = 'new_releases' AND NOT kept", keeps="n_not_new = 0", severity="critical",
             reason="A new release came out in the last weeks, as far as was known by the night."),
    ])  # fmt: skip


def _of_lengths(Keep: Keeps, n_tracks: int) -> "list[ExpectRowsToKeep]":  # noqa: N803
    full = _full(n_tracks)
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
             keeps=f"n_tracks = {full} OR (n_tracks < {full} AND n_left <=> n_tracks - n_known)",
             severity="critical", reason="A short list has a funnel that ends with its length."),
        Keep(rule="known_share_is_kept", column="track_id", where=MADE,
             keeps=f"n_known <= {full} * coalesce(known_share, 0)", observed="n_known",
             severity="critical", reason="Known tracks are there for who has asked for them."),
        Keep(rule="lists_are_full", column="rank", where=MADE, keeps=f"n_tracks = {full}",
             max_share=MAX_SHORT_SHARE, severity="warning",
             reason="Many short lists mean a filter or the catalog is wrong."),
    ]  # fmt: skip


def _of_tracks(Keep: Keeps, artist_cap: int) -> "list[ExpectRowsToKeep]":  # noqa: N803
    return [
        *_of_any_list(Keep, artist_cap),
        Keep(rule="tracks_are_unheard", column="track_id", where=MADE, keeps="n_new_heard = 0",
             severity="critical", reason="The list is for discovery, but for what was asked for."),
    ]  # fmt: skip


def _full(n_tracks: int) -> str:
    """As many tracks as a whole list has: what the listener has set, or else this."""
    return f"coalesce(list_length, {n_tracks})"


def _of_any_list(Keep: Keeps, artist_cap: int, of: str = "") -> "list[ExpectRowsToKeep]":  # noqa: N803
    """Rules with names that begin with ``of``: two suites of one table have no name in common."""
    return [
        Keep(rule=f"{of}ranks_have_no_gaps", column="rank", where=SOME, keeps="n_rank_gaps = 0",
             severity="critical", reason="Ranks are 1, 2, 3, ... in every list."),
        Keep(rule=f"{of}tracks_are_different", column="track_id", where=SOME,
             keeps="n_different = n_tracks", severity="critical", reason="No track twice in a list."),
        Keep(rule=f"{of}artist_cap", column="artist", where=MADE,
             keeps=f"n_of_one_artist <= {artist_cap}", observed="n_of_one_artist", severity="critical",
             reason="A collaboration counts for each of its artists."),
        Keep(rule=f"{of}tracks_are_known", column="track_id", where=MADE, keeps="n_unknown = 0",
             severity="critical", reason="A track outside the catalog cannot be played."),
        Keep(rule=f"{of}nothing_explicit_unasked", column="track_id", where=MADE,
             keeps="n_unwanted = 0", severity="critical",
             reason="Who wants nothing explicit gets nothing that is marked so."),
        Keep(rule=f"{of}scores_are_finite", column="score", where=SOME, keeps="n_not_finite = 0",
             severity="critical", reason="NaN sorts above everything: the order would be noise."),
        Keep(rule=f"every_{of}track_has_a_reason", column="reason", where=SOME,
             keeps="n_without_reason = 0", severity="critical",
             reason="A listener is told why each track is there."),
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
