"""Tracks: what is played, and by whom."""

from typing import TYPE_CHECKING

from expectations.rules import MAX_ID_BYTES, MAX_MS, RowRule, between, given, identifiers, required

if TYPE_CHECKING:
    from great_expectations import ExpectationSuite

MAX_NAME = 2_000

RULES: tuple[RowRule, ...] = (
    *required("track_id", "title", "artist"),
    *given("duration_ms"),
    *identifiers("track_id"),
    RowRule(
        "missing field: artist_ids",
        ("artist_ids",),
        "artist_ids IS NOT NULL AND size(artist_ids) > 0"
        " AND forall(artist_ids, a -> a IS NOT NULL AND trim(a) != '')",
        "artist_ids is missing, empty, or holds a blank",
    ),
    RowRule(
        "malformed: artist_ids",
        ("artist_ids",),
        f"forall(artist_ids, a -> octet_length(a) <= {MAX_ID_BYTES}"
        r" AND NOT a RLIKE '[\\x00-\\x1f\\x7f-\\x9f\\u2028\\u2029]')",
        f"an id of artist_ids has more than {MAX_ID_BYTES} bytes or a control character",
    ),
    RowRule(
        "too long: title or artist",
        ("title", "artist", "album"),
        f"length(title) <= {MAX_NAME} AND length(artist) <= {MAX_NAME}"
        f" AND coalesce(length(album), 0) <= {MAX_NAME}",
        f"title, artist or album has more than {MAX_NAME} characters",
    ),
    RowRule(
        "malformed: release_date",
        ("release_date",),
        "release_date RLIKE '^[0-9]{4}$' OR (release_date RLIKE '^[0-9]{4}-[0-9]{2}$'"
        " AND try_cast(concat(release_date, '-01') AS DATE) IS NOT NULL)"
        " OR (release_date RLIKE '^[0-9]{4}-[0-9]{2}-[0-9]{2}$'"
        " AND try_cast(release_date AS DATE) IS NOT NULL)",
        "release_date is neither YYYY, YYYY-MM nor YYYY-MM-DD",
    ),
    between("duration_ms", 1, MAX_MS, "duration_ms is not above 0 or is above a day"),
)


def suite() -> "ExpectationSuite":
    """Expectations for the night's landed tracks."""
    from great_expectations import ExpectationSuite

    from expectations.row_expectation import row_rules

    return ExpectationSuite("tracks", expectations=row_rules(RULES))
