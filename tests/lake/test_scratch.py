"""What dead Java machines left is removed; what belongs to a living one never is."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from jobs.lake import scratch
from jobs.lake.scratch import leftovers, remove_leftovers, scratch_folders, scratch_setting, size
from jobs.lake.session import spark_options


@pytest.fixture
def folder(settings, monkeypatch) -> Path:
    monkeypatch.delenv("SPARK_LOCAL_DIRS", raising=False)
    found = Path(settings.home, "spark", "scratch")
    (found / "blockmgr-1" / "0c").mkdir(parents=True)
    (found / "blockmgr-1" / "0c" / "shuffle").write_bytes(b"x" * 1_000)
    (found / "spark.lock").write_bytes(b"x" * 10)
    return found


def since_then(folder: Path) -> float:
    """A moment after all that is in the folder was made."""
    return max(path.lstat().st_ctime for path in folder.rglob("*")) + 0.001


def test_spark_spills_into_a_folder_of_our_own_unless_a_person_has_named_one(settings, monkeypatch):
    monkeypatch.delenv("SPARK_LOCAL_DIRS", raising=False)
    ours = Path(settings.home, "spark", "scratch")
    assert scratch_folders(settings) == [ours]
    assert spark_options(settings)["spark.local.dir"] == str(ours)
    spark = settings.spark.model_copy(update={"scratch_dir": "/fast/disk"})
    assert scratch_folders(settings.model_copy(update={"spark": spark})) == [Path("/fast/disk")]
    assert scratch_setting() == "NOCTURNE__SPARK__SCRATCH_DIR"
    monkeypatch.setenv("SPARK_LOCAL_DIRS", "/a,/b")
    assert scratch_folders(settings) == [Path("/a"), Path("/b")]
    assert scratch_setting() == "SPARK_LOCAL_DIRS"


def test_with_no_java_machine_everything_is_left_over(settings, folder, monkeypatch):
    monkeypatch.setattr(scratch, "_starts_of_java", lambda: [])
    assert leftovers(folder) == [folder / "blockmgr-1", folder / "spark.lock"]
    assert remove_leftovers(settings) == 1_010
    assert list(folder.iterdir()) == []
    assert remove_leftovers(settings) == 0


def test_what_was_made_since_the_oldest_java_machine_began_may_be_its(settings, folder, monkeypatch):
    later = since_then(folder)
    monkeypatch.setattr(scratch, "_starts_of_java", lambda: [later, 0.0])
    assert leftovers(folder) == [] and remove_leftovers(settings) == 0
    monkeypatch.setattr(scratch, "_starts_of_java", lambda: [later, later + 5])
    assert len(leftovers(folder)) == 2


def test_in_a_folder_that_a_person_has_named_nothing_is_removed(settings, folder, monkeypatch):
    monkeypatch.setattr(scratch, "_starts_of_java", lambda: [])
    monkeypatch.setenv("SPARK_LOCAL_DIRS", str(folder))
    assert remove_leftovers(settings) == 0 and len(list(folder.iterdir())) == 2


def test_a_link_is_removed_and_not_what_it_leads_to(settings, folder, tmp_path, monkeypatch):
    monkeypatch.setattr(scratch, "_starts_of_java", lambda: [])
    (tmp_path / "music").mkdir()
    (tmp_path / "music" / "song").write_bytes(b"x" * 5_000)
    (folder / "link").symlink_to(tmp_path / "music")
    assert size(folder / "link") == 0
    remove_leftovers(settings)
    assert (tmp_path / "music" / "song").exists()


def test_only_java_machines_are_asked_since_when_they_run(monkeypatch):
    running = [("python", 3.0), ("java", 5.0), ("javac", 1.0), ("java", 2.0)]
    found = [SimpleNamespace(info={"name": name, "create_time": at}) for name, at in running]
    monkeypatch.setattr(scratch.psutil, "process_iter", lambda attributes: found)
    assert scratch._starts_of_java() == [5.0, 2.0]


def test_a_folder_that_is_not_there_holds_nothing(tmp_path):
    assert leftovers(tmp_path / "none") == []


@pytest.mark.spark
def test_a_java_machine_that_runs_is_seen(spark):
    assert scratch._starts_of_java()
    assert all(start > 0 for start in scratch._starts_of_java())
