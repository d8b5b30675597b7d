"""What the night's neighbors must be (the facts: ``jobs.validate.playlists.per_listener``)."""

from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from great_expectations import ExpectationSuite

# Both sides of a pair come from the same sums; more than the last bits apart is another computation.
TOLERANCE = 1e-9
# Half of the listeners of a small town share too little with anyone; fewer means ratings went missing.
MIN_SHARE_WITH_NEIGHBORS = 0.5


def suite(*, k: int, k_dissimilar: int, min_overlap: int) -> "ExpectationSuite":
    """Expectations for neighbors found so; a row is a listener (``neighbors_per_listener``)."""
    from great_expectations import ExpectationSuite

    from expectations.row_expectation import ExpectRowsToKeep

    Keep = partial(ExpectRowsToKeep, unit="listeners", who="user_id")  # noqa: N806
    some = "n_neighbors > 0"
    return ExpectationSuite("neighbors", expectations=[
        Keep(rule="pearson_is_a_correlation", column="pearson", where=some, keeps="n_no_correlation = 0",
             severity="critical", reason="A coefficient is a number from -1 to 1."),
        Keep(rule="similarity_is_finite", column="similarity", where=some, keeps="n_not_finite = 0",
             severity="critical", reason="Predictions are weighted by it."),
        Keep(rule="enough_in_common", column="n_common", where=some,
             keeps=f"least_common >= {min_overlap}", observed="-least_common", severity="critical",
             reason=f"With fewer than {min_overlap} tracks in common a correlation says nothing."),
        Keep(rule="nobody_is_their_own_neighbor", column="neighbor_id", where=some, keeps="n_self = 0",
             severity="critical", reason="Their own ratings would be recommended back to them."),
        Keep(rule="neighbors_are_different", column="neighbor_id", where=some,
             keeps="n_different = n_neighbors", severity="critical",
             reason="A neighbor listed twice counts twice."),
        Keep(rule="at_most_k_similar", column="band", where=some, keeps=f"n_similar <= {k}",
             observed="n_similar", severity="critical", reason=f"At most {k} most similar and similar."),
        Keep(rule="at_most_k_dissimilar", column="band", where=some,
             keeps=f"n_dissimilar <= {k_dissimilar}", observed="n_dissimilar", severity="critical",
             reason=f"At most {k_dissimilar} dissimilar."),
        Keep(rule="bands_are_known", column="band", where=some, keeps="n_unknown_bands = 0",
             severity="critical", reason="most_similar, similar and dissimilar are the bands."),
        Keep(rule="ranks_have_no_gaps", column="rank", where=some, keeps="n_rank_gaps = 0",
             severity="critical", reason="A gap is a neighbor that was lost on the way."),
        Keep(rule="listeners_have_neighbors", keeps=some, max_share=1 - MIN_SHARE_WITH_NEIGHBORS,
             severity="warning", reason="Without neighbors a list rests on the tracks alone."),
    ])  # fmt: skip


def pairs_suite() -> "ExpectationSuite":
    """Expectations for pairs of neighbors; a row is a pair (``differences_per_pair``)."""
    from great_expectations import ExpectationSuite

    from expectations.row_expectation import ExpectRowsToKeep

    pair = "first_id || ' and ' || second_id"
    Keep = partial(ExpectRowsToKeep, unit="pairs", who=pair)  # noqa: N806
    return ExpectationSuite("neighbor_pairs", expectations=[
        Keep(rule="pairs_agree", column="pearson", keeps=f"pearson <= {TOLERANCE}", observed="pearson",
             severity="critical", reason="Both listeners of a pair see the same coefficient."),
        Keep(rule="pairs_agree", column="n_common", keeps="n_common = 0", observed="n_common",
             severity="critical", reason="Both listeners of a pair have the same tracks in common."),
    ])  # fmt: skip
