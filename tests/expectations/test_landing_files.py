"""Every expectation of landing files is tripped by one file that breaks only it."""

import pytest

from expectations import landing_files
from jobs.validate.inputs.files import JudgedFile, RuleCount, is_own, judged
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
    ("kind", "listener", "name", "reason", "own"),
    [
        ("listens", "ann", "a.csv", None, True),
        ("listens", None, "a.csv", None, False),
        ("listens", None, "a.csv", "listener unknown: nothing says who", True),
        ("listens", None, "a.csv", "malformed file: listener unknown", False),
        # A day on which one listener alone had a word in the service's feed.
        ("feedback", "ann", "feedback/date=2026-06-28/a.jsonl", None, False),
        ("feedback", "ann", "feedback/date=2026-06-28/user=ann/a.jsonl", None, True),
        ("feedback", None, "feedback/date=2026-06-28/user=ann/a.jsonl", None, False),
        ("tracks", "ann", "tracks/date=2026-06-28/user=ann/a.jsonl", None, False),
    ],
)
def test_whose_a_file_is(kind, listener, name, reason, own):
    file = {"kind": kind, "listener": listener, "landing_file": name, "reason": reason}
    assert is_own(file) is own


def one(*files, accepted=()) -> list[tuple[str, str | None]]:
    return [(file.landing_file, file.fault) for file in judged(files, {}, accepted)]


def small(name: str, n_read: int, n_bad: int, kind: str = "listens") -> dict:
    return landing_file(kind, n_read, n_bad, landing_file=name)


@pytest.mark.parametrize(
    ("files", "faulty"),
    [
        # One row proves nothing; two of ten are a fifth, three are more.
        ([small("a", 2, 1)], []),
        ([small("a", 10, 2)], []),
        ([small("a", 10, 3), small("b", 5, 0)], []),
        ([small("a", 10, 3), small("b", 4, 0)], ["a"]),
        # Together 4 of 16; of another kind, or a file large enough to be judged by itself, nothing.
        ([small("a", 8, 2), small("b", 8, 2)], ["a", "b"]),
        ([small("a", 10, 3), small("b", 50, 0, "tracks")], ["a"]),
        ([small("a", 10, 3), small("b", 100, 0)], ["a"]),
        ([small("a", 99, 0), small("b", 100, 21)], ["b"]),
        # Of one listener's file nothing is made good by others, and nothing bad.
        ([small("a", 10, 3) | {"listener": "ann"}, small("b", 90, 0)], ["a"]),
        ([small("a", 10, 9) | {"listener": "ann"}, small("b", 10, 1)], ["a"]),
        ([small("a", 3, 1) | {"listener": "ann"}], []),
    ],
)
def test_small_files_of_a_feed_are_judged_together_and_a_listeners_own_alone(files, faulty):
    assert [name for name, fault in one(*files) if fault] == faulty


def test_a_file_that_a_person_accepts_has_no_fault():
    file = landing_file("listens", 100, 90, **OWN)
    assert one(file) == [(OWN["landing_file"], "rows quarantined")]
    assert one(file, accepted=["listens/*/user=bob/*"]) == one(file)
    assert one(file, accepted=["tracks/*", "listens/*/user=ann/*"]) == [(OWN["landing_file"], None)]


def test_faulty_files_are_told_with_rule_listener_and_number():
    ann = landing_file("listens", 1_000, 300, **OWN)
    shared = [landing_file("listens", 0, landing_file=f"listens/{n}", **REFUSED) for n in range(5)]
    rules = {OWN["landing_file"]: [RuleCount("old", 299, "is old"), RuleCount("new", 1, "is new")]}
    first, *rest = judged([*shared, ann], rules, ())[::-1]
    assert first == JudgedFile(
        OWN["landing_file"], "ann", True, 1_000, 700, 300, 0, "rows quarantined",
        f"{OWN['landing_file']}: 300 of 1,000 rows quarantined, 299 by 'old', 1 by 'new' (of ann)",
        f"{OWN['landing_file']}: 1,000 read, 700 accepted, 300 quarantined, 0 duplicate",
    )  # fmt: skip
    assert {file.told for file in rest} == {
        "listens/0: malformed file: cut off; listens/1: malformed file: cut off; "
        "listens/2: malformed file: cut off; and 2 more"
    }
