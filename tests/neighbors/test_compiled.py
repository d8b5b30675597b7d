import os
from pathlib import Path

import pytest

from jobs.neighbors import compiled


@pytest.fixture
def temporary(tmp_path, monkeypatch):
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(compiled.tempfile, "tempdir", str(folder))
    return folder


def test_compiled_code_lives_in_the_users_cache(tmp_path, monkeypatch, temporary):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    assert Path(compiled._cache_folder()).parent == tmp_path / "cache" / "nocturne" / "numba"


def test_without_a_users_cache_it_lives_in_a_temporary_folder(tmp_path, monkeypatch, temporary):
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    folder = Path(compiled._cache_folder())
    assert folder.parent.parent == temporary / f"nocturne-{os.getuid()}"
    assert compiled._cache_folder() == str(folder)


def test_code_from_somebody_elses_folder_is_not_run(tmp_path, monkeypatch, temporary):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(compiled.os, "getuid", lambda: 4711)
    folder = Path(compiled._cache_folder())
    assert folder.parent == temporary
    assert folder.name != "nocturne-4711"
    assert folder.stat().st_mode & 0o077 == 0
