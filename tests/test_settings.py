from pathlib import Path

import pytest

from jobs.errors import UsageError
from jobs.settings import load_settings


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
        ("NOCTURNE__NEIGHBORS__KK", "5", r"NOCTURNE__NEIGHBORS__KK: .*not permitted"),
        ("NOCTURNE__RECOMMEND__SUPPORT", "all", r"NOCTURNE__RECOMMEND__SUPPORT: .*not permitted"),
        ("NOCTURNE__SEED", "many", r"NOCTURNE__SEED: .*integer"),
    ],
)
def test_a_wrong_setting_is_named_with_its_rule(monkeypatch, name, value, said):
    monkeypatch.setenv(name, value)
    with pytest.raises(UsageError, match=said):
        load_settings()
