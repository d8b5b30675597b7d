"""Whose own upload is at fault is set aside; the others' night goes on."""

from datetime import date

import pytest
from deltalake import write_deltalake

from jobs.errors import BadDataError
from jobs.lake.arrow import open_table, replace_night, table_rows
from jobs.lake.tables import Lake
from jobs.recommend.kept import made_anew, with_kept
from jobs.settings import GateSettings
from jobs.stage import Night
from jobs.validate.inputs.files import RuleCount, broken_rules, judged
from jobs.validate.inputs.set_aside import (
    SetAside,
    count_aside,
    keep_set_aside,
    last_lists,
    sentence,
    set_aside,
)
from jobs.validate.inputs.stage import gate_inputs
from jobs.validate.playlists.stage import gate_playlists
from jobs.window import DAY, Window
from tests.validate.rows import NIGHT, land, landing_file, listen, playlist, table, write

ANNS = f"listens/date={NIGHT}/user=ann/history.pdf"
REFUSED = {"rows_read": 0, "rows_accepted": 0, "status": "refused", "reason": "unknown format: a PDF"}


def refused(
    name: str = ANNS, listener: str | None = "ann", reason: str = "unknown format: a PDF"
) -> dict:
    changes = REFUSED | {"landing_file": name, "listener": listener, "reason": reason}
    return landing_file("listens", 0, **changes)


def entry(name: str, rule: str, line: int | None, reason: str = "why") -> dict:
    return {"landed_on": NIGHT, "landing_file": name, "line": line, "rule": rule, "reason": reason}


def made(settings, night: date, *lists: list[dict]) -> None:
    rows = [row | {"as_of": night} for rows in lists for row in rows]
    replace_night(settings, "playlists", rows, night)


def rows_of(settings) -> list[dict]:
    return table_rows(settings, "set_aside").to_table().to_pylist()


def test_rules_are_counted_by_file_from_the_quarantine(settings):
    write(settings, "listens_quarantine", [
        entry("a", "old", 1, "b"), entry("a", "new", 2), entry("a", "new", 3), entry("b", "old", 1),
        entry("a", "old", 4, "a"), entry("a", "same play", 5), entry("a", "aged", 6),
        entry("c", "old", 1),
    ])  # fmt: skip
    files = [
        landing_file("listens", 9, 5, landing_file="a"), landing_file("tracks", 9, 5, landing_file="b"),
        landing_file("listens", 9, 1, landing_file="c"),
    ]  # fmt: skip
    assert broken_rules(settings, files) == {
        "a": [RuleCount("new", 2, "why"), RuleCount("old", 2, "a"), RuleCount("aged", 1, "why")]
    }


def test_a_rules_rows_are_counted_over_all_parts_of_the_quarantine_with_the_first_reason(settings):
    folder = f"{settings.lake.root}/listens_quarantine"
    for reason in ("b", "a", "c"):
        write_deltalake(
            folder, table("listens_quarantine", [entry("a", "old", 1, reason)]), mode="append"
        )
    files = [landing_file("listens", 9, 5, landing_file="a")]
    assert broken_rules(settings, files) == {"a": [RuleCount("old", 3, "a")]}


def test_what_is_set_aside_is_written_with_the_night_whose_list_stays(settings, night):
    made(settings, NIGHT - DAY, playlist("ann", "t1"))
    rows = [SetAside(who, "a", "old", "why", 1) for who in ("ann", "new", None)]
    stays = [("ann", NIGHT - DAY), ("new", None), (None, None)]
    assert [(row.user_id, row.list_of) for row in keep_set_aside(night, rows)] == stays
    assert [(row["user_id"], row["list_of"]) for row in rows_of(settings)] == stays


def test_a_row_for_each_rule_that_a_listeners_own_file_broke():
    bad = landing_file("listens", 10, 4, landing_file="x.csv", listener="ann")
    files = [bad, refused(), landing_file("listens", 9, 9), landing_file("listens", 3, listener="bob")]
    rules = {
        "x.csv": [RuleCount("old", 3, "is old"), RuleCount("new", 1, "is new")],
        ANNS: [RuleCount("unknown format", 1, "a PDF")],
    }
    assert sorted(set_aside(judged(files, rules, ()), rules), key=lambda row: row.rule) == [
        SetAside("ann", "x.csv", "new", "is new", 1),
        SetAside("ann", "x.csv", "old", "is old", 3),
        SetAside("ann", ANNS, "unknown format", "a PDF", 0),
    ]
    (untold,) = set_aside(judged([bad], {}, ()), {})
    assert (untold.rule, untold.n_rows) == ("rows quarantined", 4)


@pytest.mark.parametrize(
    ("n_aside", "n_listeners", "allowed"),
    # A house of three may lose all: a handful is nobody's coincidence. Of 100 a fifth may go.
    [(3, 3, 5), (5, 5, 5), (6, 20, 5), (6, 29, 5), (6, 30, 6), (21, 100, 20)],
)
def test_a_handful_may_be_set_aside_or_a_share(n_aside, n_listeners, allowed):
    rows = [SetAside(f"u{nth}", "x", "old", "is old", 1) for nth in range(n_aside)]
    asked = []
    count = count_aside([*rows, *rows], GateSettings(), lambda: asked.append(1) or n_listeners)
    assert (count.n_set_aside, count.n_allowed) == (n_aside, allowed)
    assert len(asked) == (n_aside > 5)
    assert count.told.startswith(f"{n_aside} listeners set aside, {allowed} may be: u0 (x: old); u1")


