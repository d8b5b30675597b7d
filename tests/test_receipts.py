"""Which nights are whole, and of what."""

from datetime import date, timedelta
from types import SimpleNamespace

import pytest

from jobs.receipts import forget_receipt, leave_receipt, made_of, read_receipt, settings_digest, settle
from jobs.settings import SparkSettings, StoreSettings
from jobs.stages import STAGES
from jobs.window import Window
from tests.store.recording import RecordingStore

NIGHT = date(2026, 6, 28)
DAY = timedelta(days=1)
WINDOW = Window.night(NIGHT)


def landed(name, day, fingerprint="f"):
    return SimpleNamespace(name=name, fingerprint=fingerprint, landed_on=day)


def records(settings, without=(), failed=(), again=()):
    details = {
        "ingest": {"made_of": made_of(settings, [landed("a", NIGHT)], NIGHT)},
        "gate_playlists": {"to_make_again": [str(day) for day in again]},
    }
    return [
        {
            "stage": spec.name,
            "details": details.get(spec.name, {}),
            "error": "no" if spec.name in failed else None,
        }
        for spec in STAGES
        if spec.name not in without
    ]


def test_a_whole_night_leaves_what_it_was_made_of(settings):
    store = RecordingStore()
    settle(store, WINDOW, settings, records(settings))
    assert read_receipt(store, NIGHT) == made_of(settings, [landed("a", NIGHT)], NIGHT)
    forget_receipt(store, NIGHT)
    assert read_receipt(store, NIGHT) is None


@pytest.mark.parametrize("spec", STAGES, ids=lambda spec: spec.name)
@pytest.mark.parametrize("how", ["without", "failed"])
def test_a_night_that_is_not_whole_loses_the_receipt_of_its_last_time(settings, spec, how):
    store = RecordingStore()
    settle(store, WINDOW, settings, records(settings))
    settle(store, WINDOW, settings, records(settings, **{how: (spec.name,)}))
    assert read_receipt(store, NIGHT) is None


def test_a_night_continued_with_other_settings_than_it_was_begun_with_is_not_whole(settings):
    store = RecordingStore()
    begun = records(settings.model_copy(update={"seed": 1}))
    settle(store, WINDOW, settings, begun)
    assert read_receipt(store, NIGHT) is None


def test_a_window_of_two_days_is_no_night(settings):
    store = RecordingStore()
    settle(store, Window(NIGHT - DAY, NIGHT + DAY), settings, records(settings))
    assert read_receipt(store, NIGHT) is None


def test_later_nights_that_are_to_be_made_again_are_forgotten_and_no_others(settings):
    store = RecordingStore()
    for n in (1, 2):
        leave_receipt(store, NIGHT + n * DAY, {"settings": "s", "files": "f"})
    settle(store, WINDOW, settings, records(settings, again=[NIGHT + DAY]))
    assert [read_receipt(store, NIGHT + n * DAY) is None for n in range(3)] == [False, True, False]


def test_what_decides_rows_decides_the_receipt(settings):
    first = NIGHT - timedelta(days=settings.lake.lookback_days)
    files = [landed("a", NIGHT), landed("b", NIGHT - DAY)]
    same = made_of(settings, files, NIGHT)
    elsewhere = settings.model_copy(update={"home": "/x", "spark": SparkSettings(master="yarn")})
    assert made_of(elsewhere, [*files, landed("old", first), landed("c", NIGHT + DAY)], NIGHT) == same
    changed = made_of(settings, [landed("a", NIGHT, "g"), files[1]], NIGHT)
    assert changed["settings"] == same["settings"] and changed["files"] != same["files"]
    ids = settings.model_copy(update={"store": StoreSettings(root="x", track_ids="spotify")})
    assert settings_digest(ids) != settings_digest(settings)


@pytest.mark.parametrize("body", [b"{", b"[]", b"null", b'{"inputs": "of an earlier release"}'])
def test_a_receipt_that_says_nothing_is_none(body):
    store = RecordingStore()
    store.objects[f"receipts/{NIGHT}.json"] = body
    assert read_receipt(store, NIGHT) is None
