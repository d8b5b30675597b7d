"""What may be unknown of a night's plays, on both sides of every bound."""

import pytest

from expectations import listens
from jobs.validate.runner import SuiteRun
from tests.expectations.batches import tripped

COLUMNS = """n_rows bigint, broken_rule string, in_file string, known_track boolean,
    fits_track boolean, has_features boolean"""
FINE = (None, None, True, True, True)


def failed(spark, folder, rows):
    return tripped(folder, SuiteRun("listens", spark.createDataFrame(rows, COLUMNS), listens.suite))


@pytest.mark.spark
@pytest.mark.parametrize(
    ("row", "most", "rule"),
    [
        ((None, None, False, None, True), 20, "tracks_are_known"),
        ((None, None, True, False, True), 5, "plays_fit_their_tracks"),
        ((None, None, True, True, False), 50, "tracks_have_features"),
    ],
)
def test_a_share_of_the_plays_may_be_unknown_or_odd_a_larger_one_is_a_warning(
    spark, tmp_path, row, most, rule
):
    assert failed(spark, tmp_path / "at", [(most, *row), (100 - most, *FINE)]) == {}
    beyond = [(most + 1, *row), (99 - most, *FINE)]
    assert failed(spark, tmp_path / "beyond", beyond) == {rule: "warning"}


@pytest.mark.spark
def test_plays_of_tracks_without_a_length_are_no_part_of_those_that_fit(spark, tmp_path):
    rows = [(90, None, None, True, None, True), (9, *FINE), (1, None, None, True, False, True)]
    assert failed(spark, tmp_path, rows) == {"plays_fit_their_tracks": "warning"}


@pytest.mark.spark
def test_a_row_that_breaks_a_rule_and_a_night_without_plays_stop_it(spark, tmp_path):
    rows = [(1, "missing field: user_id", "f", True, True, True), (99, *FINE)]
    assert failed(spark, tmp_path / "bad", rows) == {"missing field: user_id": "critical"}
    nothing = failed(spark, tmp_path / "none", [(0, *FINE)])
    assert nothing == {"expect_column_sum_to_be_between": "critical"}
