import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from models import compiled


@pytest.fixture
def temporary(tmp_path, monkeypatch):
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(compiled.tempfile, "tempdir", str(folder))
    return folder


def test_compiled_code_lives_in_the_users_cache(tmp_path, monkeypatch, temporary):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    assert Path(compiled._cache_folder()) == tmp_path / "cache" / "nocturne" / "numba"
    assert (tmp_path / "cache" / "nocturne").stat().st_mode & 0o077 == 0


def test_without_a_users_cache_it_lives_in_a_temporary_folder(tmp_path, monkeypatch, temporary):
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    folder = Path(compiled._cache_folder())
    assert folder.parent == temporary / f"nocturne-{os.getuid()}"
    assert compiled._cache_folder() == str(folder)


def test_code_from_somebody_elses_folder_is_not_run(tmp_path, monkeypatch, temporary):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(compiled.os, "getuid", lambda: 4711)
    folder = Path(compiled._cache_folder())
    assert folder.parent == temporary
    assert folder.name != "nocturne-4711"
    assert folder.stat().st_mode & 0o077 == 0


def test_a_copy_of_the_package_elsewhere_compiles_nothing(tmp_path):
    """The whole package, copied to two places as two clones have it, with one cache of the user."""
    root = Path(compiled.__file__).parents[1]
    hits = []
    for clone in ("first", "second"):
        for package in ("jobs", "models"):
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(root / package, tmp_path / clone / package, ignore=ignored)
        code = (
            "import jobs.neighbors, pathlib\n"
            "source = pathlib.Path(jobs.neighbors.__file__).with_name('probe.py')\n"
            "source.write_text('from models.compiled import compiled\\n@compiled\\n"
            "def double(x):\\n    return 2 * x\\n')\n"
            "from jobs.neighbors.probe import double\n"
            "assert double(21) == 42\n"
            "print(sum(double.stats.cache_hits.values()))\n"
        )
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True,
            cwd=tmp_path / clone, env=os.environ | {
                "PYTHONPATH": str(tmp_path / clone), "XDG_CACHE_HOME": str(tmp_path / "cache"),
            },
        )  # fmt: skip
        hits.append(int(done.stdout))
    assert hits == [0, 1]
