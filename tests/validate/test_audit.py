"""Write, audit, publish: what ``playlists`` has ever shown has passed its gate."""

import logging
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Event

import pytest
from deltalake import DeltaTable

from jobs.errors import BadDataError
from jobs.lake.arrow import night_rows, replace_night
from jobs.receipts import leave_receipt, lists_made, read_receipt
from jobs.stage import Night
from jobs.validate.playlists import public, stage
from jobs.validate.playlists.public import make_public
from jobs.validate.playlists.stage import gate_playlists
from jobs.window import DAY, Window
from tests.validate.rows import NIGHT, land, playlist

GOOD = [*playlist("ann", "t3", "t4"), *playlist("bob", "t5", "t6")]
BAD = playlist("ann", "t5", "t6")  # and none for bob


def stage_lists(settings, rows, night=NIGHT):
    """Leave what recommend leaves."""
    replace_night(settings, "playlists_staged", [row | {"as_of": night} for row in rows], night)


def tracks_of(rows):
    return sorted((row["user_id"], row["rank"], row["track_id"]) for row in rows)


def shown(settings, version=None):
    """What a reader of the public table sees of the night."""
    return tracks_of(night_rows(settings, "playlists", NIGHT, version).to_table().to_pylist())


@pytest.mark.spark
def test_who_reads_all_night_long_never_sees_a_row_that_has_not_passed(spark, night, monkeypatch):
    settings, over = night.settings, Event()

    def poll():
        seen = [shown(settings)]
        while not over.is_set():
            if (now := shown(settings)) != seen[-1]:
                seen.append(now)
        return seen

    land(settings)
    monkeypatch.setattr(stage, "keep_what_became_of_lists", lambda *_: None)  # Spark has enough to do
    with ThreadPoolExecutor(1) as pool:
        reader = pool.submit(poll)
        try:
            for rows, passes in ((BAD, False), (GOOD, True), (BAD, False)):
                stage_lists(settings, rows)
                if passes:
                    gate_playlists(night)
                    continue
                with pytest.raises(BadDataError, match="every_listener_has_a_list"):
                    gate_playlists(night)
        finally:
            over.set()
    assert [seen for seen in reader.result() if seen not in ([], tracks_of(GOOD))] == []
    # Nor does anybody who polls faster: each gate that passed is one commit, and there are no others.
    newest = DeltaTable(f"{settings.lake.root}/playlists").version()
    states = [shown(settings, version) for version in range(newest + 1)]
    assert [state for state in states if state] == [tracks_of(GOOD)]

    stage_lists(settings, BAD)
    gate_playlists(Night(night.window, settings, "bob has left"))
    assert shown(settings) == tracks_of(BAD)
    assert night.summary.table_versions["playlists"] == newest


def test_what_was_staged_since_the_audit_stays_staged(night):
    stage_lists(night.settings, GOOD)
    stage_lists(night.settings, BAD)
    make_public(night, 0)
    assert shown(night.settings) == tracks_of(GOOD)
    assert night.summary.table_versions["playlists_staged"] == 0


def test_a_night_that_becomes_public_names_later_ones_that_could_not_know_it(night, caplog):
    later = [NIGHT + timedelta(days=age) for age in (1, 14, 15)]
    for day in (NIGHT, *later, NIGHT - DAY):
        stage_lists(night.settings, GOOD, day)
    with caplog.at_level(logging.WARNING, "nocturne"):
        make_public(night, 4)
    assert night.summary.details["to_make_again"] == ["2026-06-29", "2026-07-12"]
    assert "lists of 2026-06-29, 2026-07-12 were made without these" in caplog.text


def test_a_retry_of_a_gate_names_the_later_nights_again_until_they_are_made_again(night, monkeypatch):
    later, store = [NIGHT + DAY, NIGHT + 2 * DAY], night.store
    for day in (NIGHT, *later):
        stage_lists(night.settings, GOOD, day)
    for day in later:
        leave_receipt(store, day, {"settings": "s", "files": "f"})

    def power_cut(*arguments):
        replace_night(*arguments)
        raise SystemExit

    with monkeypatch.context() as cut, pytest.raises(SystemExit):
        cut.setattr(public, "replace_night", power_cut)
        make_public(Night(Window.night(NIGHT), night.settings), 2)
    assert shown(night.settings) == tracks_of(GOOD)
    assert [read_receipt(store, day) for day in later] == [None, None]

    make_public(night, 2)
    assert night.summary.details["to_make_again"] == ["2026-06-29", "2026-06-30"]
    lists_made(store, later[0])
    make_public(night, 2)
    assert night.summary.details["to_make_again"] == ["2026-06-30"]
