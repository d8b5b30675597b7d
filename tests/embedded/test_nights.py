from datetime import date
from pathlib import Path

import pytest

from jobs.embedded.nights import Nights, without_gaps, write_town_if_absent
from jobs.errors import UsageError
from jobs.lake.arrow import replace_night
from jobs.settings import TownSettings

D1, D2, D3 = (date(2026, 6, day) for day in (26, 27, 28))


def land(settings, day, text="{}"):
    path = Path(settings.landing.root, "listens", f"date={day}", "part.jsonl")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


@pytest.fixture
def made(settings):
    """Three nights that have landed and are made."""
    for day in (D1, D2, D3):
        land(settings, day)
    row = {"as_of": D3, "user_id": "u", "rank": 1, "track_id": "t", "title": "T", "artist": "A",
           "score": 0.5, "strategy": "exploit", "reason_kind": "neighbors", "reason": "r",
           "evidence": "{}", "model_version": None}  # fmt: skip
    replace_night(settings, "playlists", [row], D3)
    nights = Nights.landed(settings, 3)
    for day in nights.inputs:
        nights.done(day)
    return nights


def test_nights_are_the_last_landed_ones(made, settings):
    assert list(Nights.landed(settings, 2).inputs) == [D2, D3]


def test_more_nights_than_have_landed_are_refused(made, settings):
    with pytest.raises(UsageError, match=r"has 3 nights .* and 4 were asked for: pass --nights 3"):
        Nights.landed(settings, 4)


def test_no_landing_folder_is_said(settings):
    with pytest.raises(UsageError, match="there is no landing folder"):
        Nights.landed(settings, 1)


def test_the_same_inputs_leave_nothing_to_run(made, settings):
    assert Nights.landed(settings, 3).stale() == []


def test_a_changed_file_makes_its_night_and_the_later_ones_stale(made, settings):
    land(settings, D2, '{"corrected": true}')
    assert Nights.landed(settings, 3).stale() == [D2, D3]


def test_a_setting_that_changes_rows_makes_every_night_stale(made, settings):
    changed = settings.model_copy(update={"seed": 7})
    assert Nights.landed(changed, 3).stale() == [D1, D2, D3]


def test_where_a_night_runs_does_not_matter(made, settings):
    spark = settings.spark.model_copy(update={"master": "spark://elsewhere:7077"})
    assert Nights.landed(settings.model_copy(update={"spark": spark}), 3).stale() == []


def test_a_forgotten_night_is_run_again(made, settings):
    made.forget(D3)
    assert Nights.landed(settings, 3).stale() == [D3]


def test_without_tables_every_night_is_run(made, settings, tmp_path):
    lake = settings.lake.model_copy(update={"root": str(tmp_path / "other")})
    assert Nights.landed(settings.model_copy(update={"lake": lake}), 3).stale() == [D1, D2, D3]


def test_days_without_landing_part_the_backfills():
    assert without_gaps([D1, D2, date(2026, 6, 30), date(2026, 7, 1)]) == [
        [D1, D2], [date(2026, 6, 30), date(2026, 7, 1)],
    ]  # fmt: skip
    assert without_gaps([]) == []


def test_a_town_lands_once(settings):
    town = TownSettings(n_listeners=5, n_tracks=40, nights=2)
    settings = settings.model_copy(update={"town": town})
    assert write_town_if_absent(settings)
    assert list(Nights.landed(settings, None).inputs) == [D2, D3]
    assert not write_town_if_absent(settings)
