"""Every expectation of landing files is tripped by one landing that breaks only it."""

from functools import partial

import pytest

from expectations import landing_files
from jobs.validate.inputs.files import kinds_of_files
from jobs.validate.inputs.stage import FILES, as_arrow
from jobs.validate.runner import SuiteRun, check, open_context
from jobs.window import Window
from tests.validate.rows import NIGHT, landing_file

REFUSED = landing_file("listens", 0, status="refused", reason="truncated gzip")


@pytest.mark.spark
@pytest.mark.parametrize(
    ("file", "expected"),
    [
        (landing_file("tracks", 100, 1), {}),
        (landing_file("tracks", 0), {}),
        (landing_file("tracks", 100, 20), {"hardly_any_row_quarantined": "warning"}),
        (
            landing_file("tracks", 100, 21),
            {"few_rows_quarantined": "critical", "hardly_any_row_quarantined": "warning"},
        ),
        (landing_file("feedback", 9, rows_accepted=8), {"rows_are_accounted_for": "critical"}),
        (REFUSED, {"every_file_was_read": "critical"}),
    ],
)
def test_a_wrong_landing_breaks_one_expectation(spark, tmp_path, file, expected):
    files = kinds_of_files([landing_file("listens", 10), file])
    rows = spark.createDataFrame(as_arrow(files, FILES))
    suite = partial(landing_files.suite, ("listens", "tracks", "feedback"))
    found = check(open_context(tmp_path), SuiteRun("landing_files", rows, suite), Window.night(NIGHT))
    assert {f.expectation: f.severity for f in found if not f.success} == expected


def test_files_are_counted_by_kind_and_the_refused_are_named():
    (one,) = kinds_of_files([landing_file("listens", 1_000, 3), REFUSED])
    assert (one.kind, one.n_files, one.n_refused) == ("listens", 2, 1)
    assert one.refused == f"{REFUSED['landing_file']}: truncated gzip"
    assert one.counts == "1,000 read, 997 accepted, 3 quarantined, 0 duplicate"
