"""Every expectation of landing files is tripped by one file that breaks only it."""

import pytest

from expectations import landing_files
from jobs.validate.inputs.files import judged
from jobs.validate.inputs.set_aside import AsideCount
from jobs.validate.inputs.stage import ASIDE, FILES, as_arrow
from jobs.validate.runner import SuiteRun, check, open_context
from jobs.window import Window
from tests.validate.rows import NIGHT, landing_file

REFUSED = {"rows_read": 0, "rows_accepted": 0, "status": "refused", "reason": "malformed file: cut off"}
OWN = {"listener": "ann", "landing_file": f"listens/date={NIGHT}/user=ann/x.csv"}


def failures(spark, tmp_path, rows, suite) -> dict[str, str]:
    batch = SuiteRun("landing_files", spark.createDataFrame(rows), suite)
    found = check(open_context(tmp_path), batch, Window.night(NIGHT))
    return {f.expectation: f.severity for f in found if not f.success}


@pytest.mark.spark
@pytest.mark.parametrize(
    ("file", "expected"),
    [
        (landing_file("tracks", 100, 1), {}),
        (landing_file("tracks", 0), {}),
        (landing_file("tracks", 100, 2), {"hardly_any_row_quarantined": "warning"}),
        (landing_file("tracks", 100, 20), {"hardly_any_row_quarantined": "warning"}),
        (
            landing_file("tracks", 100, 21),
            {"few_rows_quarantined": "critical", "hardly_any_row_quarantined": "warning"},
        ),
        (
            landing_file("listens", 100, 21, **OWN),
            {"own_files_are_usable": "warning", "hardly_any_row_quarantined": "warning"},
        ),
        (landing_file("feedback", 9, rows_accepted=8), {"rows_are_accounted_for": "critical"}),
        (landing_file("listens", 0, **REFUSED), {"shared_files_were_read": "critical"}),
        (landing_file("listens", 0, **REFUSED | OWN), {"own_files_are_usable": "warning"}),
    ],
)
def test_a_wrong_file_breaks_one_expectation(spark, tmp_path, file, expected):
    files = judged([landing_file("listens", 10, landing_file="listens/b"), file], {}, ())
    assert failures(spark, tmp_path, as_arrow(files, FILES), landing_files.suite) == expected


@pytest.mark.spark
@pytest.mark.parametrize(("n", "expected"), [(3, {}), (4, {"few_listeners_are_set_aside": "critical"})])
def test_more_listeners_set_aside_than_may_be_stop_the_night(spark, tmp_path, n, expected):
    rows = as_arrow([AsideCount(n, 3, "ann (x.csv: malformed file)")], ASIDE)
    assert failures(spark, tmp_path, rows, landing_files.set_aside_suite) == expected


@pytest.mark.parametrize(
    ("n_quarantined", "n_read", "expected"),
    [(0, 0, False), (1, 1, False), (2, 10, False), (2, 9, True), (20, 100, False), (21, 100, True)],
)
def test_more_than_one_row_in_five_is_too_many_but_one_row_proves_nothing(
    n_quarantined, n_read, expected
):
    assert landing_files.too_many_quarantined(n_quarantined, n_read) is expected


def test_what_is_handed_out_to_a_listener_is_theirs_alone():
    services = {"spotify", "spotify_account", "listenbrainz", "player_log", "lastfm", "lastfm_uts"}
    services |= {"lastfm_timestamp", "lastfm_dates", "lastfm_json"}
    assert services | {"zip"} == landing_files.HANDED_OUT


def test_files_of_a_hundred_rows_are_judged_by_themselves():
    assert landing_files.SMALL_FILE == 100
