"""Whose a landed file is, and which ones are at fault."""

import pytest

from jobs.validate.inputs.files import JudgedFile, RuleCount, is_handed_in, is_own, judged, landing_files
from jobs.window import DAY, Window
from tests.validate.rows import NIGHT, landing_file, write

REFUSED = {"rows_read": 0, "rows_accepted": 0, "status": "refused", "reason": "malformed file: cut off"}
OWN = {"listener": "ann", "landing_file": f"listens/date={NIGHT}/user=ann/x.csv"}


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
    status = "refused" if reason else "ingested"
    file = {"kind": kind, "listener": listener, "landing_file": name, "reason": reason}
    assert is_own(file | {"status": status, "source": "native"}) is own


@pytest.mark.parametrize(
    ("source", "status", "own"),
    [
        # What a service hands out to a listener, in no folder of theirs, and refused.
        ("lastfm_uts", "refused", True),
        ("spotify", "refused", True),
        ("zip", "refused", True),
        # Of many listeners: read as such, or in a format that is of many.
        ("listenbrainz", "ingested", False),
        ("lastfm_1k", "refused", False),
        ("triplets", "refused", False),
        ("native", "refused", False),
    ],
)
def test_a_refused_log_in_a_services_own_format_is_one_listeners(source, status, own):
    file = landing_file("listens", 0, source=source, status=status, reason="damaged file: zlib")
    assert is_own(file) is own
    stops = [judgement.own for judgement in judged([file], {}, ()) if judgement.fault]
    assert stops == ([own] if status == "refused" else [])


@pytest.mark.parametrize(
    ("changes", "handed_in"),
    [
        (OWN, True),
        ({"listener": "ann", "source": "spotify"}, True),
        # The feed of a quiet night: one listener alone was heard.
        ({"listener": "ann"}, False),
        ({"source": "listenbrainz"}, False),
    ],
)
def test_what_a_listener_hands_in_is_told_by_its_folder_or_its_format(changes, handed_in):
    assert is_handed_in(landing_file("listens", 9, **changes)) is handed_in


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


def test_a_file_of_many_listeners_is_nobodys():
    feed = landing_file("tracks", 0, listener="ann", landing_file="tracks/a", **REFUSED)
    (file,) = judged([feed], {}, ())
    assert (file.own, file.told) == (False, "tracks/a: malformed file: cut off")


def test_files_of_later_nights_are_not_known(settings):
    write(settings, "landing_files", [
        landing_file("listens", 1, day=day) for day in (NIGHT - DAY, NIGHT, NIGHT + DAY)
    ])  # fmt: skip
    assert [row["landed_on"] for row in landing_files(settings, Window.night(NIGHT))] == [
        NIGHT - DAY,
        NIGHT,
    ]
