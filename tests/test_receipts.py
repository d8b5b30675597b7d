"""Which nights are whole, and of what."""

from datetime import date, timedelta
from types import SimpleNamespace

import pytest

from jobs.receipts import (
    forget_receipt,
    leave_receipt,
    lists_made,
    made_of,
    outdate,
    outdated_by,
    read_receipt,
    settings_digest,
    settle,
)
from jobs.settings import (
    AirflowSettings,
    IngestSettings,
    S3Settings,
    SparkSettings,
    StoreSettings,
    TownSettings,
)
from jobs.stages import STAGES
from jobs.window import Window
from tests.store.recording import RecordingStore

NIGHT = date(2026, 6, 28)
DAY = timedelta(days=1)
WINDOW = Window.night(NIGHT)


def landed(name, day, fingerprint="f"):
    return SimpleNamespace(name=name, fingerprint=fingerprint, landed_on=day)


def records(settings, without=(), failed=()):
    details = {"ingest": {"made_of": made_of(settings, [landed("a", NIGHT)], NIGHT)}}
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


def test_a_night_made_without_an_earlier_ones_lists_is_not_whole_until_its_lists_are_made_again(
    settings,
):
    store = RecordingStore()
    for n in (0, 1):
        leave_receipt(store, NIGHT + n * DAY, {"settings": "s", "files": "f"})
    outdate(store, NIGHT, NIGHT - DAY)
    assert store.objects["outdated/2026-06-28/2026-06-27.json"] == b'{"made_without": "2026-06-27"}'
    assert [read_receipt(store, NIGHT + n * DAY) is None for n in (0, 1)] == [True, False]
    # It was under way, and the earlier one has overtaken it.
    settle(store, WINDOW, settings, records(settings))
    assert read_receipt(store, NIGHT) is None

    lists_made(store, NIGHT)
    settle(store, WINDOW, settings, records(settings))
    assert read_receipt(store, NIGHT) is not None


def test_who_was_made_without_which_is_remembered_one_by_one():
    store, nights = RecordingStore(), [NIGHT, NIGHT + DAY, NIGHT + 2 * DAY]
    for later, earlier in ((nights[0], NIGHT - DAY), (nights[2], NIGHT - DAY), (nights[2], NIGHT)):
        outdate(store, later, earlier)
    assert outdated_by(store, NIGHT - DAY, nights) == [nights[0], nights[2]]
    assert outdated_by(store, NIGHT, nights) == [nights[2]]
    lists_made(store, nights[2])
    assert outdated_by(store, NIGHT - DAY, nights) == [nights[0]]


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


@pytest.mark.parametrize(
    "change",
    [
        {"home": "/x"}, {"town": TownSettings(nights=3)}, {"spark": SparkSettings(master="yarn")},
        {"airflow": AirflowSettings(port=9000)}, {"s3": S3Settings(region="x")}, {"fork_stages": False},
    ],
    ids=lambda change: next(iter(change)),
)  # fmt: skip
def test_where_and_how_a_night_is_run_is_not_of_its_receipt(settings, change):
    assert settings_digest(settings.model_copy(update=change)) == settings_digest(settings)


def test_settings_in_another_order_are_the_same(settings):
    one, other = (
        settings.model_copy(update={"ingest": IngestSettings(sources=dict(pairs))})
        for pairs in ([("x", "lastfm"), ("y", "spotify")], [("y", "spotify"), ("x", "lastfm")])
    )
    assert settings_digest(one) == settings_digest(other)


@pytest.mark.parametrize("body", [b"{", b"[]", b"null", b'{"inputs": "of an earlier release"}'])
def test_a_receipt_that_says_nothing_is_none(body):
    store = RecordingStore()
    store.objects[f"receipts/{NIGHT}.json"] = body
    assert read_receipt(store, NIGHT) is None
