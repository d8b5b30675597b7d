"""Which sessions are abandoned: told by locks, without Spark."""

import subprocess
import sys

import pytest

from jobs.embedded.spark_server import abandoned, any_held, is_orphan

HOLDS = """
import sys
from pathlib import Path
from jobs.lake.connect import lock
file = Path(sys.argv[1]).open("a+")
assert lock(file)
file.write("open")
file.flush()
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def holder(tmp_path):
    """Starts a process that holds a session's name."""
    processes = []

    def hold(name):
        process = subprocess.Popen(
            [sys.executable, "-c", HOLDS, str(tmp_path / name)], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        processes.append(process)
        assert process.stdout.readline() == "held\n"
        return process

    yield hold
    for process in processes:
        process.kill()
        process.communicate()


def test_a_session_is_abandoned_once_its_process_is_killed_and_only_once(holder, tmp_path):
    killed, _ = holder("b"), holder("a")
    assert any_held(tmp_path)
    assert list(abandoned(tmp_path)) == []
    killed.kill()
    killed.wait()
    assert list(abandoned(tmp_path)) == ["b"]
    assert list(abandoned(tmp_path)) == []
    assert any_held(tmp_path)


def test_while_an_abandoned_session_is_ended_nobody_can_take_its_name(holder, tmp_path):
    killed = holder("a")
    killed.kill()
    killed.wait()
    found = abandoned(tmp_path)
    assert next(found) == "a"
    second = subprocess.run(
        [sys.executable, "-c", HOLDS, str(tmp_path / "a")], capture_output=True, text=True, check=False
    )
    assert "AssertionError" in second.stderr
    assert list(found) == []
    assert holder("a").poll() is None


def test_nothing_is_held_in_an_empty_folder_or_by_the_dead(holder, tmp_path):
    assert not any_held(tmp_path)
    killed = holder("a")
    killed.kill()
    killed.wait()
    assert not any_held(tmp_path)


def test_a_server_is_an_orphan_once_its_holder_is_killed_or_its_file_is_gone(holder, tmp_path):
    process, file = holder("a"), tmp_path / "a"
    assert not is_orphan(str(file))
    process.kill()
    process.wait()
    assert is_orphan(str(file))
    file.unlink()
    assert is_orphan(str(file))


def test_a_server_that_nobody_holds_is_no_orphan():
    assert not is_orphan(None)
