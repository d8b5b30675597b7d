from datetime import date

import pytest

from jobs.errors import NocturneError
from jobs.ingest.frames import balanced
from jobs.ingest.landing import LandedFile
from jobs.ingest.landing_files import FileCount, enter, ingested_files, pending
from jobs.ingest.report import (
    late_plays,
    made_nights,
    matched_shares,
    night_counts,
    stale_nights,
    still_missing,
)
from jobs.window import Window

D26, D27, D28, D29 = (date(2026, 6, day) for day in (26, 27, 28, 29))


def file(name="a", day=D28, fingerprint="1", kind="listens", size=1) -> LandedFile:
    return LandedFile(f"{kind}/date={day}/{name}", kind, day, size, fingerprint)


def done(*files: LandedFile, duplicate=0, quarantined=0, status="ingested", **more) -> dict:
    return {
        f.name: {"fingerprint": f.fingerprint, "kind": f.kind, "rows_duplicate": duplicate,
                 "rows_quarantined": quarantined, "status": status, **more}
        for f in files
    }  # fmt: skip


def test_new_and_changed_files_are_pending():
    files = [file("new"), file("same"), file("changed", fingerprint="2")]
    known = done(file("same"), file("changed"))
    assert [f.name[-7:] for f in pending(files, known, D27, D29)] == ["-28/new", "changed"]


def test_only_the_lookback_is_pending():
    files = [file(day=day) for day in (D26, D27, D28, D29)]
    assert [f.landed_on for f in pending(files, {}, D27, D29)] == [D27, D28]


def test_a_corrected_file_takes_along_those_that_yielded_to_others():
    corrected, repeated, other = file("x", fingerprint="2"), file("y"), file("z")
    known = done(file("x"), other) | done(repeated, duplicate=1)
    assert pending([corrected, repeated, other], known, D27, D29) == [corrected, repeated]


def test_files_are_taken_along_by_the_files_that_they_yielded_to():
    x, other = file("x"), file("other")
    yielded = done(file("y", D29), yielded_to=[x.name]) | done(file("z"), yielded_to=[other.name])
    known = done(x) | yielded | done(file("f"), yielded_to=[x.name], status="forgotten")
    files = [file("x", fingerprint="2"), file("y", D29), file("z"), file("f")]
    assert [f.name[-1] for f in pending(files, known, D27, D29)] == ["x", "y"]
    # The same where the file is gone.
    assert [f.name[-1] for f in pending(files[1:], known, D27, D29, [x.name])] == ["y"]


def test_a_file_is_taken_along_whose_rows_another_had_completed():
    x, y = file("x"), file("y")
    known = done(x, rows_retold=2, yielded_to=[y.name]) | done(y, yielded_to=[])
    assert pending([y], known, D27, D29, [x.name]) == [y]


def test_a_catalog_that_comes_late_or_goes_takes_along_what_is_matched_to_it():
    logs = [file("log", day) for day in (D26, D27, D28)]
    known = {
        f.name: done(f, source="lastfm", landed_on=f.landed_on)[f.name]
        for f in (*logs, file("forgotten"), file("app"))
    }
    known[file("app").name]["source"] = "native"
    known[file("forgotten").name]["status"] = "forgotten"
    catalog = file("catalog", D27, kind="tracks")
    landed = [catalog, *logs, file("forgotten"), file("app")]
    assert pending(landed, known, D26, D29) == [catalog, *logs[1:]]
    of_catalog = done(catalog, landed_on=D27)
    assert pending(landed, known | of_catalog, D26, D29) == []
    assert pending(landed[1:], known | of_catalog, D26, D29, [catalog.name]) == logs[1:]
    # Features decide no id, nor does a catalog that is newer than the logs.
    for other in (file("catalog", D27, kind="audio_features"), file("catalog", D29, kind="tracks")):
        assert pending([other, *logs], known, D26, date(2026, 6, 30)) == [other]


def test_a_new_file_takes_none_along():
    assert pending([file("x"), file("y")], done(file("y"), duplicate=1), D27, D29) == [file("x")]


@pytest.mark.parametrize("lost", [{"n_accepted": 1}, {"n_quarantined": 3}, {"n_read": 6}])
def test_rows_that_do_not_add_up_are_an_error(lost):
    counts = {"n_read": 5, "n_accepted": 2, "n_quarantined": 2, "n_duplicate": 1}
    FileCount(file(), **counts).check()
    with pytest.raises(NocturneError, match="rows read, but"):
        FileCount(file(), **(counts | lost)).check()


