"""Whether the night's plays are like those before. A row of the batch is the population stability index
of one feature of what was played, of all sources or of one (``jobs.validate.inputs.drift``)."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from great_expectations import ExpectationSuite

# The rule of thumb of credit scoring, where the index comes from: 0.1 is a shift, 0.25 a large one. Over
# a quiet week of 20,000 plays a night it stayed under 0.01, and within sources of 2,700 under 0.06.
MAX_PSI = 0.2

# Bins of equal width over (low, high), ends included in the outermost: fixed, so that the numbers of any
# two nights can be compared.
BINS: dict[str, tuple[float, float, int]] = {
    **dict.fromkeys(
        ("danceability", "energy", "speechiness", "acousticness", "instrumentalness", "liveness",
         "valence"), (0, 1, 10)),
    "key": (-1, 12, 13),
    "loudness": (-30, 0, 10),
    "mode": (0, 2, 2),
    "tempo": (60, 200, 10),
    "duration_ms": (60_000, 480_000, 10),
    "time_signature": (0, 8, 8),
}  # fmt: skip
SOURCE_MIX = "source"


def suite() -> "ExpectationSuite":
    """Expectations for the night's drift; with too few plays there is none to judge (psi is null)."""
    from great_expectations import ExpectationSuite

    from expectations.row_expectation import ExpectRowsToKeep as Keep

    return ExpectationSuite("drift", expectations=[
        Keep(rule=rule, column=column, where=f"feature = '{column}' AND {scope}", observed="sentence",
             keeps=f"psi <= {MAX_PSI}", unit="", severity="warning", reason=reason)
        for rule, scope, columns, reason in (
            ("no_drift", "source IS NULL", (*BINS, SOURCE_MIX),
             "What is played has changed: a fashion, a producer's new scale, or a lost source."),
            ("no_drift_in_a_source", "source IS NOT NULL", tuple(BINS),
             "What is played in one source has changed."),
        )
        for column in columns
    ])  # fmt: skip