def test_files_of_unknown_listeners_count_one_by_one():
    rows = [SetAside(None, name, "listener unknown", "…", 0) for name in ("a", "b", "a")]
    assert count_aside(rows, GateSettings(), lambda: 0).n_set_aside == 2
    assert sentence(rows[0]).startswith("an unknown listener is set aside for a: listener unknown: …;")


def test_the_newest_earlier_list_stays(settings):
    made(settings, NIGHT - 3 * DAY, playlist("ann", "t1"), playlist("bob", "t1"))
    made(settings, NIGHT - 2 * DAY, playlist("ann", "t2"))
    made(settings, NIGHT, playlist("cid", "t1"), playlist("bob", "t1"))
    made(settings, NIGHT + DAY, playlist("ann", "t3"))
    made(settings, NIGHT - 400 * DAY, playlist("old", "t3"))
    wanted = {"ann": NIGHT - 2 * DAY, "bob": NIGHT - 3 * DAY}
    assert last_lists(settings, {"ann", "bob", "cid", "old"}, NIGHT) == wanted
    assert last_lists(settings, {"ann"}, NIGHT + 2 * DAY) == {"ann": NIGHT + DAY}
    assert last_lists(settings, set(), NIGHT) == {}


def test_a_rerun_replaces_the_night_and_no_other(night):
    keep_set_aside(night, [])
    assert open_table(night.settings, "set_aside") is None
    row = SetAside("ann", "x", "old", "is old", 1)
    keep_set_aside(Night(Window.night(NIGHT - DAY), night.settings), [row])
    keep_set_aside(night, [row, SetAside("bob", "y", "old", "is old", 2)])
    assert len(rows_of(night.settings)) == 3
    keep_set_aside(night, [])
    assert [(row["as_of"], row["user_id"]) for row in rows_of(night.settings)] == [(NIGHT - DAY, "ann")]


@pytest.mark.spark
def test_a_bad_upload_costs_its_listener_tonights_list_and_nobody_else_anything(spark, night, caplog):
    settings = night.settings
    made(settings, NIGHT - DAY, playlist("ann", "t1", "gone"), playlist("bob", "t1", "t2"))
    land(settings, landing_files=[landing_file("listens", 2), landing_file("tracks", 6), refused()])
    write(settings, "listens_quarantine", [entry(ANNS, "unknown format", None, "a PDF")])
    gate_inputs(night)
    (row,) = rows_of(settings)
    assert row == {
        "as_of": NIGHT, "user_id": "ann", "landing_file": ANNS, "rule": "unknown format",
        "reason": "a PDF", "n_rows": 0, "list_of": NIGHT - DAY,
    }  # fmt: skip
    told = f"ann is set aside for {ANNS}: unknown format: a PDF; the list of 2026-06-27 stays"
    assert told in caplog.text and night.summary.details["set_aside"] == [told]
    (warning,) = night.summary.details["warnings"]
    assert f"own_files_are_usable: {ANNS}: unknown format: a PDF (of ann)" in warning

    lake = Lake(spark, settings)
    listeners = spark.createDataFrame([("ann",), ("bob",)], "user_id string")
    assert [r.user_id for r in made_anew(listeners, lake, night).collect()] == ["bob"]
    write_lists = [r | {"as_of": NIGHT} for r in playlist("bob", "t5", "t6")]
    schema = lake.read("playlists").schema
    tonight = spark.createDataFrame([tuple(r.get(n) for n in schema.names) for r in write_lists], schema)
    lake.replace_night(with_kept(tonight, "playlists", lake, night), "playlists_staged", NIGHT)
    lists = lake.read("playlists_staged", NIGHT).orderBy("user_id", "rank").collect()
    assert [(r.user_id, r.rank, r.track_id) for r in lists] == [
        ("ann", 1, "t1"), ("ann", 2, "gone"), ("bob", 1, "t5"), ("bob", 2, "t6"),
    ]  # fmt: skip
    # ann has played t1 since, and "gone" is in no catalog any more: her list was right on its night.
    gate_playlists(Night(night.window, settings))
    replace_night(settings, "set_aside", [], NIGHT)
    with pytest.raises(BadDataError, match="tracks_are_unheard: ann; 1 of 2 listeners"):
        gate_playlists(Night(night.window, settings))


@pytest.mark.spark
def test_more_listeners_than_may_be_stop_the_night_with_their_names(spark, night):
    gates = GateSettings(set_aside_few=1, set_aside_share=0.5)
    settings = night.settings.model_copy(update={"gates": gates})
    files = [landing_file("listens", 2), *(refused(f"user={u}", u) for u in ("ann", "bob"))]
    land(settings, landing_files=files)
    with pytest.raises(BadDataError) as stopped:
        gate_inputs(Night(night.window, settings))
    assert "2 listeners set aside, 1 may be: ann (user=ann: file refused); bob (" in str(stopped.value)
    land(settings, landing_files=files, listens=[listen(str(n), f"u{n}", "t1") for n in range(4)])
    gate_inputs(Night(night.window, settings))