def test_the_table_keeps_the_last_entry_of_each_file(settings):
    enter(settings, [FileCount(file("o'clock")), FileCount(file("b", day=D27))])
    enter(settings, [FileCount(file("o'clock"), n_read=3, n_accepted=3)])
    rows = ingested_files(settings, D27, D29)
    assert {name: row["rows_read"] for name, row in rows.items()} == {
        file("o'clock").name: 3, file("b", day=D27).name: 0,
    }  # fmt: skip
    assert list(ingested_files(settings, D28, D29)) == [file("o'clock").name]


def test_an_empty_lake_has_no_entries(settings):
    assert ingested_files(settings, D27, D29) == {}


def test_counts_of_a_night():
    rows = [FileCount(file(), n_read=3, n_accepted=2, n_duplicate=1).row() for _ in range(2)]
    counts = night_counts(rows)
    assert counts["listens"] == {"files": 2, "read": 6, "accepted": 4, "quarantined": 0, "duplicate": 2}
    assert counts["tracks"] == {"files": 0, "read": 0, "accepted": 0, "quarantined": 0, "duplicate": 0}


def test_the_share_of_names_that_were_found():
    counts = [FileCount(file("a"), n_named=4, n_matched=3), FileCount(file("b"))]
    assert matched_shares(counts) == {file("a").name: {"rows": 4, "matched": 3, "share": 0.75}}


def test_late_plays_by_the_day_they_were_heard():
    counts = [FileCount(file("a")), FileCount(file("b", day=D27)), FileCount(file("c"), rule="x")]
    plays = {(f.file.name, day): 2 for f in counts for day in (D26, D27, D28)}
    assert late_plays(plays, counts) == {D26: 4, D27: 2}


def test_nights_made_before_their_files_came_are_stale():
    stale = stale_nights([D27], [], {}, [D26, D27, D28, D29], Window.night(D29))
    assert list(stale) == [D27, D28]
    assert stale[D27].endswith("nocturne night --date 2026-06-27")


def test_a_late_play_is_told_of_its_night_but_changes_nothing():
    stale = stale_nights([D28], [], {D26: 3, D27: 1}, [D26], Window.night(D28))
    assert stale == {D26: "3 of its plays landed later and count from 2026-06-28 on"}


def test_nights_made_are_those_with_a_summary():
    keys = [
        "ledger/2026-06-26/ingest.json",
        "ledger/2026-06-27/publish.json",
        "ledger/2026-06-28/ingest.json",
    ]
    assert made_nights(keys) == [D26, D28]


def test_nights_made_of_files_that_changed_are_stale_later_ones_too():
    stale = stale_nights([D28], [D27], {}, [D29, D28, D27, D26], Window.night(D27))
    assert {day: why.split(";")[0] for day, why in stale.items()} == {
        D28: "made of files that have changed or gone since",
        D29: "made of files that have changed or gone since",
    }


def test_refused_files_of_earlier_nights_are_told_again():
    refused = [
        FileCount(file(name, day), rule="x", reason="y").row() for name, day in (("a", D27), ("b", D28))
    ]
    sound = FileCount(file("c", D27)).row()
    assert still_missing([*refused, sound], Window.night(D28)) == {file("a", D27).name: "x: y"}


def test_a_file_says_what_became_of_its_rows():
    count = FileCount(file("a"), n_duplicate=7, n_retold=4, n_too_old=1200, notes=["2 left out"])
    assert count.row()["notes"][1] == "3 rows are there already, as they are"
    count.yielded_to.update({f"f{n}": 1 for n in range(5)})
    assert count.row()["notes"] == [
        "2 left out",
        "3 rows are there already, as they are (in f0, f1, f2 and 2 more)",
        "4 rows tell again of plays that are there (in f0, f1, f2 and 2 more): "
        'see nocturne quarantine show --rule "same play"',
        "1,200 plays are older than the lookback: heard, but in no rating",
    ]


def test_work_is_spread_by_size():
    work = [(file(str(size), size=size), None) for size in (1, 9, 5, 5)]
    groups = balanced(work, 2)
    assert [[item.size for item, _ in group] for group in groups] == [[9, 1], [5, 5]]
    assert balanced(work[:1], 4) == [work[:1]]
