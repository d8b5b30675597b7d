"""A full disk is one sentence with the folder, what is free there and the setting that moves it."""

import errno
import os
import shutil
import subprocess
from datetime import date
from pathlib import Path
from types import SimpleNamespace

import pytest

from jobs import disk
from jobs.cli import main as nocturne
from jobs.disk import DiskFullError, disk_full, full_disk_named, places
from jobs.errors import FAILURE
from jobs.stage import main
from jobs.store.folder import FolderStore


def full(path: str | None = None) -> OSError:
    return OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), path)


@pytest.mark.parametrize(
    ("error", "place"),
    [
        (lambda s: full(f"{s.lake.root}/listens/x.parquet"), ("lake", "NOCTURNE__LAKE__ROOT")),
        (lambda s: full(f"{s.store.root}/ledger/x"), ("store", "NOCTURNE__STORE__ROOT")),
        (lambda s: full(f"{s.home}/logs/x"), ("home", "NOCTURNE__HOME")),
        # Below the home folder, and closer.
        (lambda s: full(f"{s.home}/spark/scratch/b"), ("scratch", "NOCTURNE__SPARK__SCRATCH_DIR")),
        (lambda s: OSError(errno.EDQUOT, "x", f"{s.home}/x"), ("home", "NOCTURNE__HOME")),
        (lambda s: RuntimeError(f"{s.lake.root}/x: No space left on device (os error 28)"),
         ("lake", "NOCTURNE__LAKE__ROOT")),
    ],
)  # fmt: skip
def test_the_folder_that_the_error_names_is_told(settings, error, place):
    told = str(disk_full(error(settings), settings))
    what, setting = place
    folder = next(str(one.folder) for one in places(settings) if one.what == what)
    assert told.startswith(f"no space is left in {folder} ({what}): ")
    assert f" MB are free now; free some or set {setting} to a folder on a larger disk" in told
    assert "\n" not in told


def test_where_no_folder_is_named_it_is_the_one_with_the_least_space(settings, monkeypatch):
    free = {"lake": 5_242_880, "store": 524_288}
    for name in free:
        Path(getattr(settings, name).root).mkdir()
    monkeypatch.setattr(
        shutil, "disk_usage", lambda path: SimpleNamespace(free=free.get(Path(path).name, 9_437_184))
    )
    java = RuntimeError("org.apache.spark.SparkException: java.io.IOException: No space left on device")
    told = str(disk_full(java, settings))
    assert told.startswith(f"no space is left in {settings.store.root} (store): 0.5 MB are free now")


def test_a_disk_that_is_none_of_ours_is_not_claimed_to_be_one(settings, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=2048 * disk.MB))
    told = str(disk_full(RuntimeError("put: No space left on device\nat java.io"), settings))
    assert told.startswith(
        "no space is left, where the error does not say (put: No space left on device)"
    )
    assert f"{settings.lake.root} 2,048 MB" in told and "\n" not in told


def test_an_error_that_came_of_a_full_disk_is_one_and_another_is_not(settings):
    with pytest.raises(DiskFullError) as caught, full_disk_named(settings):
        try:
            raise full()
        except OSError as error:
            raise ValueError("could not write") from error
    with pytest.raises(DiskFullError), full_disk_named(settings):
        try:
            raise full()
        except OSError:
            raise ValueError("could not write")  # noqa: B904 - an error met while another is told
    with pytest.raises(DiskFullError) as again, full_disk_named(settings):
        raise caught.value
    assert again.value is caught.value
    other = PermissionError(errno.EACCES, "Permission denied", settings.lake.root)
    assert disk_full(other, settings) is None
    with pytest.raises(PermissionError), full_disk_named(settings):
        raise other


@pytest.fixture
def environment(settings, monkeypatch):
    monkeypatch.setenv("NOCTURNE__HOME", settings.home)
    monkeypatch.setenv("NOCTURNE__LAKE__ROOT", settings.lake.root)
    monkeypatch.setenv("NOCTURNE__STORE__ROOT", settings.store.root)


def run(stage, name: str = "ingest") -> int:
    return main(name, stage, ["--window-start", "2026-06-28", "--window-end", "2026-06-29"])


def test_a_stage_on_a_full_disk_ends_with_the_sentence_and_may_be_tried_again(
    settings, environment, capsys, caplog
):
    def stage(night):
        raise full(f"{settings.lake.root}/listens")

    assert run(stage) == FAILURE
    said = capsys.readouterr().err
    assert said.startswith(f"ingest: no space is left in {settings.lake.root} (lake): ")
    assert said.count("\n") == 1 and "Traceback" not in said + caplog.text
    summary = FolderStore(settings.store.root).get("ledger/2026-06-28/ingest.json")
    assert b"no space is left in" in summary


def test_a_full_store_hides_neither_the_stages_own_error_nor_itself(
    settings, environment, capsys, caplog, monkeypatch
):
    def put(self, key, *_):
        raise full(f"{settings.store.root}/{key}")

    def wrong(night):
        raise DiskFullError("its own sentence")

    monkeypatch.setattr(FolderStore, "put", put)
    assert (run(lambda night: None), run(wrong)) == (FAILURE, FAILURE)
    first, second = capsys.readouterr().err.splitlines()
    assert first.startswith(f"ingest: no space is left in {settings.store.root} (store): ")
    assert second == "ingest: its own sentence"
    assert "left no summary of its failure" in caplog.text and "Traceback" not in caplog.text


def test_the_command_line_says_it_too(settings, environment, capsys, monkeypatch):
    def app():
        raise full(f"{settings.home}/logs")

    monkeypatch.setattr("jobs.cli.app", app)
    with pytest.raises(SystemExit) as stopped:
        nocturne()
    assert stopped.value.code == FAILURE
    assert capsys.readouterr().err.startswith(f"nocturne: no space is left in {settings.home} (home): ")


@pytest.fixture
def small_disk(tmp_path):
    """A disk of one megabyte; skips where none may be mounted."""
    folder = tmp_path / "small"
    folder.mkdir()
    mount = shutil.which("mount")
    made = mount and subprocess.run(
        [mount, "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)], capture_output=True, check=False
    )
    if not made or made.returncode:
        pytest.skip("no file system may be mounted here")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_disk_that_is_really_full(settings, small_disk):
    store = FolderStore(str(small_disk))
    roots = settings.model_copy(
        update={"store": settings.store.model_copy(update={"root": str(small_disk)})}
    )
    said = rf"no space is left in {small_disk} \(store\): [01]\.\d MB"
    with pytest.raises(DiskFullError, match=said), full_disk_named(roots):
        store.put("whole/x", b"x" * 2 * disk.MB)


def test_a_table_on_a_full_disk(settings, small_disk):
    from jobs.lake.arrow import replace

    lake = settings.lake.model_copy(update={"root": str(small_disk)})
    rows = [
        {"landed_on": date(2026, 6, 28), "source": os.urandom(40_000).hex(), "feature": str(n), "bin": 0,
         "n_plays": 1, "files": "f"}
        for n in range(40)
    ]  # fmt: skip
    roots = settings.model_copy(update={"lake": lake})
    with (
        pytest.raises(DiskFullError, match=r"\(lake\): [01]\.\d MB are free now"),
        full_disk_named(roots),
    ):
        replace(roots, "landed_plays", rows, "true")
