"""What must be true of the files of a night, and of how many listeners they set aside. A row of the
batch is a landed file (``jobs.validate.inputs.files``) or the night (``….set_aside``).

A producer's file is what everybody's list rests on: a fault of it stops the night. A listener's own
costs that listener tonight's new list, and nobody else anything.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from great_expectations import ExpectationSuite

# One row in a hundred is a careless client; the night is still a night.
WORRYING_SHARE = 0.01
# One row in five means that a format has changed: what came through is no fair sample.
MAX_QUARANTINED_SHARE = 0.2
# Fewer rows prove nothing of a producer: its small files of a kind are judged together.
SMALL_FILE = 100
# What became of a landed file, in landing_files.status. Forgotten ones stay out until delivered again.
INGESTED, REFUSED, FORGOTTEN = "ingested", "refused", "forgotten"
# Rules of ingestion that say more of a file than that a row is bad: nothing tells whose it is; rows that
# tell a kept play again are in the quarantine to be looked at, and nothing is wrong with them.
UNKNOWN_LISTENER, SAME_PLAY = "listener unknown", "same play"
# Formats in which a service hands a listener their own history, and archives of it. Of those that know
# tracks by their names alone, Last.fm-1K is not: it is a thousand listeners' at once.
HANDED_OUT = frozenset(
    {
        *("zip", "spotify", "spotify_account", "listenbrainz", "player_log"),
        *("lastfm", "lastfm_uts", "lastfm_timestamp", "lastfm_dates", "lastfm_json"),
    }
)
# Faults of a file, for which it stops the night or its listener is set aside.
FILE_REFUSED, ROWS_QUARANTINED = "file refused", "rows quarantined"


def too_many_quarantined(n_quarantined: int, n_read: int) -> bool:
    """Return whether so many of a file's rows are quarantined that the others are no fair sample; one
    row proves nothing."""
    return n_quarantined > 1 and n_quarantined > MAX_QUARANTINED_SHARE * n_read


def suite() -> "ExpectationSuite":
    """Return the expectations for landed files; ``fault`` is FILE_REFUSED, ROWS_QUARANTINED or null."""
    from great_expectations import ExpectationSuite

    from expectations.row_expectation import ExpectRowsToKeep as Keep

    too_many = {"predicate": f"rows_quarantined <= 1 or <= {MAX_QUARANTINED_SHARE} * rows_read"}
    return ExpectationSuite("landing_files", expectations=[
        Keep(rule="shared_files_were_read", column="status", where="NOT own", unit="files",
             keeps=f"NOT fault <=> '{FILE_REFUSED}'", observed="told", severity="critical",
             meta={"predicate": "no file of many listeners is refused"},
             reason="A file refused as a whole is part of the night that nobody has seen. If it is one "
                    "listener's, move it into a folder user=<id>/; if it is no log, take it away."),
        Keep(rule="few_rows_quarantined", column="rows_quarantined", where="NOT own", unit="files",
             keeps=f"NOT fault <=> '{ROWS_QUARANTINED}'", observed="told", severity="critical",
             meta=too_many, reason="One row in five: a producer changed its format."),
        Keep(rule="own_files_are_usable", column="listener", where="own", keeps="fault IS NULL",
             observed="told", unit="files", severity="warning",
             meta={"predicate": f"not refused; {too_many['predicate']}"},
             reason="Its listener is set aside: the list of their last night stays."),
        Keep(rule="rows_are_accounted_for", column="rows_read", observed="counts", unit="files",
             keeps="n_read = n_accepted + n_quarantined + n_duplicate", severity="critical",
             reason="No row of a file is lost on the way."),
        Keep(rule="hardly_any_row_quarantined", column="rows_quarantined", where="n_read > 0",
             keeps=f"n_quarantined <= {WORRYING_SHARE} * n_read", observed="counts", unit="files",
             severity="warning", reason="One row in a hundred: look at the quarantine."),
    ])  # fmt: skip


def set_aside_suite() -> "ExpectationSuite":
    """Return the expectation for the night's listeners who are set aside."""
    from great_expectations import ExpectationSuite

    from expectations.row_expectation import ExpectRowsToKeep as Keep

    return ExpectationSuite("set_aside", expectations=[
        Keep(rule="few_listeners_are_set_aside", column="user_id", keeps="n_set_aside <= n_allowed",
             observed="told", unit="", severity="critical",
             reason="So many uploads do not go wrong by themselves: a service changed its export, or "
                    "ingestion is at fault. NOCTURNE__GATES__SET_ASIDE_SHARE and …_FEW "
                    "say how many may."),
    ])  # fmt: skip
