"""Whether the night is all there. A row of the batch is the night's plays, or those of one source
(``jobs.validate.inputs.volume``)."""

from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from great_expectations import ExpectationSuite

# z is of logarithms, with a spread of 8 % or more (10 % across weekdays): 6 of them are a night with
# less than 0.62 (0.55) or more than 1.6 (1.8) times the usual plays. A holiday is not; half a dump is.
FAR = 6.0
UNUSUAL = 3.0
# A source with fewer plays a night may well have none for once.
MIN_SOURCE_PLAYS = 20


def suite() -> "ExpectationSuite":
    """Expectations for the night's volumes; one without enough history is not judged (z is null)."""
    from great_expectations import ExpectationSuite

    from expectations.row_expectation import ExpectRowsToKeep

    Keep = partial(ExpectRowsToKeep, unit="")  # noqa: N806
    night, source = "scope = 'night'", "scope = 'source'"
    return ExpectationSuite("completeness", expectations=[
        Keep(rule="volume_is_not_far_off", where=night, keeps=f"abs(z) < {FAR}", observed="sentence",
             severity="critical", reason="Of what was heard that night, so far off is half a dump, or "
                                         "a dump and a half."),
        Keep(rule="volume_is_usual", where=night, keeps=f"abs(z) < {UNUSUAL}", observed="sentence",
             severity="warning", reason="Worth a look before listeners notice."),
        Keep(rule="every_source_is_there", column="source", where=source, observed="sentence",
             keeps=f"n_plays > 0 OR typical < {MIN_SOURCE_PLAYS}", severity="critical",
             reason="Whoever listens there would be recommended to as if they had stopped."),
        Keep(rule="sources_are_usual", column="source", where=source, keeps=f"abs(z) < {FAR}",
             observed="sentence", severity="warning",
             reason="A producer sends less, or more, than before."),
    ])  # fmt: skip
