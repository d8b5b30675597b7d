"""Plays of landing days are counted once, and again where what they were made of has changed."""

from datetime import timedelta

import pytest

from jobs.lake.arrow import open_table
from jobs.lake.tables import Lake
from jobs.validate.inputs.files import landing_files
from jobs.validate.inputs.landed_plays import ANY, OWN_LOGS, digests, in_bins, landed_plays
from jobs.validate.inputs.volume import by_source, volumes
from jobs.window import DAY, Window
from tests.validate.rows import NIGHT, features, land, landing_file, listen, table

BEFORE = NIGHT - DAY


def test_a_days_digest_is_of_its_plays_and_the_features_known_then():
    files = [
        landing_file("listens", 5, day=BEFORE),
        landing_file("listens", 5),
        landing_file("listens", 0, day=NIGHT - 2 * DAY),
        landing_file("audio_features", 5, day=BEFORE),
        landing_file("audio_features", 5),
    ]

    def changed(nth: int, **changes) -> set:
        other = digests([*files[:nth], files[nth] | changes, *files[nth + 1 :]])
        return {day for day, digest in digests(files).items() if other[day] != digest}

    assert set(digests(files)) == {BEFORE, NIGHT}
    assert digests(files[::-1]) == digests(files)
    assert changed(0, fingerprint="g") == changed(0, rows_accepted=4) == {BEFORE}
    assert changed(3, fingerprint="g") == {BEFORE, NIGHT}
    assert changed(4, fingerprint="g") == {NIGHT}


@pytest.mark.spark
def test_plays_are_counted_by_the_bin_of_their_track(spark):
    plays = [
        listen("1", "ann", "quiet"), listen("2", "bob", "loud"), listen("3", "bob", "nobody knows"),
        listen("4", "ann", "quiet") | {"source": None}, listen("5", "ann", "quiet"),
    ]  # fmt: skip
    tracks = [
        features("quiet") | {"energy": 0.0, "loudness": -70.0, "tempo": 100.0},
        features("loud") | {"energy": 1.0, "loudness": 2.0, "tempo": None, "key": None},
    ]
    rows = in_bins(
        spark.createDataFrame(table("listens", plays)),
        spark.createDataFrame(table("audio_features_history", tracks)),
    ).collect()
    counted = {(row.source, row.feature, row.bin): row.n for row in rows}
    assert {key: n for key, n in counted.items() if key[1] in (ANY, "energy", "loudness", "mode")} == {
        ("app", ANY, 0): 4, ("(none)", ANY, 0): 1,
        ("app", "energy", 0): 2, ("app", "energy", 9): 1, ("(none)", "energy", 0): 1,
        ("app", "loudness", 0): 2, ("app", "loudness", 9): 1, ("(none)", "loudness", 0): 1,
        ("app", "mode", 1): 3, ("(none)", "mode", 1): 1,
    }  # fmt: skip
    assert counted["app", "tempo", 0] == counted["app", "key", 0] == 1  # not detected


@pytest.mark.spark
def test_a_day_is_counted_once_and_again_when_its_files_change(spark, night):
    lake = Lake(spark, night.settings)

    def counts(*listens: dict, window: Window = night.window) -> dict:
        land(night.settings, listens=list(listens))
        return by_source(landed_plays(lake, landing_files(night.settings, window), window))

    before, tonight = listen("1", "ann", "t1", BEFORE), listen("2", "ann", "t1")
    assert counts(before, window=Window.night(BEFORE)) == {BEFORE: {"app": 1}}
    assert counts(before, tonight) == {BEFORE: {"app": 1}, NIGHT: {"app": 1}}
    version = open_table(night.settings, "landed_plays").version()
    assert version == 1
    assert counts(before, tonight, window=Window.night(BEFORE)) == {BEFORE: {"app": 1}}
    assert counts(before, tonight) == {BEFORE: {"app": 1}, NIGHT: {"app": 1}}
    assert open_table(night.settings, "landed_plays").version() == version
    late = listen("3", "bob", "t2", BEFORE) | {"source": "tv"}
    assert counts(before, tonight, late) == {BEFORE: {"app": 1, "tv": 1}, NIGHT: {"app": 1}}
    # Heard two days before it landed: of no night. The day before it: a log of the day, next morning.
    early = listen("5", "bob", "t2") | {"listened_on": NIGHT - 2 * DAY}
    morning = listen("6", "bob", "t2") | {"listened_on": BEFORE}
    assert counts(before, tonight, morning, early) == {BEFORE: {"app": 1}, NIGHT: {"app": 2}}
    old = listen("4", "ann", "t1", NIGHT - timedelta(days=57))
    assert counts(old, tonight) == {NIGHT: {"app": 1}}


@pytest.mark.spark
def test_what_listeners_hand_in_is_one_source_whatever_it_says(spark, night):
    lake, folder = Lake(spark, night.settings), f"listens/date={NIGHT}"
    names = [f"{folder}/a.jsonl", f"{folder}/user=ann/h.json", f"{folder}/x.csv"]
    plays = [listen(str(n), "ann", "t1") | {"landing_file": name} for n, name in enumerate(names)]
    land(night.settings, listens=plays)
    files = [
        landing_file("listens", 1, landing_file=name, **changes)
        for name, changes in zip(
            names, [{"listener": "ann"}, {"listener": "ann"}, {"listener": "ann", "source": "lastfm"}],
            strict=True,
        )
    ]  # fmt: skip
    counted = by_source(landed_plays(lake, files, night.window))
    assert counted == {NIGHT: {"app": 1, OWN_LOGS: 2}}


@pytest.mark.spark
def test_a_decade_handed_in_at_once_changes_no_count_of_a_night(spark, night):
    lake = Lake(spark, night.settings)
    usual = [listen(f"{nth}", f"u{nth}", "t1", NIGHT - nth % 3 * DAY) for nth in range(30)]
    decade = [
        listen(f"d{nth}", "vera", "t1") | {"listened_on": NIGHT - timedelta(days=2 + nth * 7)}
        for nth in range(500)
    ]

    def counts(listens: list[dict]) -> dict:
        land(night.settings, listens=listens)
        files = landing_files(night.settings, night.window)
        return landed_plays(lake, files, night.window)

    alone = counts(usual)
    assert counts([*usual, *decade]) == alone
    assert volumes(by_source(alone), NIGHT)[0].n_plays == 10


@pytest.mark.spark
def test_a_day_of_which_nothing_was_heard_on_time_is_counted_once(spark, night):
    lake = Lake(spark, night.settings)
    late = listen("1", "vera", "t1") | {"listened_on": NIGHT - timedelta(days=9)}
    land(night.settings, listens=[late])
    files = landing_files(night.settings, night.window)
    for _ in range(2):
        assert by_source(landed_plays(lake, files, night.window)) == {NIGHT: {}}
    assert open_table(night.settings, "landed_plays").version() == 0
