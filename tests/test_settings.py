import os
from pathlib import Path
from typing import get_args

import pytest

from jobs.errors import UsageError
from jobs.settings import SourceName, load_settings, read_settings
from jobs.settings_text import PAGE, page
from models.candidates.sources import SOURCES


def test_roots_that_are_not_said_are_folders_of_the_home(monkeypatch, tmp_path):
    monkeypatch.setenv("NOCTURNE__HOME", str(tmp_path))
    monkeypatch.setenv("NOCTURNE__LAKE__ROOT", "s3://bucket/lake/")
    settings = load_settings()
    assert settings.landing.root == str(tmp_path / "landing")
    assert settings.store.root == str(tmp_path / "store")
    assert settings.lake.root == "s3://bucket/lake"


def test_a_relative_root_is_meant_from_here(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NOCTURNE__STORE__ROOT", "out")
    assert load_settings().store.root == str(Path(tmp_path, "out"))


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("NOCTURNE__NEIGHBORS__K", "0", r"NOCTURNE__NEIGHBORS__K: .*greater than 0"),
        ("NOCTURNE__NEIGHBORS__KK", "5", r"__KK is no setting; the nearest is NOCTURNE__NEIGHBORS__K "),
        ("NOCTURNE__NEIGHBOURS__K", "5", r"nearest is NOCTURNE__NEIGHBORS__K \(`nocturne settings`"),
        ("NOCTURNE__HOMES", "x", r"NOCTURNE__HOMES is no setting; the nearest is NOCTURNE__HOME "),
        ("nocturne__sead", "1", r"NOCTURNE__SEAD is no setting; the nearest is NOCTURNE__SEED "),
        (
            "NOCTURNE__RESPONSES__DAYS",
            "15",
            r"RESPONSES: .*DAYS is 15.*set NOCTURNE__RESPONSES__DAYS to 14",
        ),
        ("NOCTURNE__SEED", "many", r"NOCTURNE__SEED: .*integer"),
    ],
)
def test_a_wrong_setting_is_named_with_its_rule(monkeypatch, name, value, said):
    monkeypatch.setenv(name, value)
    with pytest.raises(UsageError, match=said):
        load_settings()


def test_the_settings_name_every_source_of_candidates():
    assert get_args(SourceName) == tuple(SOURCES)


@pytest.fixture
def here(monkeypatch, tmp_path):
    """A folder in which nothing is set."""
    for name in [name for name in os.environ if name.startswith("NOCTURNE__")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_each_landing_gets_a_home_of_its_own(here, monkeypatch):
    town = load_settings()
    assert (town.home, town.landing.root) == (f"{here}/.nocturne", f"{here}/.nocturne/landing")
    homes = []
    for landing in ("my logs", "other/my logs", "s3://bucket/my logs"):
        monkeypatch.setenv("NOCTURNE__LANDING__ROOT", landing)
        mine = load_settings()
        homes.append(mine.home)
        assert mine.home.startswith(f"{here}/.nocturne/homes/my-logs-")
        assert (mine.lake.root, mine.store.root) == (f"{mine.home}/lake", f"{mine.home}/store")
    assert len(set(homes)) == 3
    monkeypatch.setenv("NOCTURNE__LANDING__ROOT", f"{here}/my logs/")
    assert load_settings().home == homes[0]


def test_the_towns_landing_named_is_the_towns_home(here, monkeypatch):
    monkeypatch.setenv("NOCTURNE__LANDING__ROOT", ".nocturne/landing")
    assert load_settings().home == f"{here}/.nocturne"


def test_a_home_that_is_said_is_taken(here, monkeypatch):
    monkeypatch.setenv("NOCTURNE__LANDING__ROOT", "mine")
    monkeypatch.setenv("NOCTURNE__HOME", "house")
    settings = load_settings()
    assert (settings.home, settings.lake.root) == (f"{here}/house", f"{here}/house/lake")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("NOCTURNE__INGEST", '{"id_days": 2}'),
        ("NOCTURNE__INGEST__SOURCES__X", "lastfm"),
        ("NOCTURNE__INGEST__ARCHIVES__MB", "9"),
        ("nocturne__seed", "3"),
        ("NOCTURNE_SHARED", "elsewhere"),
    ],
)
def test_what_is_a_setting_by_another_spelling_is_taken(here, monkeypatch, name, value):
    monkeypatch.setenv(name, value)
    load_settings()


def test_defaults_are_those_that_the_documentation_tells():
    """Nobody changes a night by another default without saying so."""
    assert PAGE.read_text() == page()


def test_what_a_file_sets_is_not_left_in_the_environment(tmp_path, monkeypatch):
    monkeypatch.delenv("NOCTURNE__SEED", raising=False)
    file = tmp_path / "settings.env"
    file.write_text("NOCTURNE__SEED=5\n")
    before = dict(os.environ)
    assert read_settings(file).seed == 5
    assert dict(os.environ) == before
