"""Audio features: the 13 numbers of a track, in Spotify's units."""

from typing import TYPE_CHECKING

from expectations.rules import MAX_MS, RowRule, between, given, identifiers, required

if TYPE_CHECKING:
    from great_expectations import ExpectationSuite

# What an analysis writes for a feature that it did not detect. It is no value: tables hold null.
UNDETECTED = {"key": -1, "tempo": 0, "time_signature": 0}

# Closed intervals. Masters can exceed 0 dB. What was not detected is null as it is ingested; tables of
# before hold it as -1 or 0.
RANGES: dict[str, tuple[float, float, str]] = {
    "danceability": (0, 1, "0 to 1"),
    "energy": (0, 1, "0 to 1"),
    "key": (-1, 11, "a pitch class, 0 to 11, or -1 (not detected)"),
    "loudness": (-100, 20, "-100 to 20 dB"),
    "mode": (0, 1, "0 (minor) or 1 (major)"),
    "speechiness": (0, 1, "0 to 1"),
    "acousticness": (0, 1, "0 to 1"),
    "instrumentalness": (0, 1, "0 to 1"),
    "liveness": (0, 1, "0 to 1"),
    "valence": (0, 1, "0 to 1"),
    "tempo": (0, 1000, "0 (not detected) to 1000 beats a minute"),
    "duration_ms": (1, MAX_MS, "above 0 and at most a day"),
    "time_signature": (0, 16, "0 (not detected) to 16 beats a bar"),
}

RULES: tuple[RowRule, ...] = (
    *required("track_id"),
    *identifiers("track_id"),
    RowRule(
        "missing field: all features",
        tuple(RANGES),
        f"coalesce({', '.join(RANGES)}) IS NOT NULL",
        "the row has a track and no feature at all",
    ),
    *given(*(name for name in RANGES if name not in UNDETECTED)),
    *(
        between(column, low, high, f"{column} is not {allowed}")
        for column, (low, high, allowed) in RANGES.items()
    ),
)


def suite() -> "ExpectationSuite":
    """Expectations for the night's landed audio features."""
    from great_expectations import ExpectationSuite

    from expectations.row_expectation import row_rules

    return ExpectationSuite("audio_features", expectations=row_rules(RULES))
